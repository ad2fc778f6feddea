from datetime import time, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from callbridge.gateways import InboundSms
from dispatch import care_plans, timers
from dispatch.attention import Need
from dispatch.auditor import Finding, audit
from dispatch.models import Case, Message, Offer, OfferState, Timer, TimerState, Turn
from dispatch.wire.care import NewCarePlan
from registry.store import Subject
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog

SHOP = "+8613900000001"


@pytest.fixture
def case(town: Town) -> str:
    town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident())
    town.dispatch(number)
    return number


def test_a_house_in_order_has_nothing_to_say(town: Town, case: str) -> None:
    town.send()
    town.writes(SHOP, "1")
    town.passes(minutes=1)
    town.send()
    assert audit(town.store) == {}


def test_what_nobody_ticked_sent_or_read_is_said_loudly(town: Town, case: str, error_log: ErrorLog) -> None:
    sms = InboundSms(event_id="e", from_number=SHOP, to_number=None, text="1", received_at=town.clock.now())
    with town.store.writing() as session:
        town.replies.take_in(session, "phone", sms)
    town.clock.move(timedelta(minutes=8))
    assert audit(town.store) == {Finding.TIMER_OVERDUE: 1, Finding.MESSAGE_OVERDUE: 1, Finding.SMS_NOT_READ: 1}
    error_log.expect("audit.found")


def test_a_case_that_nothing_moves_is_put_before_the_operators(town: Town, case: str, error_log: ErrorLog) -> None:
    town.send()
    with town.store.writing() as session:
        session.execute(update(Offer).values(state=OfferState.EXPIRED))
    error_log.expect("audit.found")
    assert audit(town.store) == {Finding.CASE_STUCK: 1}
    assert (town.case(case).needs_why, town.case(case).turn) == (Need.STUCK, Turn.OPERATOR)
    assert audit(town.store) == {}


def test_an_offer_whose_clock_was_lost_is_found(town: Town, case: str, error_log: ErrorLog) -> None:
    town.send()
    with town.store.writing() as session:
        session.execute(update(Timer).values(state=TimerState.STOPPED))
    error_log.expect("audit.found")
    assert audit(town.store) == {Finding.OFFER_WITHOUT_CLOCK: 1}


def test_a_call_that_never_ended_is_found(town: Town, error_log: ErrorLog) -> None:
    town.rings_in()
    town.clock.move(timedelta(hours=5))
    error_log.expect("audit.found")
    assert audit(town.store) == {Finding.CALL_WITHOUT_END: 1}


def test_a_message_under_way_is_no_finding(town: Town, case: str) -> None:
    with town.store.writing() as session:
        session.execute(
            update(Message).values(state="handed_over", claimed_until=town.clock.now() + timedelta(minutes=4))
        )
        session.execute(update(Case).where(col(Case.number) == case).values(words="x"))
    assert audit(town.store) == {}


def test_care_calls_that_nothing_moves_are_named(town: Town, error_log: ErrorLog) -> None:
    her = town.resident()
    with town.store.writing() as session:
        plan = care_plans.make(session, town.desk, her, NewCarePlan(local_time=time(9, 30)))
        timers.stop(session, Subject.CARE_PLAN, plan.id or 0)
    assert audit(town.store) == {Finding.CARE_WITHOUT_CLOCK: 1}
    error_log.expect("audit.found")


def test_care_calls_may_wait_for_a_line_for_a_while(town: Town, error_log: ErrorLog) -> None:
    her = town.resident()
    with town.store.writing() as session:
        care_plans.make(session, town.desk, her, NewCarePlan(local_time=time(9, 30)))
    town.passes(minutes=50)
    assert audit(town.store) == {}
    town.passes(hours=4, minutes=30)
    assert audit(town.store) == {Finding.MESSAGE_OVERDUE: 1, Finding.CARE_CHECK_OPEN: 1}
    error_log.expect("audit.found")


def test_an_emergency_whose_ladder_has_stopped_climbing_is_found(town: Town, error_log: ErrorLog) -> None:
    town.resident()
    town.rings_in(emergency=True)
    assert audit(town.store) == {}
    with town.store.writing() as session:
        timers.stop(session, Subject.LADDER, 1)
    error_log.expect("audit.found")
    assert audit(town.store) == {Finding.LADDER_WITHOUT_CLOCK: 1}


def test_a_message_whose_fate_nobody_asks_about_is_found(town: Town, case: str, error_log: ErrorLog) -> None:
    with town.store.writing() as session:
        session.execute(update(Message).values(state="unknown", claimed_until=town.clock.now()))
    assert audit(town.store) == {}
    town.clock.move(timedelta(minutes=2, seconds=30))
    error_log.expect("audit.found")
    assert audit(town.store) == {Finding.MESSAGE_OVERDUE: 1}
