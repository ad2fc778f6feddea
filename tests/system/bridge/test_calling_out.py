"""Outgoing calls over real SIP: one outcome, dialled once, withdrawn; and facts mirrored into the exchange."""

import asyncio
from collections.abc import Callable

import pytest

from callbridge.bridge import Fate, OutgoingCall
from callbridge.errors import ActionRefused
from callbridge.events import CallOut, Outcome
from tests.system.bridge.telephones import RINGS
from tests.system.conftest import Connect
from tests.system.town import Town

pytestmark = pytest.mark.system
PRESSES_1 = ["Answer", "Wait(1)", "SendDTMF(1)", "Wait(10)"]
PRESSES_2 = ["Answer", "Wait(1)", "SendDTMF(2)", "Wait(10)"]
SUBSCRIBERS = {
    "13900000001": (PRESSES_1, Outcome.KEY, "1"),
    "13900000002": (PRESSES_2, Outcome.KEY, "2"),
    "13900000003": (["Answer", "Wait(2)", "Hangup"], Outcome.NO_KEY, ""),
    "13900000004": (["Busy"], Outcome.BUSY, ""),
    "13900000005": (RINGS, Outcome.NO_ANSWER, ""),
    "13900000006": (["Hangup(1)"], Outcome.INVALID, ""),
    "13900000007": (["Hangup(21)"], Outcome.REJECTED, ""),
    "13900000008": (["Congestion"], Outcome.CONGESTED, ""),
    "13900000009": (["Hangup(27)"], Outcome.UNREACHABLE, ""),
}


async def test_an_outgoing_call_has_one_outcome_on_which_ami_and_cel_agree(
    connect: Connect, town: Callable[..., Town]
) -> None:
    town(subscribers={number: steps for number, (steps, _, _) in SUBSCRIBERS.items()})
    bridge, witness = await connect()
    for number in SUBSCRIBERS:
        await bridge.call_out(
            OutgoingCall(attempt=f"a{number}", number=number, text="Press one.", language="en", ring_seconds=3)
        )
    for number, (_, outcome, key) in SUBSCRIBERS.items():
        hint = await witness.see(CallOut, attempt=f"a{number}")
        truth = await witness.outcome(attempt=f"a{number}")
        fate = await bridge.fate(f"a{number}")
        assert isinstance(fate, CallOut)
        assert [(each.outcome, each.key) for each in (hint, truth, fate)] == [(outcome, key)] * 3, number
        assert (truth.answered_at is not None) == (outcome in (Outcome.KEY, Outcome.NO_KEY)), number
    assert (len(witness.of(CallOut)), len(witness.outcomes)) == (len(SUBSCRIBERS), len(SUBSCRIBERS))


async def test_the_fate_of_an_attempt_is_known_before_during_and_after(
    connect: Connect, town: Callable[..., Town]
) -> None:
    town(subscribers={"13900000001": RINGS})
    bridge, witness = await connect()
    assert await bridge.fate("a1") is Fate.NEVER_SEEN
    await bridge.call_out(OutgoingCall(attempt="a1", number="13900000001", text="Hello.", language="en"))
    assert await bridge.fate("a1") is Fate.UNDER_WAY
    with pytest.raises(ActionRefused):
        await bridge.call_out(OutgoingCall(attempt="a1", number="13900000001", text="Hello.", language="en"))
    await bridge.hang_up("a1")
    await witness.see(CallOut, attempt="a1")
    await asyncio.sleep(0.3)
    assert isinstance(await bridge.fate("a1"), CallOut)


async def test_an_attempt_ordered_twice_by_two_processes_is_dialled_once(
    connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(subscribers={"13900000001": RINGS})
    order = OutgoingCall(attempt="a1", number="13900000001", text="Hello.", language="en")
    first, _ = await connect()
    second, witness = await connect()
    await first.call_out(order)
    await world_rings(world)
    await second.call_out(order)
    await asyncio.sleep(2)  # the second Originate has failed, and it has been asked why
    assert not witness.of(CallOut)
    assert await second.fate("a1") is Fate.UNDER_WAY


async def world_rings(world: Town) -> None:
    await asyncio.to_thread(world.wait_log, "Ringing")


async def test_a_call_is_withdrawn_at_once_after_it_was_ordered(connect: Connect, town: Callable[..., Town]) -> None:
    town(subscribers={"13900000001": RINGS})
    bridge, witness = await connect()
    await bridge.call_out(OutgoingCall(attempt="a1", number="13900000001", text="Hello.", language="en"))
    await bridge.hang_up("a1")
    out = await witness.see(CallOut, 3, attempt="a1")
    assert out.answered_at is None


async def test_mirrored_facts_are_in_the_exchanges_database_and_can_be_taken_back(connect: Connect) -> None:
    bridge, _ = await connect()
    numbers = [f"138{place:08}" for place in range(100)]
    assert await bridge.mirrored("townline-emergency") == {}
    await bridge.mirror("townline-emergency", numbers, "1")
    assert await bridge.mirrored("townline-emergency") == dict.fromkeys(numbers, "1")
    await bridge.mirror("townline-emergency", numbers[1:], "")
    assert await bridge.mirrored("townline-emergency") == {numbers[0]: "1"}
    with pytest.raises(ActionRefused):
        await bridge.mirror("registrar", ["801"], "1")
