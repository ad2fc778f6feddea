"""A listener of the bridge that keeps what it is told, for tests to look at and to wait for."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from callbridge.events import BridgeEvent, CallOut, CallRecord, CelPosition, CelRead
from tests.patience import SOON

T = TypeVar("T")
E = TypeVar("E", bound=BridgeEvent)


class Witness:
    def __init__(self) -> None:
        self.events: list[BridgeEvent] = []
        self._more = asyncio.Condition()

    async def __call__(self, events: Sequence[BridgeEvent]) -> None:
        async with self._more:
            self.events += events
            self._more.notify_all()

    async def more(self) -> None:
        """Waits for the next event."""
        async with self._more:
            await self._more.wait()

    async def see(self, kind: type[E], seconds: float = SOON, **fields: object) -> E:
        """The first event of that kind with those fields, waited for."""
        return await self._first(lambda: self.of(kind), seconds, fields, kind.__name__)

    async def record(self, seconds: float = SOON, **fields: object) -> CallRecord:
        """The first record of CEL with those fields, waited for."""
        return await self._first(lambda: self.records, seconds, fields, "CallRecord")

    async def ended_record(self, number: str, seconds: float = SOON) -> CallRecord:
        """CEL's first word on the end of that caller's call, waited for."""
        return await self._first(
            lambda: [record for record in self.records if record.end is not None],
            seconds,
            {"number": number},
            "ended CallRecord",
        )

    async def outcome(self, seconds: float = SOON, **fields: object) -> CallOut:
        """CEL's word on the first outgoing call with those fields, waited for."""
        return await self._first(lambda: self.outcomes, seconds, fields, "CallOut of CEL")

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def records(self) -> list[CallRecord]:
        return [record for read in self.of(CelRead) for record in read.calls]

    @property
    def outcomes(self) -> list[CallOut]:
        return [out for read in self.of(CelRead) for out in read.outgoing]

    @property
    def position(self) -> CelPosition:
        """Where CEL has been read to."""
        return self.of(CelRead)[-1].position

    def kinds(self, uniqueid: str) -> list[str]:
        """What was reported of one call, in order, without CEL's repetitions."""
        return [type(event).__name__ for event in self.events if getattr(event, "uniqueid", None) == uniqueid]

    async def _first(
        self, candidates: Callable[[], list[T]], seconds: float, fields: dict[str, object], what: str
    ) -> T:
        def found() -> T | None:
            return next(
                (each for each in candidates() if all(getattr(each, key) == fields[key] for key in fields)), None
            )

        async with self._more:
            try:
                await asyncio.wait_for(self._more.wait_for(lambda: found() is not None), seconds)
            except TimeoutError:
                raise AssertionError(f"no {what} {fields} within {seconds} s: {self.events}") from None
        event = found()
        assert event is not None
        return event
