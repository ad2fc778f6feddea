"""What leaves the house leaves it once, whatever dies in between."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Any

import pytest

from callbridge.events import Outcome
from callbridge.gateways import GatewayReceipt, SmsState, SmsStatus
from dispatch import cases, handover, results
from dispatch.attention import Need
from dispatch.models import CaseState, MessageKind, MessageState, OfferState
from dispatch.outbox import Sender
from dispatch.wire.work import Acknowledge, Cancel
from registry.models import Channel
from registry.store import Store, Writing
from tests.dispatch.doubles import Crash, GatewayInMemory
from tests.dispatch.town import FAR, Town
from tests.errorlog import ErrorLog

SMS, TELEPHONE = "+8613900000001", "+8613900000002"


class DyingStore(Store):
    """Dies at its `step`-th write transaction: before the commit, or right after it."""

    step = 0
    at = ""

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        self.step -= 1
        with super().writing() as session:
            yield session
            if self.step == 0 and self.at == "before":
                raise Crash
        if self.step == 0 and self.at == "after":
            raise Crash


def asked(town: Town, **merchant: Any) -> str:
    """A case whose one merchant is being asked."""
    town.merchant("康宁药房", **(merchant or {"sms": SMS}))
    number = town.open(town.resident())
    town.dispatch(number)
    return number


def later(town: Town, **step: float) -> None:
    town.clock.move(timedelta(**step))
    town.send()


def die(town: Town, step: int, at: str) -> None:
    dying = DyingStore(town.store.url, clock=town.clock)
    dying.step, dying.at = step, at
    sender = Sender(dying, {"phone": town.gateway}, town.exchange, "dying")
    with suppress(Crash):
        asyncio.run(sender.run_once())
    dying.close()


@pytest.mark.parametrize("at", ["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_an_offer_arrives_once_whichever_commit_the_service_dies_at(
    town: Town, channel: str, step: int, at: str
) -> None:
    number = asked(town, **({"sms": SMS} if channel == "sms" else {"voice": TELEPHONE}))
    die(town, step, at)
    town.restart()
    for _ in range(5):
        later(town, seconds=50)
    arrived = len(town.gateway.taken) if channel == "sms" else len(town.exchange.dialled)
    assert arrived == 1
    assert town.newest_offer(number).state is OfferState.SENT
    if channel == "voice":
        town.presses(TELEPHONE, "1")
        assert town.case(number).state is CaseState.ACCEPTED
    else:
        assert town.writes(SMS, "1").offer_id == town.newest_offer(number).id
        assert town.case(number).state is CaseState.ACCEPTED
    town.send()


@pytest.mark.parametrize("moment", ["crash_before", "crash_after"])
@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_an_offer_arrives_once_when_the_service_dies_while_handing_over(
    town: Town, channel: str, moment: str
) -> None:
    number = asked(town, **({"sms": SMS} if channel == "sms" else {"voice": TELEPHONE}))
    other_side: Any = town.gateway if channel == "sms" else town.exchange
    other_side.behaviour.append(moment)
    with suppress(Crash):
        town.send()
    (message,) = town.messages(MessageState.HANDED_OVER)
    town.restart()
    later(town, seconds=30)
    assert town.messages(MessageState.HANDED_OVER) == [message], "its claim has not run out: it may be under way"
    later(town, seconds=40)
    later(town, seconds=40)
    assert len(town.gateway.taken) + len(town.exchange.dialled) == 1
    assert len(town.attempts()) == (2 if moment == "crash_before" else 1)
    assert town.newest_offer(number).state is OfferState.SENT


def test_what_was_claimed_and_not_handed_over_is_claimed_again(town: Town) -> None:
    asked(town)
    die(town, 2, "before")
    (message,) = town.messages(MessageState.CLAIMED)
    assert town.attempts() == []
    later(town, seconds=10)
    assert town.messages(MessageState.CLAIMED) == [message]
    later(town, seconds=30)
    assert len(town.gateway.taken) == 1


@pytest.mark.parametrize(("happened", "attempts"), [("unsure_taken", 1), ("unsure_lost", 2)])
def test_a_time_out_is_asked_about_before_anything_is_repeated(town: Town, happened: str, attempts: int) -> None:
    number = asked(town)
    town.gateway.behaviour.append(happened)
    town.send()
    (message,) = town.messages(MessageState.UNKNOWN)
    assert message.tries == 1
    later(town, seconds=10)
    later(town, seconds=20)
    assert len(town.gateway.taken) == 1
    assert [attempt.result for attempt in town.attempts()][-1] == "sent"
    assert len(town.attempts()) == attempts
    assert town.newest_offer(number).state is OfferState.SENT


def test_a_gateway_that_cannot_be_asked_is_a_matter_for_the_operator(town: Town, error_log: ErrorLog) -> None:
    number = asked(town)
    town.gateway.behaviour.append("unsure_taken")
    town.gateway.deaf = True
    town.send()
    for _ in range(6):
        later(town, seconds=30)
    error_log.expect("message.fate_unknown")
    assert town.case(number).needs_why == Need.UNKNOWN_FATE
    assert town.journal().count("case.needs") == 1, "told once"
    assert town.gateway.hand_overs == 1
    town.gateway.deaf = False
    later(town, minutes=1)
    later(town, minutes=5)
    assert [attempt.result for attempt in town.attempts()] == ["sent"]


def test_an_unknown_offer_is_not_asked_about_for_ever_once_it_is_over(town: Town) -> None:
    number = asked(town)
    town.gateway.behaviour.append("unsure_taken")
    town.gateway.deaf = True
    town.send()
    town.answer_by_word_of_mouth(number, "decline")
    later(town, seconds=20)
    assert [message.state for message in town.messages(MessageState.FAILED)] == [MessageState.FAILED]


def test_a_gateway_that_is_away_is_tried_again(town: Town) -> None:
    number = asked(town)
    town.gateway.behaviour.extend(["away", "away"])
    town.send()
    assert town.newest_offer(number).state is OfferState.PENDING
    later(town, seconds=16)
    later(town, seconds=31)
    assert len(town.gateway.taken) == 1
    assert [attempt.result for attempt in town.attempts()] == ["away", "away", "sent"]


def test_an_sms_that_cannot_be_sent_becomes_a_call(town: Town) -> None:
    number = asked(town, sms=SMS, voice=TELEPHONE)
    town.gateway.behaviour.extend(["away"] * 4)
    for _ in range(4):
        later(town, seconds=46)
    offer = town.newest_offer(number)
    assert (offer.channel, offer.number) == (Channel.VOICE, TELEPHONE)
    town.presses(TELEPHONE, "1")
    assert town.case(number).state is CaseState.ACCEPTED


def test_without_any_way_to_a_merchant_the_next_is_asked(town: Town) -> None:
    number = asked(town)
    town.merchant("电话药房", voice=TELEPHONE, position=FAR)
    town.sender = Sender(town.store, {}, town.exchange, "serve-no-gateway")
    town.send()
    assert town.states(number) == [OfferState.FAILED, OfferState.SENT]


def test_what_is_no_longer_wanted_at_the_last_moment_does_not_leave(town: Town) -> None:
    number = asked(town)
    with town.store.writing() as session:
        cases.cancel(session, town.desk, number, Cancel(expects="offering"))
    town.send()
    assert town.gateway.hand_overs == 0
    assert [message.kind for message in town.messages(MessageState.DROPPED)] == [MessageKind.OFFER]


def test_an_offer_is_not_sent_when_its_time_is_over(town: Town) -> None:
    asked(town)
    later(town, minutes=6)
    assert town.gateway.hand_overs == 0


def test_two_senders_send_one_message_once(town: Town) -> None:
    resident = town.resident()
    town.merchant("康宁药房", sms=SMS)
    for _ in range(12):
        town.dispatch(town.open(resident))
    senders = [Sender(town.store, {"phone": town.gateway}, None, f"serve-{n}") for n in "ab"]

    async def both() -> None:
        for _ in range(4):
            await asyncio.gather(*(sender.run_once() for sender in senders))

    asyncio.run(both())
    assert town.gateway.hand_overs == 12
    assert len({sms.text for sms in town.gateway.taken}) == 12


def test_a_slow_gateway_does_not_hold_up_the_others(town: Town) -> None:
    resident = town.resident()
    town.merchant("康宁药房", sms=SMS)
    for _ in range(4):
        town.dispatch(town.open(resident))
    released, arrivals = asyncio.Event(), asyncio.Semaphore(0)

    class Slow(GatewayInMemory):
        async def send(self, attempt: str, to: str, text: str, **more: Any) -> GatewayReceipt:
            first = not self.hand_overs
            receipt = await super().send(attempt, to, text, **more)
            arrivals.release()
            if first:
                await released.wait()
            return receipt

    slow = Slow()
    sender = Sender(town.store, {"phone": slow}, None, "serve-slow")

    async def run() -> None:
        work = asyncio.create_task(sender.run())
        async with asyncio.timeout(10):
            for _ in range(4):
                await arrivals.acquire()
            town.dispatch(town.open(resident))
            sender.wake()
            await arrivals.acquire()
        released.set()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    asyncio.run(run())
    assert len(town.messages(MessageState.SENT)) == 5


def test_one_message_that_breaks_the_sender_does_not_stop_the_others(
    town: Town, error_log: ErrorLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    resident = town.resident()
    town.merchant("康宁药房", sms=SMS)
    for _ in range(2):
        town.dispatch(town.open(resident))
    taken, broken = results.sms_taken, Lock()

    def breaks_once(session: Writing, attempt: str, *rest: Any) -> None:
        if broken.acquire(blocking=False):
            raise RuntimeError(attempt)
        taken(session, attempt, *rest)

    monkeypatch.setattr(results, "sms_taken", breaks_once)
    town.send()
    error_log.expect("message.step_failed")
    assert len(town.messages(MessageState.SENT)) == 1
    later(town, seconds=61)
    later(town, seconds=61)
    assert len(town.gateway.taken) == 2
    assert len(town.messages(MessageState.SENT)) == 2


def test_a_call_that_is_not_answered_is_tried_again_and_then_the_next_is_asked(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.merchant("同心药房", sms=SMS, position=FAR)
    town.send()
    town.ends(TELEPHONE, Outcome.BUSY)
    town.send()
    assert len(town.exchange.dialled) == 1, "not at once"
    later(town, seconds=61)
    assert len(town.exchange.dialled) == 2
    town.ends(TELEPHONE, Outcome.NO_ANSWER)
    town.send()
    assert town.states(number) == [OfferState.FAILED, OfferState.SENT]
    assert [attempt.result for attempt in town.attempts()][:2] == ["busy", "no_answer"]


def test_no_key_is_no_acceptance(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    town.ends(TELEPHONE, Outcome.NO_KEY)
    assert town.case(number).state is CaseState.OFFERING
    assert town.states(number) == [OfferState.SENT]


def test_a_number_that_does_not_exist_is_not_called_twice(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    town.ends(TELEPHONE, Outcome.INVALID)
    assert town.states(number) == [OfferState.FAILED]
    assert town.case(number).needs_why == Need.NOBODY_LEFT


def test_a_call_ordered_while_the_link_broke_is_not_made_again(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.exchange.behaviour.append("lost_rings")
    town.send()
    later(town, seconds=10)
    assert len(town.exchange.dialled) == 1
    town.presses(TELEPHONE, "2")
    assert town.states(number) == [OfferState.DECLINED]


def test_a_call_the_exchange_never_saw_is_made(town: Town) -> None:
    asked(town, voice=TELEPHONE)
    town.exchange.behaviour.append("lost")
    town.send()
    later(town, seconds=10)
    later(town, seconds=20)
    assert [attempt.result for attempt in town.attempts()] == ["never_seen", None]
    assert len(town.exchange.dialled) == 1


def test_a_call_waits_for_the_link(town: Town) -> None:
    asked(town, voice=TELEPHONE)
    town.exchange.behaviour.extend(["not_linked", "not_linked"])
    town.send()
    assert town.exchange.dialled == []
    later(town, seconds=16)
    later(town, seconds=31)
    assert len(town.exchange.dialled) == 1


def test_the_end_of_a_call_that_nobody_reported_is_asked_for(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    attempt = town.exchange.dialled[0].attempt
    event = town.presses(TELEPHONE, "1")
    assert town.case(number).state is CaseState.ACCEPTED
    # the same again, for a case whose event is lost: only the exchange knows
    second = town.open(town.resident("李建国", number="+862367001002"))
    town.dispatch(second)
    town.send()
    lost = [call.attempt for call in town.exchange.dialled if call.attempt != attempt][-1]
    town.exchange.ended[lost] = replace(event, attempt=lost)
    later(town, minutes=4, seconds=10)
    assert town.case(second).state is CaseState.ACCEPTED


def test_a_key_that_comes_twice_counts_once(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    event = town.presses(TELEPHONE, "1")
    town.tell(event)
    town.tell(event)
    assert town.journal("offer").count("offer.accepted") == 1
    assert town.case(number).state is CaseState.ACCEPTED


def test_a_key_that_comes_too_late_changes_nothing_and_is_told_so(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    town.answer_by_word_of_mouth(number, "decline")
    town.presses(TELEPHONE, "1")
    town.send()
    assert town.states(number) == [OfferState.DECLINED]
    assert "不需要您去了" in town.exchange.dialled[-1].text


def test_the_details_go_by_telephone_when_the_sms_cannot(town: Town) -> None:
    number = asked(town, sms=SMS, voice=TELEPHONE)
    town.send()
    town.gateway.behaviour.append("refuse")
    town.answer_by_word_of_mouth(number, "accept")
    town.send()
    assert "五零二" in town.exchange.dialled[-1].text


def test_an_operator_is_told_when_the_door_cannot_be_said(town: Town) -> None:
    number = asked(town, sms=SMS)
    town.send()
    town.gateway.behaviour.extend(["away"] * 4)
    town.answer_by_word_of_mouth(number, "accept")
    for _ in range(6):
        later(town, seconds=61)
    assert town.case(number).needs_why == Need.DETAILS_FAILED


def test_a_receipt_never_moves_backwards(town: Town) -> None:
    number = asked(town)
    town.send()
    attempt = town.gateway.taken[0].attempt

    def reports(state: SmsState) -> None:
        status = SmsStatus(event_id=f"s-{state}", attempt=attempt, status=state, at=town.clock.now())
        with town.store.writing() as session:
            results.take_status(session, status)

    for state in (SmsState.DELIVERED, SmsState.SENT, SmsState.UNDER_WAY, SmsState.FAILED):
        reports(state)
    assert [each.result for each in town.attempts()] == ["delivered"]
    assert town.newest_offer(number).state is OfferState.SENT
    (message,) = town.messages(MessageState.SENT)
    assert message.delivered_at == town.clock.now()


def test_a_receipt_that_says_it_failed_moves_on(town: Town) -> None:
    number = asked(town)
    town.send()
    status = SmsStatus(
        event_id="s", attempt=town.gateway.taken[0].attempt, status=SmsState.FAILED, at=town.clock.now(), reason="no"
    )
    for _ in range(2):
        with town.store.writing() as session:
            results.take_status(session, status)
    assert town.states(number) == [OfferState.FAILED]
    assert town.journal("case").count("case.needs") == 1


def test_a_receipt_may_come_before_the_gateway_has_answered(town: Town) -> None:
    number = asked(town)

    class Hasty(GatewayInMemory):
        async def send(self, attempt: str, to: str, text: str, **more: Any) -> GatewayReceipt:
            receipt = await super().send(attempt, to, text, **more)
            status = SmsStatus(event_id="s", attempt=attempt, status=SmsState.DELIVERED, at=town.clock.now())
            with town.store.writing() as session:
                results.take_status(session, status)
            return receipt

    asyncio.run(Sender(town.store, {"phone": Hasty()}, None, "serve-hasty").run_once())
    assert [attempt.result for attempt in town.attempts()] == ["delivered"]
    assert town.newest_offer(number).state is OfferState.SENT


def test_a_telephone_that_rings_for_an_offer_that_is_over_is_let_be(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.merchant("同心药房", sms=SMS, position=FAR)
    town.send()
    ringing = town.exchange.dialled[0].attempt
    town.dispatch(number, merchant_id=2)
    town.send()
    assert town.exchange.hung_up == [ringing]
    town.ends(TELEPHONE, Outcome.FAILED)
    town.send()
    assert town.states(number) == [OfferState.WITHDRAWN, OfferState.SENT]
    assert [call.text for call in town.exchange.dialled if "接单请按1" in call.text] == [
        town.exchange.dialled[0].text
    ]


def test_who_never_heard_of_an_offer_is_not_told_off(town: Town) -> None:
    number = asked(town)
    town.gateway.behaviour.append("away")
    town.send()
    with town.store.writing() as session:
        cases.cancel(session, town.desk, number, Cancel(expects="offering"))
    later(town, minutes=1)
    assert town.gateway.taken == []


def test_a_claim_that_was_overtaken_is_void(town: Town) -> None:
    asked(town)
    (overtaken,) = handover.claim(town.store, "serve-1", 8)
    town.clock.move(handover.CLAIM)
    (claimed,) = handover.claim(town.store, "serve-1", 8)
    for claim, order in ((overtaken, False), (claimed, True), (claimed, False)):
        with town.store.writing() as session:
            step = handover.next_step(session, claim, ["phone"], None)
        assert isinstance(step, handover.Order) is order
    assert len(town.attempts()) == 1


def test_an_operator_hears_of_a_merchant_who_could_not_be_told_off(town: Town) -> None:
    number = asked(town)
    town.send()
    town.answer_by_word_of_mouth(number, "accept")
    town.send()
    town.gateway.behaviour.append("refuse")
    with town.store.writing() as session:
        cases.cancel(session, town.desk, number, Cancel(expects="accepted"))
    town.send()
    case = town.case(number)
    assert (case.state, case.needs_why) == (CaseState.CANCELLED, Need.NOT_TOLD_OFF)
    with town.store.writing() as session:
        cases.acknowledge(session, town.desk, number, Acknowledge(needs_since=case.needs_since))
    assert town.case(number).needs_why is None
