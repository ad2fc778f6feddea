"""How far a merchant is, and what proves that somebody was there."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from dispatch import visit_reports
from dispatch.attention import Need
from dispatch.errors import BadValue
from dispatch.models import Case, CaseState, InboundReading, OfferState, ProvedBy, VisitState
from dispatch.views.cases import case_card
from dispatch.wire.cases import CaseCard
from dispatch.wire.offers import VisitReport
from registry.models import Service, VisitProof
from tests.dispatch.town import Town

SHOP, TELEPHONE = "+8613900000001", "+8613900000002"


@pytest.fixture
def shop(town: Town) -> Town:
    town.merchant("康宁药房", sms=SHOP)
    return town


def asks_for(town: Town, proof: VisitProof) -> None:
    """From now on medicine has to be proved like that: another version of the service."""
    with town.store.writing() as session:
        before = session.exec(select(Service).where(Service.code == "medicine")).one()
        newer = before.model_dump(exclude={"id"}) | {"version": before.version + 1, "proof": proof}
        session.add(Service(**newer))


def accepted(town: Town, resident: int | None = None) -> str:
    number = town.open(resident or town.resident())
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "1")
    return number


def told(town: Town, number: str, **more: object) -> None:
    with town.store.writing() as session:
        case = session.exec(select(Case).where(Case.number == number)).one()
        report = VisitReport.model_validate({"expects": case.state.value, "step": "done"} | more)
        visit_reports.report_visit(session, town.desk, number, report)


def card(town: Town, number: str) -> CaseCard:
    with town.store.reading() as session:
        case = session.exec(select(Case).where(Case.number == number)).one()
        return case_card(session, case, town.clock.now())


def wrong(town: Town, number: str) -> str:
    return "0000" if town.visit(number).word != "0000" else "0001"


def test_the_report_is_enough_where_the_service_asks_for_no_more(shop: Town) -> None:
    number = accepted(shop)
    assert shop.visit(number).word is None
    assert shop.writes(SHOP, "5").reading is InboundReading.DONE
    assert shop.visit(number).proved_by is None


@pytest.mark.parametrize("written", ["{code} 5 {word}", "5 {word}", "5{word}", "{word}", "５ {word}", "办完 {word}"])
def test_the_residents_word_ends_the_visit(shop: Town, written: str) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    word, code = shop.visit(number).word, shop.newest_offer(number).code
    assert shop.writes(SHOP, written.format(word=word, code=code)).reading is InboundReading.DONE
    assert (shop.visit(number).state, shop.visit(number).proved_by) == (VisitState.DONE, ProvedBy.WORD)
    assert shop.case(number).state is CaseState.SERVED
    assert "已记下您已办完" in shop.sms_to(SHOP)[-1]


def test_done_without_the_word_waits_for_it(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    for _ in range(2):
        assert shop.writes(SHOP, "5").reading is InboundReading.PROOF_WANTED
        assert "请向老人要四位数" in shop.sms_to(SHOP)[-1]
    assert shop.journal("visit").count("visit.done_reported") == 1
    assert shop.case(number).state is CaseState.ACCEPTED
    shop.passes(minutes=10)
    assert shop.writes(SHOP, str(shop.visit(number).word)).reading is InboundReading.DONE
    assert shop.case(number).state is CaseState.SERVED


def test_a_word_that_never_comes_is_a_matter_for_the_operator(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    shop.writes(SHOP, "5")
    shop.passes(minutes=16)  # as long as finishing takes from the door on
    assert shop.case(number).needs_why == Need.PROOF_MISSING
    shop.passes(minutes=60)
    assert shop.case(number).needs_why == Need.PROOF_MISSING, "nobody is late who says that it is done"
    told(shop, number, word=shop.visit(number).word)
    assert (shop.case(number).needs_why, shop.visit(number).proved_by) == (None, ProvedBy.WORD)


def test_the_word_may_be_said_at_the_door_already(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    assert shop.writes(SHOP, f"4 {shop.visit(number).word}").reading is InboundReading.AT_THE_DOOR
    assert shop.writes(SHOP, "5").reading is InboundReading.DONE
    assert shop.visit(number).proved_by is ProvedBy.WORD


def test_a_word_that_comes_twice_counts_once(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    word = str(shop.visit(number).word)
    shop.writes(SHOP, word)
    for again in (word, f"5 {word}", "5"):
        assert shop.writes(SHOP, again).reading is InboundReading.REPEATED
        assert "已经办完了" in shop.sms_to(SHOP)[-1]
    assert shop.journal("visit").count("visit.proved") == 1


def test_the_third_wrong_word_brings_in_the_operator_and_no_further_one_is_looked_at(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    bad, right = wrong(shop, number), shop.visit(number).word
    for text in (f"5 {bad}", bad):
        inbound = shop.writes(SHOP, text)
        assert (inbound.reading, inbound.needs_operator) == (InboundReading.WRONG_WORD, False)
        assert "四位数不对" in shop.sms_to(SHOP)[-1]
    assert shop.writes(SHOP, bad).needs_operator
    assert shop.case(number).needs_why == Need.WRONG_WORD
    assert shop.writes(SHOP, f"5 {right}").reading is InboundReading.WRONG_WORD, "nobody guesses on"
    assert (shop.visit(number).wrong_words, shop.case(number).state) == (3, CaseState.ACCEPTED)


def test_four_digits_are_no_word_where_nobody_waits_for_one(shop: Town) -> None:
    accepted(shop)
    inbound = shop.writes(SHOP, "4711")
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.NOT_UNDERSTOOD, True)


def test_a_right_word_names_its_job(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    first, second = accepted(shop), accepted(shop, shop.resident("李建国", number="+862367001002"))
    while shop.visit(first).word == shop.visit(second).word:
        second = accepted(shop, shop.resident("李建国", number="+862367001003"))
    assert shop.writes(SHOP, f"5 {shop.visit(second).word}").reading is InboundReading.DONE
    assert (shop.case(first).state, shop.case(second).state) == (CaseState.ACCEPTED, CaseState.SERVED)


def test_of_two_jobs_that_wait_a_wrong_word_is_asked_about_and_counts_for_none(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    both = [accepted(shop), accepted(shop, shop.resident("李建国", number="+862367001002"))]
    words = {shop.visit(number).word for number in both}
    bad = next(word for word in ("0000", "0001", "0002") if word not in words)
    assert shop.writes(SHOP, bad).reading is InboundReading.WHICH
    assert [shop.visit(number).wrong_words for number in both] == [0, 0]


def test_a_call_from_her_own_line_proves_that_somebody_is_there(shop: Town) -> None:
    asks_for(shop, VisitProof.CALL)
    number = accepted(shop)
    shop.rings_in()
    assert shop.visit(number).proved_by is None, "she may ask where the merchant is"
    assert shop.writes(SHOP, "5").reading is InboundReading.PROOF_WANTED
    assert "用老人的电话打给我们" in shop.sms_to(SHOP)[-1]
    shop.rings_in("13700000001")
    assert shop.case(number).state is CaseState.ACCEPTED
    shop.clock.move(timedelta(minutes=1))
    shop.rings_in()
    visit = shop.visit(number)
    assert (visit.state, visit.proved_by) == (VisitState.DONE, ProvedBy.CALL)
    assert shop.case(number).state is CaseState.SERVED
    assert shop.states(number) == [OfferState.FULFILLED]


def test_who_calls_from_there_first_and_reports_then_is_done_at_once(shop: Town) -> None:
    asks_for(shop, VisitProof.CALL)
    number = accepted(shop)
    shop.writes(SHOP, "4")
    shop.rings_in()
    assert shop.writes(SHOP, "5").reading is InboundReading.DONE
    assert shop.visit(number).proved_by is ProvedBy.CALL


def test_a_key_cannot_say_the_word_so_an_operator_asks(town: Town) -> None:
    asks_for(town, VisitProof.WORD)
    town.merchant("康宁药房", voice=TELEPHONE)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    town.presses(TELEPHONE, "1")
    town.send()
    assert "请向老人要四位数并记下来" in town.heard(TELEPHONE)[-1]
    town.presses(TELEPHONE, "5")
    assert (town.case(number).state, town.case(number).needs_why) == (CaseState.ACCEPTED, Need.PROOF_MISSING)


def test_what_is_entered_later_is_marked_so_and_fills_in_no_clock(shop: Town) -> None:
    number = accepted(shop)
    shop.clock.move(timedelta(minutes=30))
    earlier = shop.clock.now() - timedelta(minutes=10)
    told(shop, number, step="at_the_door", happened_at=earlier.isoformat())
    assert shop.visit(number).at_the_door_at == shop.clock.now()
    visit = card(shop, number).visit
    assert visit is not None
    assert [(step.step, step.way, step.happened_at) for step in visit.steps] == [("at_the_door", "operator", earlier)]
    assert visit.on_the_way_at is None, "what nobody told stays empty"


@pytest.mark.parametrize("minutes", [-31, 1])
def test_nothing_is_entered_for_a_moment_outside_of_the_visit(shop: Town, minutes: int) -> None:
    number = accepted(shop)
    shop.clock.move(timedelta(minutes=30))
    outside = shop.clock.now() + timedelta(minutes=minutes)
    with pytest.raises(BadValue):
        told(shop, number, step="at_the_door", happened_at=outside.isoformat())


def test_an_operator_takes_a_visit_without_proof_and_that_is_seen(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    with pytest.raises(BadValue):
        told(shop, number, word=wrong(shop, number))
    told(shop, number)
    visit = card(shop, number).visit
    assert visit is not None
    assert (visit.asks_for, visit.proved_by, visit.steps[-1].way) == ("word", None, "operator")


def test_a_visit_to_nobody_who_is_known_asks_for_no_word(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    call = shop.rings_in("13700000001")
    number = shop.open(None, call_id=shop.call(call).id, place="青石里3栋门口", latitude=29.5333, longitude=106.505)
    shop.dispatch(number)
    shop.send()
    shop.writes(SHOP, "1")
    assert shop.writes(SHOP, "5").reading is InboundReading.DONE


def test_the_word_is_not_in_the_journal_nor_told_to_the_merchant(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    word = str(shop.visit(number).word)
    told = re.compile(rf"(?<!\d){word}(?!\d)")  # four figures stand in a day or a number by chance
    assert not [text for text in shop.sms_to(SHOP) if told.search(text)]
    shop.writes(SHOP, f"5 {word}")
    assert not told.search(card(shop, number).model_dump_json())
