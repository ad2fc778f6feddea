"""The operator's telephone from the keyboard, on a real exchange: who is in a call, and who is told of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from callbridge.bridge import Bridge, Pace
from callbridge.errors import ActionRefused
from callbridge.events import (
    CallAnswered,
    CallEnd,
    CallEnded,
    CallHeld,
    CallQueued,
    CallResumed,
    Party,
    PartyJoined,
    PartyLeft,
    PhonePresence,
)
from callbridge.exchange import Exchange
from tests.callbridge.witness import Witness
from tests.system.town import Town

pytestmark = pytest.mark.system

HOTLINE, EMERGENCY = "02367000000", "02367000120"
RESIDENT, DAUGHTER = "13800000001", "13900000002"
PICKS_UP = ["Answer", "Wait(30)"]
RINGS = ["Ringing", "Wait(30)"]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def connect(exchange: Exchange) -> AsyncIterator[Callable[..., object]]:
    async with AsyncExitStack() as stack:

        async def build() -> tuple[Bridge, Witness]:
            bridge = Bridge(
                exchange.settings,
                exchange.secrets,
                exchange.speech,
                exchange.cel_path,
                now,
                pace=Pace(cel_every=0.2, retry=0.2),
            )
            witness = Witness()
            await bridge.start(witness, None)
            stack.push_async_callback(bridge.stop)
            return bridge, witness

        yield build


async def ring_is(exchange: Exchange, queue: str, *expected: str, seconds: float = 5) -> None:
    """The members of a queue, waited for; one that is paused has a minus before it."""
    for _ in range(int(seconds / 0.1)):
        shown = await asyncio.to_thread(exchange.console_command, f"queue show {queue}")
        members = sorted(
            ("-" if "(paused" in line else "") + line.strip().partition(" ")[0]
            for line in shown.splitlines()
            if "PJSIP/" in line and "(dynamic)" in line
        )
        if members == sorted(expected):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{members} in {queue}, expected {expected}")


async def test_a_waiting_call_is_taken_held_shared_handed_over_and_ended(
    exchange: Exchange, connect: Callable[..., object], town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP, "802": PICKS_UP}, subscribers={DAUGHTER: PICKS_UP})
    bridge, witness = await connect()  # type: ignore[misc]
    desk = bridge.telephone
    for extension in ("801", "802"):
        await desk.set_presence(extension, PhonePresence.BREAK)
    await ring_is(exchange, "hotline", "-801", "-802")
    world.call(RESIDENT, HOTLINE, 40)
    call = (await witness.see(CallQueued)).uniqueid
    await desk.take(call, "801")
    answered = await witness.see(CallAnswered)
    assert (answered.uniqueid, answered.extension) == (call, "801")
    with pytest.raises(ActionRefused):
        await desk.take(call, "802")
    await asyncio.sleep(0.3)

    await desk.hold(call, "801")
    assert (await witness.see(CallHeld)).uniqueid == call
    await desk.resume(call)
    assert (await witness.see(CallResumed)).uniqueid == call

    await desk.bring_in(call, "test-leg-1", number=DAUGHTER)
    joined = await witness.see(PartyJoined)
    assert (joined.uniqueid, joined.leg) == (call, "test-leg-1")
    await desk.drop("test-leg-1")
    assert (await witness.see(PartyLeft)).leg == "test-leg-1"

    await desk.hand_over(call, "test-leg-2", by="801", extension="802")
    await witness.see(PartyJoined, leg="test-leg-2")
    await witness.see(PartyLeft, leg=answered.operator_uniqueid)
    await desk.hold(call, "802")
    await desk.resume(call)
    await asyncio.sleep(0.2)
    await desk.hang_up_call(call)
    ended = await witness.see(CallEnded)
    assert (ended.uniqueid, ended.end, ended.hung_up_by) == (call, CallEnd.ANSWERED, Party.OPERATOR)
    await witness.see(PartyLeft, leg="test-leg-2")
    record = await witness.record(uniqueid=call, end=CallEnd.ANSWERED)
    assert (record.extension, record.operator_uniqueid) == ("801", answered.operator_uniqueid)
    assert "0 active channels" in await asyncio.to_thread(exchange.console_command, "core show channels count")
