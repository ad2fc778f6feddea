"""What leaves the house leaves it once, whatever dies in between."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from dispatch import handover
from dispatch.attention import Need
from dispatch.models import CaseState, MessageState, OfferState
from dispatch.outbox import Sender
from dispatch.ways import Ways
from registry.sealed import give_vault
from registry.store import Store, Writing
from tests.dispatch.doubles import Crash
from tests.dispatch.outbox.messages import SMS, TELEPHONE, asked, later
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog


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


def die(town: Town, step: int, at: str) -> None:
    dying = DyingStore(town.store.url, clock=town.clock)
    give_vault(dying, town.vault)
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


def test_a_claim_that_was_overtaken_is_void(town: Town) -> None:
    asked(town)
    (overtaken,) = handover.claim(town.store, "serve-1", 8)
    town.clock.move(handover.CLAIM)
    (claimed,) = handover.claim(town.store, "serve-1", 8)
    for claim, order in ((overtaken, False), (claimed, True), (claimed, False)):
        with town.store.writing() as session:
            step = handover.next_step(session, claim, Ways({"phone": town.gateway}), None)
        assert isinstance(step, handover.Order) is order
    assert len(town.attempts()) == 1
