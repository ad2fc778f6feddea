from datetime import timedelta
from threading import Barrier, Thread

import pytest

from callbridge.gateways import InboundSms
from dispatch.attention import Need
from dispatch.models import CaseState, Inbound, InboundReading, OfferState
from dispatch.replies import Replies
from dispatch.unread import read_left_over
from registry.models import LineKind
from tests.dispatch.register import FAR
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog

SHOP, OTHER, STRANGER = "+8613900000001", "+8613900000002", "+8613800000007"


@pytest.fixture
def case(town: Town) -> str:
    """A case that is being offered by SMS."""
    town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    return number


def answer(town: Town, number: str = SHOP) -> str:
    return town.sms_to(number)[-1]


def test_an_acceptance_is_answered_with_the_door(town: Town, case: str) -> None:
    inbound = town.writes("013900000001", "１。")
    assert (inbound.reading, inbound.offer_id, inbound.needs_operator) == (InboundReading.ACCEPT, 1, False)
    assert town.case(case).state is CaseState.ACCEPTED
    assert len(town.sms_to(SHOP)) == 2
    assert "青石里5栋2单元502" in answer(town)


def test_a_refusal_is_confirmed(town: Town, case: str) -> None:
    assert town.writes(SHOP, "2").reading is InboundReading.DECLINE
    assert "已记下您不接" in answer(town)


def test_the_steps_of_a_visit_are_confirmed(town: Town, case: str) -> None:
    town.writes(SHOP, "1")
    for text, state, words in (
        ("3", CaseState.ON_THE_WAY, "已出发"),
        ("到了", CaseState.ON_SITE, "到门口"),
        ("5", CaseState.SERVED, "已办完"),
    ):
        town.writes(SHOP, text)
        assert town.case(case).state is state
        assert words in answer(town)


def test_a_step_back_or_twice_changes_nothing(town: Town, case: str) -> None:
    town.writes(SHOP, "1")
    town.writes(SHOP, "4")
    for text in ("4", "3"):
        assert town.writes(SHOP, text).reading is InboundReading.REPEATED
        assert "已经记下了" in answer(town)
    assert town.case(case).state is CaseState.ON_SITE


def test_an_acceptance_twice_says_so_once_more(town: Town, case: str) -> None:
    town.writes(SHOP, "1")
    assert town.writes(SHOP, "1").reading is InboundReading.REPEATED
    assert "已经接单了" in answer(town)
    assert town.journal("offer").count("offer.accepted") == 1


def test_the_same_event_of_the_gateway_is_one_sms(town: Town, case: str) -> None:
    for _ in range(3):
        town.writes(SHOP, "2", event="e-1")
    assert len(town.all(Inbound)) == 1
    assert len(town.sms_to(SHOP)) == 2


def test_an_answer_that_comes_too_late_hears_the_truth(town: Town, case: str) -> None:
    town.passes(minutes=6)
    inbound = town.writes(SHOP, "1")
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.TOO_LATE, True), "nobody else has accepted"
    assert "已过回复时间" in answer(town)
    assert town.states(case) == [OfferState.EXPIRED]


@pytest.mark.parametrize("text", ["1", "2", "3", "5"])
def test_an_answer_after_another_accepted_hears_when_the_job_went_there(town: Town, case: str, text: str) -> None:
    town.merchant("同心药房", sms=OTHER, position=FAR)
    town.dispatch(case, merchant_id=2)
    town.send()
    town.clock.move(timedelta(minutes=2))
    town.writes(OTHER, "1")
    town.clock.move(timedelta(minutes=2))
    inbound = town.writes(SHOP, text)
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.TOO_LATE, False)
    assert "这一单09:02已由别的商家接了" in answer(town)
    town.writes(OTHER, "5")
    town.clock.move(timedelta(days=1))
    town.writes(SHOP, text)
    assert "这一单3月2日 09:02已由别的商家接了" in answer(town)


def test_who_declined_and_changes_his_mind_in_time_hears_that_he_declined(town: Town, case: str) -> None:
    town.writes(SHOP, "2")
    assert town.writes(SHOP, "1").reading is InboundReading.TOO_LATE
    assert "您已回复不接" in answer(town)
    assert town.states(case) == [OfferState.DECLINED]


def test_a_refusal_twice_is_confirmed_twice_and_counts_once(town: Town, case: str) -> None:
    town.writes(SHOP, "2")
    assert town.writes(SHOP, "2").reading is InboundReading.REPEATED
    assert town.journal("offer").count("offer.declined") == 1


def test_a_refusal_after_the_acceptance_is_for_the_operator(town: Town, case: str) -> None:
    town.writes(SHOP, "1")
    assert town.writes(SHOP, "2").needs_operator
    assert town.states(case) == [OfferState.ACCEPTED], "only a person decides that"
    assert town.case(case).needs_why == Need.CALL_ME
    assert "我们会给您打电话" in answer(town)


def test_with_several_open_the_code_decides(town: Town, case: str) -> None:
    second = town.open(town.resident("李建国", number="+862367001002"))
    town.dispatch(second)
    town.send()
    codes = [town.newest_offer(number).code for number in (case, second)]
    assert town.writes(SHOP, "1").reading is InboundReading.WHICH
    assert all(code in answer(town) for code in codes)
    assert town.writes(SHOP, f"{codes[1].lower()} 1").reading is InboundReading.ACCEPT
    assert town.case(second).state is CaseState.ACCEPTED
    assert town.case(case).state is CaseState.OFFERING
    assert town.writes(SHOP, "1").reading is InboundReading.ACCEPT, "only one is left"


def test_an_unknown_code_changes_nothing(town: Town, case: str) -> None:
    unknown = "Z9Z9" if town.newest_offer(case).code != "Z9Z9" else "Z8Z8"
    assert town.writes(SHOP, f"{unknown} 1").reading is InboundReading.UNKNOWN_CODE
    assert unknown in answer(town)
    assert town.states(case) == [OfferState.SENT]


def test_the_fifth_wrong_code_brings_in_the_operator_and_further_ones_get_no_answer(town: Town, case: str) -> None:
    wrong = [code for code in (f"Z{figure}Z9" for figure in "23456789") if code != town.newest_offer(case).code]
    for code in wrong[:4]:
        assert not town.writes(SHOP, f"{code} 1").needs_operator
    assert town.writes(SHOP, f"{wrong[4]} 1").needs_operator
    assert "我们会给您打电话" in answer(town)
    assert town.writes(SHOP, f"{wrong[5]} 1").needs_operator
    assert len(town.sms_to(SHOP)) == 1 + 5
    assert town.states(case) == [OfferState.SENT]


def test_wrong_codes_are_forgotten_with_a_right_one_and_after_a_day(town: Town, case: str) -> None:
    for _ in range(4):
        town.writes(SHOP, "Z9Z9 1")
    town.writes(SHOP, "0")  # names no job by itself, but means the one that is open
    assert not town.writes(SHOP, "Z9Z9 1").needs_operator
    for _ in range(3):
        town.writes(SHOP, "Z9Z9 1")
    town.clock.move(timedelta(hours=25))
    assert not town.writes(SHOP, "Z9Z9 1").needs_operator


def test_two_codes_in_one_text_are_for_the_operator(town: Town, case: str) -> None:
    second = town.open(town.resident("李建国", number="+862367001002"))
    town.dispatch(second)
    town.send()
    both = " ".join(town.newest_offer(number).code for number in (case, second))
    inbound = town.writes(SHOP, f"{both} 1")
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.NOT_UNDERSTOOD, True)
    assert town.states(case) + town.states(second) == [OfferState.SENT, OfferState.SENT]


@pytest.mark.parametrize("text", ["", "   ", "👍", "👍👍👍", "\u3000"])
def test_nothing_or_a_picture_is_no_answer(town: Town, case: str, text: str) -> None:
    inbound = town.writes(SHOP, text)
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.NOT_UNDERSTOOD, True)
    assert town.states(case) == [OfferState.SENT]


def test_a_merchant_whose_number_is_a_residents_too_answers_as_the_merchant(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    shopkeeper = town.resident("赵德明", number=SHOP, kind=LineKind.MOBILE)
    number = town.open(shopkeeper)
    town.dispatch(number)
    town.send()
    inbound = town.writes(SHOP, "1")
    assert (inbound.reading, inbound.merchant_id) == (InboundReading.ACCEPT, 1)
    assert town.case(number).state is CaseState.ACCEPTED


def test_an_old_code_hears_what_became_of_it(town: Town, case: str) -> None:
    code = town.newest_offer(case).code
    town.writes(SHOP, "1")
    town.writes(SHOP, "5")
    town.close(case)
    assert town.writes(SHOP, f"{code} 1").reading is InboundReading.TOO_LATE
    assert "已经办完了" in answer(town)


@pytest.mark.parametrize("text", ["好的", "多少钱？", "1个小时后", "\x00\ud800", "[b]1[/b]x", "字" * 5000])
def test_what_is_not_understood_is_shown_and_answered_once(town: Town, case: str, text: str) -> None:
    inbound = town.writes(SHOP, text)
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.NOT_UNDERSTOOD, True)
    assert "没有看懂" in answer(town)
    assert len(town.sms_to(SHOP)) == 2
    assert town.states(case) == [OfferState.SENT]


def test_two_machines_do_not_talk_for_ever(town: Town, case: str) -> None:
    for _ in range(10):
        town.writes(SHOP, "我现在正在开车，稍后回复您。")
    assert len(town.sms_to(SHOP)) == 1 + 3
    town.clock.move(timedelta(hours=2))
    town.writes(SHOP, "好的")
    assert len(town.sms_to(SHOP)) == 1 + 4


def test_the_networks_own_words_get_no_answer(town: Town, case: str) -> None:
    inbound = town.writes(SHOP, "TD")
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.NOT_UNDERSTOOD, True)
    assert len(town.sms_to(SHOP)) == 1


def test_a_stranger_is_shown_and_answered_once(town: Town, case: str) -> None:
    for text in ("1", "你们是谁", "1"):
        inbound = town.writes(STRANGER, text)
        assert (inbound.reading, inbound.merchant_id, inbound.needs_operator) == (InboundReading.STRANGER, None, True)
    assert len(town.sms_to(STRANGER)) == 1
    assert town.states(case) == [OfferState.SENT]


def test_a_service_number_is_never_answered(town: Town, case: str) -> None:
    assert town.writes("106575258192", "您的验证码是1234").reading is InboundReading.STRANGER
    assert town.writes("anonymous", "1").reading is InboundReading.STRANGER
    assert len(town.gateway.taken) == 1


def test_whoever_wants_to_be_called_is_put_before_an_operator(town: Town, case: str) -> None:
    inbound = town.writes(SHOP, "0")
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.CALL_ME, True)
    assert town.case(case).needs_why == Need.CALL_ME
    assert "我们会给您打电话" in answer(town)


def test_a_step_before_the_acceptance_asks_for_it(town: Town, case: str) -> None:
    town.writes(SHOP, "3")
    assert "您还没有接单" in answer(town)
    assert town.states(case) == [OfferState.SENT]


def test_a_merchant_with_nothing_open_hears_so(town: Town) -> None:
    town.merchant("康宁药房", sms=SHOP)
    for text in ("1", "3"):
        assert town.writes(SHOP, text).reading is InboundReading.TOO_LATE
        assert "没有等待回复的单" in answer(town)


def test_an_english_merchant_is_answered_in_english(town: Town) -> None:
    town.merchant("Corner Pharmacy", sms=SHOP, language="en")
    town.dispatch(town.open(town.resident()))
    town.send()
    assert "Reply before 09:05: 1 accept, 2 decline." in answer(town)
    town.writes(SHOP, "ok")
    assert "Not understood" in answer(town)
    town.writes(SHOP, "accept")
    assert "Building 5, Unit 2, Door 502, 青石里" in answer(town)


def test_what_was_stored_and_not_read_is_read_later(town: Town, case: str, error_log: ErrorLog) -> None:
    sms = InboundSms(event_id="e", from_number=SHOP, to_number=None, text="1", received_at=town.clock.now())
    with town.store.writing() as session:
        town.replies.take_in(session, "phone", sms)
    assert read_left_over(town.store, town.replies) == 0
    town.clock.move(timedelta(seconds=6))
    assert read_left_over(town.store, Replies(town.centre_id, town.plan)) == 1
    assert town.case(case).state is CaseState.ACCEPTED


def test_two_who_read_one_sms_at_once_act_once(town: Town, case: str) -> None:
    sms = InboundSms(event_id="e", from_number=SHOP, to_number=None, text="1", received_at=town.clock.now())
    with town.store.writing() as session:
        inbound_id = town.replies.take_in(session, "phone", sms).id or 0
    for _ in range(3):
        with town.store.writing() as session:
            town.replies.read(session, inbound_id)
    town.send()
    assert len(town.sms_to(SHOP)) == 2


def test_a_callback_that_comes_twice_at_once_is_stored_once(town: Town, case: str) -> None:
    sms = InboundSms(event_id="e", from_number=SHOP, to_number=None, text="1", received_at=town.clock.now())
    barrier = Barrier(4)

    def take_in() -> None:
        barrier.wait()
        with town.store.writing() as session:
            town.replies.take_in(session, "phone", sms)

    threads = [Thread(target=take_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(town.all(Inbound)) == 1
