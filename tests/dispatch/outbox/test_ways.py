"""A message that cannot go, may not go any more, or holds up others."""

import asyncio
from threading import Lock
from typing import Any

import pytest

from callbridge.gateways import GatewayReceipt
from dispatch import cases, results
from dispatch.attention import Need
from dispatch.models import CaseState, MessageKind, MessageState, OfferState
from dispatch.outbox import Sender
from dispatch.wire.cases import Acknowledge, Cancel
from registry.models import Channel
from registry.store import Writing
from tests.dispatch.doubles import GatewayInMemory
from tests.dispatch.outbox.messages import SMS, TELEPHONE, asked, later
from tests.dispatch.register import FAR
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog


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


def test_who_never_heard_of_an_offer_is_not_told_off(town: Town) -> None:
    number = asked(town)
    town.gateway.behaviour.append("away")
    town.send()
    with town.store.writing() as session:
        cases.cancel(session, town.desk, number, Cancel(expects="offering"))
    later(town, minutes=1)
    assert town.gateway.taken == []


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
