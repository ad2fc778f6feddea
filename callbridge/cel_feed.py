"""CEL, read every few seconds and after each gap, offered to the listener until he has kept it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import structlog

from callbridge.cel import Cel
from callbridge.errors import CelUnreadable
from callbridge.events import CallRecord, CelPosition, CelRead, CelState, Source
from callbridge.ledger import Ledger, News
from callbridge.outcomes import Causes
from callbridge.roll_call import RollCall

log = structlog.get_logger(__name__)

AT_ONCE = 40  # calls in one CelRead: what a listener stores well within 100 ms
STRAGGLERS = 10  # readings for the last rows of calls that ended while we asked who is there
BETWEEN_STRAGGLERS = 0.2  # seconds

Offer = Callable[[CelRead | CelState], Awaitable[bool]]


class CelFeed:
    """Reads on from a position; `offer` gives what was read to the listener and says whether he has kept it."""

    def __init__(
        self, exchange: str, path: Path, offer: Offer, now: Callable[[], datetime], causes: Causes | None = None
    ) -> None:
        self._exchange = exchange
        self._causes = causes
        self._path = path
        self._offer = offer
        self._now = now
        self._turn = asyncio.Lock()
        self.problem = ""  # why CEL cannot be read
        self._said: str | None = None  # what of it the listener knows
        self.begin_at(None)

    def begin_at(self, position: CelPosition | None) -> None:
        """Where the listener has got to, None: nowhere yet."""
        self._kept = position
        self._ledger = Ledger(self._exchange, self._causes)
        self._cel = Cel(self._path, self._ledger, position)

    async def keep_reading(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            try:
                async with self._turn:
                    await self._read()
                    await self._deliver()
            except Exception:  # this is how nothing is lost: it must not end with one surprise
                log.exception("cel.reading_failed", exchange=self._exchange)

    async def catch_up(self, roll: RollCall, alive_until: datetime | None) -> list[CallRecord]:
        """Read everything, end the calls that the roll call and CEL agree are gone, and offer it all.

        `alive_until` is when the exchange was last known to live, None when that is not known. Returns the incoming
        calls that have no end.
        """
        async with self._turn:
            await self._read()
            for _ in range(STRAGGLERS):
                lost = self._ledger.lost(roll.alive, roll.asked_at)
                if self.problem or not any(self._ledger.may_end(each, roll.booted_at) for each in lost):
                    break
                await asyncio.sleep(BETWEEN_STRAGGLERS)
                await self._read()
            if not self.problem:
                for uniqueid in self._ledger.lost(roll.alive, roll.asked_at):
                    self._ledger.close(uniqueid, booted_at=roll.booted_at, alive_until=alive_until)
            await self._deliver()
            return self._ledger.open_calls

    async def rows_of(self, uniqueid: str) -> Ledger:
        """A ledger of one channel's rows alone. Raises `CelUnreadable`."""
        ledger = Ledger(self._exchange, self._causes)
        ledger.take(await asyncio.to_thread(self._cel.rows_of, uniqueid))
        return ledger

    async def _read(self) -> None:
        """Nothing that stands in the log keeps the link from going live: it is named and read again."""
        problem = ""
        try:
            await asyncio.to_thread(self._cel.read)
        except CelUnreadable as unreadable:
            problem = str(unreadable)
        except Exception as surprise:
            log.exception("cel.reading_failed", exchange=self._exchange)
            problem = repr(surprise)
        if problem and problem != self.problem:
            log.warning("cel.unreadable", exchange=self._exchange, reason=problem)
        elif self.problem and not problem:
            log.info("cel.readable_again", exchange=self._exchange)
        self.problem = problem

    async def _deliver(self) -> None:
        """Offer what is new. The position goes with the last part: a crash in between repeats, and loses nothing."""
        if self._said != self.problem:
            state = CelState(exchange=self._exchange, at=self._now(), source=Source.CEL, problem=self.problem)
            self._said = state.problem if await self._offer(state) else None
        reached = self._cel.position
        if reached is None:
            return
        while True:
            news = self._ledger.news(AT_ONCE)
            rest = self._ledger.waiting > AT_ONCE
            kept = (
                self._kept if rest and self._kept is not None else CelPosition(generation=reached.generation, row=0)
            )
            position = kept if rest else reached
            if not news.calls and not news.outgoing and position == self._kept:
                return
            if not await self._offer(self._reading(position, news)):
                return
            self._ledger.accept(news)
            self._kept = position
            if not rest:
                return

    def _reading(self, position: CelPosition, news: News) -> CelRead:
        return CelRead(
            exchange=self._exchange,
            at=self._now(),
            source=Source.CEL,
            position=position,
            calls=news.calls,
            outgoing=news.outgoing,
        )
