"""The bridge on a real exchange: what happens to calls over real SIP, and what happens when either side dies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from callbridge.bridge import Bridge, Fate, OutgoingCall, Pace
from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallOut,
    CallQueued,
    CallRecord,
    CallRinging,
    CelRead,
    LinkUp,
    Outcome,
    Party,
    PhoneReached,
)
from callbridge.exchange import Exchange
from callbridge.exchange.configuration import Places
from tests.system.town import Town

pytestmark = pytest.mark.system

HOTLINE = "02367000000"
PICKS_UP = ["Answer", "Wait(20)"]
RINGS = ["Ringing", "Wait(20)"]

E = TypeVar("E", bound=BridgeEvent)


class Witness:
    """Keeps what the bridge reports, in order."""

    def __init__(self) -> None:
        self.events: list[BridgeEvent] = []
        self._more = asyncio.Condition()

    async def __call__(self, event: BridgeEvent) -> None:
        async with self._more:
            self.events.append(event)
            self._more.notify_all()

    async def see(self, kind: type[E], seconds: float = 10, **fields: object) -> E:
        """The first event of that kind with those fields, waited for."""

        def found() -> E | None:
            return next((each for each in self.of(kind) if all(getattr(each, k) == v for k, v in fields.items())), None)

        async with self._more:
            await asyncio.wait_for(self._more.wait_for(found), seconds)
        event = found()
        assert event is not None
        return event

    async def record(self, seconds: float = 10, **fields: object) -> CallRecord:
        """The first record of CEL with those fields."""

        def found() -> CallRecord | None:
            records = (record for read in self.of(CelRead) for record in read.calls)
            return next((each for each in records if all(getattr(each, k) == v for k, v in fields.items())), None)

        async with self._more:
            await asyncio.wait_for(self._more.wait_for(found), seconds)
        record = found()
        assert record is not None
        return record

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


async def test_x(exchange: Exchange, town: Callable[..., Town]) -> None:
    world = town(telephones={"801": RINGS, "802": PICKS_UP})
    bridge = Bridge(exchange.settings, exchange.secrets, None, Places.of(exchange.settings).cel, lambda: datetime.now(UTC), pace=Pace(cel_every=0.3))
    w = Witness()
    await bridge.start(w, None)
    world.call("13800000001", HOTLINE, 2)
    e = await w.see(CallEnded)
    await asyncio.sleep(1)
    for each in w.events: print(each)
    print(bridge.link)
    await bridge.stop()
    assert 0
