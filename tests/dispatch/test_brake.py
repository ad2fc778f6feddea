"""Outgoing calls leave the trunk free for whoever calls in, and the most urgent goes first."""

import asyncio
from datetime import time, timedelta

import pytest

from callbridge.events import Outcome
from dispatch.brake import RANKS
from dispatch.models import MessageKind, MessageState
from dispatch.outbox import Sender
from registry.models import RuleKind
from tests.dispatch.test_care import checks, plan
from tests.dispatch.test_surveys import later, rule
from tests.dispatch.town import Town

SHOP = "+8613900000002"


def small(town: Town, channels: int = 4) -> None:
    """The trunk carries four calls, and one is kept for whoever calls in."""
    rule(town, RuleKind.OUTGOING_BRAKE, reserved_channels=1)
    town.sender = Sender(town.store, {"phone": town.gateway}, town.exchange, "serve-small", channels=channels)


def number(place: int) -> str:
    return f"+8623670010{place:02}"


def at_nine(town: Town, people: int) -> None:
    for place in range(people):
        plan(town, town.resident(f"王秀{place}", number(place)), time(9, 30))


def dialled(town: Town) -> list[str]:
    return [call.number for call in town.exchange.dialled]


def test_every_kind_of_message_has_its_place_in_the_line() -> None:
    assert RANKS.keys() == set(MessageKind)


def test_care_calls_at_nine_go_out_as_lines_become_free(town: Town) -> None:
    small(town)
    at_nine(town, 5)
    later(town, minutes=31)
    assert sorted(dialled(town)) == [number(0), number(1), number(2)]
    assert len(town.messages(MessageState.WANTED)) == 2
    later(town, seconds=30)
    assert len(dialled(town)) == 3
    town.presses(number(0), "1")
    later(town, seconds=15)
    assert dialled(town)[3:] == [number(3)]
    for place in (1, 2, 3):
        town.presses(number(place), "1")
    later(town, seconds=15)
    town.presses(number(4), "1")
    assert set(checks(town)) == {"well"}


def test_who_calls_in_takes_lines_from_the_calls_that_can_wait(town: Town) -> None:
    small(town)
    calling = [town.rings_in(f"0236700200{each}") for each in range(3)]
    at_nine(town, 2)
    later(town, minutes=31)
    assert dialled(town) == []
    town.hangs_up(calling[0])
    later(town, seconds=15)
    assert len(dialled(town)) == 1


def test_an_offer_goes_before_the_care_calls_that_wait(town: Town) -> None:
    small(town, channels=3)
    at_nine(town, 5)
    later(town, minutes=31)
    assert len(dialled(town)) == 2
    town.merchant("康宁药房", voice=SHOP)
    town.dispatch(town.open(town.resident("李玉兰", "+862367001099")))
    town.send()
    assert len(dialled(town)) == 2, "the offer waits for a line too"
    town.presses(dialled(town)[0], "1")
    later(town, seconds=15)
    assert dialled(town)[2:] == [SHOP]


def test_sms_do_not_wait_for_a_line(town: Town) -> None:
    small(town, channels=1)
    at_nine(town, 9)
    town.rings_in("02367002000")
    later(town, minutes=31)
    assert dialled(town) == []
    town.merchant("康宁药房", sms="+8613900000001")
    town.dispatch(town.open(town.resident("李玉兰", "+862367001099")))
    town.send()
    assert len(town.sms_to("+8613900000001")) == 1


def test_one_telephone_is_not_called_twice_at_once(town: Town) -> None:
    """Two residents share a line."""
    plan(town, town.resident("王秀英", number(1)), time(9, 30))
    plan(town, town.resident("李玉兰", number(1)), time(9, 30))
    later(town, minutes=31)
    assert dialled(town) == [number(1)]
    later(town, seconds=31)
    assert len(dialled(town)) == 1
    town.presses(number(1), "1")
    later(town, seconds=31)
    assert len(dialled(town)) == 2


def test_one_telephone_is_not_called_again_and_again(town: Town) -> None:
    rule(town, RuleKind.OUTGOING_BRAKE, calls_per_number=2)
    plan(town, town.resident("王秀英", number(1)), time(9, 30))
    later(town, minutes=31)
    for _ in range(2):
        town.ends(number(1), Outcome.NO_ANSWER)
        later(town, minutes=11)
    assert len(dialled(town)) == 2
    later(town, minutes=30)
    assert len(dialled(town)) == 2
    later(town, minutes=10)
    assert len(dialled(town)) == 3, "an hour after the first"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_last_line_is_given_to_one_of_those_who_ask_at_once(town: Town) -> None:
    small(town, channels=2)
    at_nine(town, 6)
    town.passes(minutes=31)

    async def together() -> None:
        senders = [
            Sender(town.store, {"phone": town.gateway}, town.exchange, f"serve-{each}", channels=2) for each in "abc"
        ]
        await asyncio.gather(*(sender.run_once() for sender in senders))

    asyncio.run(together())
    assert len(dialled(town)) == 1
    town.clock.move(timedelta(seconds=15))
