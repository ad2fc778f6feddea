from datetime import timedelta
from threading import Barrier, Thread

import pytest

from callbridge.events import Outcome
from dispatch import offers, ticker, timers
from dispatch.attention import Need
from dispatch.models import (
    CaseState,
    Message,
    MessageKind,
    MessageState,
    OfferState,
    Timer,
    TimerKind,
    TimerState,
    Turn,
)
from registry.store import Store
from tests.dispatch.register import FAR
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog

SMS, TELEPHONE = "+8613900000001", "+8613900000002"


def accepted(town: Town, **merchant: str) -> str:
    town.merchant("康宁药房", **(merchant or {"sms": SMS}))
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    town.answer_by_word_of_mouth(number, "accept")
    town.send()
    return number


def test_a_merchant_who_does_not_arrive_is_late_and_forgiven_when_it_does(town: Town) -> None:
    number = accepted(town)
    town.passes(minutes=61)
    case = town.case(number)
    assert (case.state, case.needs_why, case.turn) == (CaseState.ACCEPTED, Need.ARRIVAL_LATE, Turn.OPERATOR)
    town.writes(SMS, "4")
    case = town.case(number)
    assert (case.state, case.needs_why, case.turn) == (CaseState.ON_SITE, None, Turn.MERCHANT)


def test_a_merchant_who_does_not_finish_is_late_too(town: Town) -> None:
    number = accepted(town)
    town.writes(SMS, "4")
    town.passes(minutes=16)
    assert town.case(number).needs_why == Need.FINISH_LATE
    town.writes(SMS, "5")
    assert (town.case(number).state, town.case(number).needs_why) == (CaseState.SERVED, None)


def test_on_the_way_does_not_stop_the_clock_of_the_arrival(town: Town) -> None:
    number = accepted(town)
    town.passes(minutes=30)
    town.writes(SMS, "3")
    assert town.case(number).state is CaseState.ON_THE_WAY
    town.passes(minutes=31)
    assert town.case(number).needs_why == Need.ARRIVAL_LATE


def test_what_is_wanted_later_is_not_late_before(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    number = town.open(town.resident(), wanted_at=town.clock.now() + timedelta(hours=4))
    town.dispatch(number)
    town.answer_by_word_of_mouth(number, "accept")
    town.passes(hours=3, minutes=59)
    assert town.case(number).needs_why is None
    town.passes(minutes=2)
    assert town.case(number).needs_why == Need.ARRIVAL_LATE


def test_a_merchant_without_sms_is_called_for_its_progress(town: Town) -> None:
    number = accepted(town, voice=TELEPHONE)
    town.ends(TELEPHONE, Outcome.NO_KEY)  # it has listened to where it has to go
    town.passes(minutes=31)
    town.send()
    call = town.exchange.dialled[-1]
    assert "办得怎么样了" in call.text
    assert (call.keys, call.repeat) == ("345", "9")
    town.presses(TELEPHONE, "3")
    assert town.case(number).state is CaseState.ON_THE_WAY
    town.passes(minutes=15)
    town.send()
    town.presses(TELEPHONE, "4")
    town.passes(minutes=8)
    town.send()
    town.presses(TELEPHONE, "5")
    assert town.case(number).state is CaseState.SERVED
    to_it = [message.kind for message in town.all(Message) if message.merchant_id is not None]
    warned = [MessageKind.PROGRESS, MessageKind.NOTICE]  # by telephone too that its time is nearly over
    assert to_it == [MessageKind.OFFER, MessageKind.JOB_DETAILS, *warned, MessageKind.PROGRESS, MessageKind.PROGRESS]


def test_a_merchant_who_has_just_reported_is_not_called(town: Town) -> None:
    number = accepted(town, voice=TELEPHONE)
    town.presses(TELEPHONE, "3")
    before = len(town.exchange.dialled)
    town.passes(minutes=29)
    town.send()
    assert len(town.exchange.dialled) == before
    assert town.case(number).state is CaseState.ON_THE_WAY


def test_an_offer_that_is_being_heard_waits_for_the_key(town: Town) -> None:
    town.merchant("康宁药房", voice=TELEPHONE)
    town.merchant("同心药房", sms=SMS, position=FAR)
    number = town.open(town.resident())
    town.dispatch(number)
    town.passes(minutes=4, seconds=50)
    town.send()
    town.passes(seconds=15)
    assert town.states(number) == [OfferState.SENT]
    town.presses(TELEPHONE, "1")
    assert town.case(number).state is CaseState.ACCEPTED


def test_a_call_that_never_ends_does_not_hold_an_offer_for_ever(town: Town) -> None:
    town.merchant("康宁药房", voice=TELEPHONE)
    number = town.open(town.resident())
    town.dispatch(number)
    town.passes(minutes=4, seconds=50)
    town.send()
    for _ in range(20):
        town.passes(seconds=20)
    assert town.states(number) == [OfferState.EXPIRED]


def test_a_due_clock_is_claimed_by_one_of_many(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    resident = town.resident()
    for _ in range(20):
        town.dispatch(town.open(resident))
    town.clock.move(timedelta(minutes=6))
    barrier, claimed = Barrier(4), []

    def claim(name: str) -> None:
        store = Store(town.store.url, clock=town.clock)
        barrier.wait()
        for _ in range(10):
            claimed.extend(timers.due_now(store, name, 3))
        store.close()

    threads = [Thread(target=claim, args=(f"serve-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 20
    assert len(set(claimed)) == 20


def test_a_claim_whose_holder_died_is_due_again(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    number = town.open(town.resident())
    town.dispatch(number)
    town.clock.move(timedelta(minutes=6))
    assert len(timers.due_now(town.store, "died")) == 1
    assert ticker.tick(town.store, "serve-2") == 0
    town.clock.move(timedelta(seconds=61))
    assert ticker.tick(town.store, "serve-2") == 1
    assert town.states(number) == [OfferState.EXPIRED]


def test_a_clock_that_fails_is_tried_again_and_the_others_go_on(
    town: Town, error_log: ErrorLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.merchant("康宁药房", sms=SMS)
    resident = town.resident()
    first, second = town.open(resident), town.open(resident)
    for number in (first, second):
        town.dispatch(number)
    expire = offers.expire
    broken = town.newest_offer(first).id

    def breaks(session, case, offer) -> None:  # type: ignore[no-untyped-def]
        if offer.id == broken:
            raise RuntimeError("broken")
        expire(session, case, offer)

    monkeypatch.setattr(offers, "expire", breaks)
    town.passes(minutes=6)
    error_log.expect("timer.failed")
    assert town.states(first) == [OfferState.PENDING]
    assert town.states(second) == [OfferState.EXPIRED]
    monkeypatch.setattr(offers, "expire", expire)
    town.passes(seconds=10)
    assert town.states(first) == [OfferState.PENDING], "not at once"
    town.passes(seconds=15)
    assert town.states(first) == [OfferState.EXPIRED]


def test_a_stopped_clock_does_nothing(town: Town) -> None:
    number = accepted(town)
    stopped = [timer for timer in town.all(Timer) if timer.kind is TimerKind.OFFER_EXPIRES]
    assert [timer.state for timer in stopped] == [TimerState.STOPPED]
    town.passes(minutes=10)
    assert town.states(number) == [OfferState.ACCEPTED]


def test_a_tick_with_nothing_due_takes_no_pen(town: Town) -> None:
    accepted(town)
    with town.store.writing():
        assert timers.due_now(town.store, "serve-1") == []


def test_the_message_of_progress_is_dropped_when_the_job_is_gone(town: Town) -> None:
    number = accepted(town, voice=TELEPHONE)
    town.ends(TELEPHONE, Outcome.NO_KEY)
    town.passes(minutes=31)
    town.reports(number, "done")
    town.send()
    assert [each.kind for each in town.messages(MessageState.DROPPED)] == [MessageKind.PROGRESS]
