from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from dispatch import cases, choosing, offers
from dispatch.attention import Need
from dispatch.errors import BadValue, Conflict, DispatchError, ForbiddenMove
from dispatch.models import CaseState, DecisionSheet, Offer, OfferState, Turn, Visit, VisitState
from dispatch.wire.cases import Cancel
from dispatch.wire.offers import Dispatch, OfferAnswer, OfferEnd
from registry.models import Channel, MerchantKind
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

FIRST, SECOND, THIRD = "+8613900000001", "+8613900000002", "+8613900000003"


@pytest.fixture
def two(town: Town) -> Town:
    town.merchant("康宁药房", sms=FIRST)
    town.merchant("同心药房", sms=SECOND, position=FAR)
    return town


def end(town: Town, number: str, how: str) -> None:
    offer = town.newest_offer(number)
    with town.store.writing() as session:
        offers.end_offer(session, town.desk, number, offer.id or 0, OfferEnd(expects=offer.state.value, how=how))


def test_candidates_are_kept_with_every_reason(two: Town) -> None:
    two.merchant("惠民超市", sms=THIRD, kind=MerchantKind.PHARMACY, services=("groceries",))
    number = two.open(two.resident())
    with two.store.writing() as session:
        sheet = offers.candidates(session, two.desk, number)
        sheet_id = sheet.id
    told = choosing.told(two.get(DecisionSheet, sheet_id))
    assert [one.merchant.name for one in told.candidates] == ["康宁药房", "同心药房"]
    assert told.candidates[0].distance == 35
    assert [(one.merchant.name, one.reasons[0].key) for one in told.excluded] == [
        ("惠民超市", "reason.contract_does_not_cover_service")
    ]
    assert (told.case_number, told.sheet_id) == (number, sheet_id)


def test_the_first_is_asked_and_a_refusal_moves_on_to_the_next(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.send()
    assert (two.case(number).state, two.case(number).turn) == (CaseState.OFFERING, Turn.MERCHANT)
    two.answer_by_word_of_mouth(number, "decline")
    assert [offer.merchant_id for offer in two.offers(number)] == [1, 2]
    assert two.states(number) == [OfferState.DECLINED, OfferState.PENDING]
    assert two.case(number).state is CaseState.OFFERING


def test_when_nobody_is_left_the_operators_are_told(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.answer_by_word_of_mouth(number, "decline")
    two.answer_by_word_of_mouth(number, "decline")
    case = two.case(number)
    assert (case.state, case.turn, case.needs_why) == (CaseState.OPEN, Turn.OPERATOR, Need.NOBODY_LEFT)


def test_silence_moves_on_when_the_time_is_over(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.send()
    two.passes(minutes=4)
    assert two.states(number) == [OfferState.SENT]
    two.passes(minutes=2)
    assert two.states(number) == [OfferState.EXPIRED, OfferState.PENDING]


def test_who_was_asked_is_not_asked_again_by_itself(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.passes(minutes=6)
    two.passes(minutes=6)
    assert two.states(number) == [OfferState.EXPIRED, OfferState.EXPIRED]
    assert two.case(number).needs_why == Need.NOBODY_LEFT


def test_an_operator_may_ask_one_who_was_silent_or_has_declined(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.passes(minutes=6)
    two.answer_by_word_of_mouth(number, "decline")
    assert two.dispatch(number).merchant_id == 1
    end(two, number, "withdraw")
    with pytest.raises(BadValue):
        two.dispatch(number, merchant_id=4711)
    picked = two.dispatch(number, merchant_id=2)
    assert (picked.merchant_id, picked.by_hand) == (2, True)


def test_picking_another_tells_the_one_who_was_asked_off(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.send()
    two.dispatch(number, merchant_id=2)
    two.send()
    assert two.states(number) == [OfferState.WITHDRAWN, OfferState.SENT]
    assert "不需要您去了" in two.sms_to(FIRST)[-1]


def test_the_order_seen_on_a_sheet_is_the_order_asked(two: Town) -> None:
    resident = two.resident()
    number, other = two.open(resident), two.open(resident)
    with two.store.writing() as session:
        sheet = offers.candidates(session, two.desk, number)
        body = dict(sheet.body)
        sheet.body = body | {"candidates": body["candidates"][::-1]}
        sheet_id = sheet.id
    with pytest.raises(BadValue):
        two.dispatch(other, sheet_id=sheet_id)
    assert two.dispatch(number, sheet_id=sheet_id).merchant_id == 2


def test_a_channel_that_a_merchant_does_not_have_is_not_used(two: Town) -> None:
    two.merchant("电话药房", sms=THIRD, voice=THIRD, position=FAR)
    number = two.open(two.resident())
    offer = two.dispatch(number, channel="voice")
    assert (offer.merchant_id, offer.channel) == (3, Channel.VOICE)


def test_a_case_without_anybody_to_ask_stays_as_it_is(town: Town) -> None:
    number = town.open(town.resident())
    with pytest.raises(Conflict) as nobody:
        town.dispatch(number)
    assert nobody.value.values["needs"] == Need.NOBODY_LEFT
    assert (town.case(number).state, town.case(number).needs_since) == (CaseState.OPEN, None)


def test_an_acceptance_makes_a_visit_and_a_second_one_hears_who_was_first(two: Town) -> None:
    number = two.open(two.resident())
    offer = two.dispatch(number)
    two.answer_by_word_of_mouth(number, "accept")
    assert (two.case(number).state, two.visit(number).state) == (CaseState.ACCEPTED, VisitState.PROMISED)
    with pytest.raises(Conflict) as second, two.store.writing() as session:
        offers.answer_offer(
            session, two.colleague, number, offer.id or 0, OfferAnswer(expects="pending", answer="accept")
        )
    assert (second.value.values["now"], second.value.values["by"]) == (OfferState.ACCEPTED, "康宁药房")
    with pytest.raises(ForbiddenMove):
        two.dispatch(number)


def test_giving_back_asks_the_next_and_revoking_leaves_it_to_the_operator(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.answer_by_word_of_mouth(number, "accept")
    end(two, number, "give_back")
    assert two.states(number) == [OfferState.GIVEN_BACK, OfferState.PENDING]
    two.answer_by_word_of_mouth(number, "accept")
    end(two, number, "revoke")
    two.send()
    case = two.case(number)
    assert two.states(number) == [OfferState.GIVEN_BACK, OfferState.REVOKED]
    assert (case.state, case.turn, case.turn_operator_id) == (CaseState.OPEN, Turn.OPERATOR, two.desk.operator_id)
    assert [visit.state for visit in two.all(Visit)] == [VisitState.CALLED_OFF, VisitState.CALLED_OFF]
    assert "不需要您去了" in two.sms_to(SECOND)[-1]


def test_what_is_not_open_cannot_be_withdrawn(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.answer_by_word_of_mouth(number, "accept")
    with pytest.raises(ForbiddenMove):
        end(two, number, "withdraw")


def test_a_merchant_that_is_full_is_not_asked(town: Town) -> None:
    town.merchant("康宁药房", sms=FIRST, capacity=1)
    resident = town.resident()
    first, second = town.open(resident), town.open(resident)
    town.dispatch(first)
    town.answer_by_word_of_mouth(first, "accept")
    with pytest.raises(Conflict):
        town.dispatch(second)


def test_codes_cannot_be_mistaken(two: Town) -> None:
    resident = two.resident()
    for _ in range(20):
        two.dispatch(two.open(resident))
    codes = [offer.code for offer in two.all(Offer)]
    assert len(set(codes)) == 20
    for code in codes:
        assert len(code) == 4
        assert not set("0O1I") & set(code)
        assert not code.isdigit()
        assert not code.isalpha()


def test_a_code_is_new_at_every_telephone_of_the_merchant_for_ninety_days(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter("A7K2" * 2 + "B8M3" + "A7K2" + "C9N4" + "A7K2")
    monkeypatch.setattr("dispatch.codes.secrets.choice", lambda _: next(drawn))
    shop = town.merchant("康宁药房", sms=FIRST, voice=SECOND)
    branch = town.merchant("康宁二店", sms=FIRST)  # the same owner's telephone
    resident = town.resident()
    assert town.dispatch(town.open(resident), merchant_id=shop).code == "A7K2"
    assert town.dispatch(town.open(resident), merchant_id=shop, channel="voice").code == "B8M3"
    town.clock.move(timedelta(days=89))
    assert town.dispatch(town.open(resident), merchant_id=branch).code == "C9N4"
    town.clock.move(timedelta(days=2))
    assert town.dispatch(town.open(resident), merchant_id=branch).code == "A7K2"


@pytest.mark.parametrize("rivals", [("accept", "expire"), ("accept", "cancel"), ("accept", "accept", "decline")])
def test_of_two_things_at_once_one_happens_and_the_other_is_told(two: Town, rivals: tuple[str, ...]) -> None:
    number = two.open(two.resident())
    offer_id = two.dispatch(number).id or 0
    two.clock.move(timedelta(minutes=6))
    barrier, refused = Barrier(len(rivals)), []

    def act(what: str) -> None:
        barrier.wait()
        try:
            if what == "expire":
                two.passes(seconds=0)
                return
            with two.store.writing() as session:
                if what == "cancel":
                    cases.cancel(session, two.colleague, number, Cancel(expects="offering"))
                else:
                    answer: Any = OfferAnswer(expects="pending", answer=what)
                    offers.answer_offer(session, two.desk, number, offer_id, answer)
        except DispatchError as error:
            refused.append(error)

    threads = [Thread(target=act, args=(what,)) for what in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state, first = two.case(number).state, two.offers(number)[0].state
    assert (state, first) in {
        (CaseState.ACCEPTED, OfferState.ACCEPTED),
        (CaseState.OFFERING, OfferState.EXPIRED),
        (CaseState.OFFERING, OfferState.DECLINED),
        (CaseState.CANCELLED, OfferState.WITHDRAWN),
    }
    assert len(refused) <= len(rivals) - 1
    assert two.states(number).count(OfferState.ACCEPTED) == (1 if state is CaseState.ACCEPTED else 0)


def test_the_database_itself_refuses_a_second_acceptance(two: Town) -> None:
    number = two.open(two.resident())
    two.dispatch(number)
    two.answer_by_word_of_mouth(number, "accept")
    case = two.case(number)
    with pytest.raises(Exception, match=r"uq_offer_accepted|UNIQUE"), two.store.writing() as session:
        session.add(
            Offer(
                centre_id=case.centre_id,
                case_id=case.id or 0,
                merchant_id=2,
                state=OfferState.ACCEPTED,
                channel=Channel.SMS,
                number=SECOND,
                code="A2B3",
                offered_at=two.clock.now(),
                expires_at=two.clock.now(),
            )
        )


def test_a_dispatch_that_expects_another_state_is_refused(two: Town) -> None:
    number = two.open(two.resident())
    with pytest.raises(Conflict), two.store.writing() as session:
        offers.dispatch_case(session, two.desk, number, Dispatch(expects="accepted"))
