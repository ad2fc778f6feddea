"""What will happen at the stand-in by itself: a telephone that is answered in six seconds, a caller who gives up."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

Deed = Callable[[], Awaitable[None]]


class Agenda:
    """Deeds with their times, on a clock that somebody else moves: what is later than now waits for `catch_up`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._count = itertools.count()
        self._deeds: list[tuple[datetime, int, Deed]] = []
        self._turn = asyncio.Lock()
        self._going_on: set[asyncio.Task[bool]] = set()

    def add(self, delay: timedelta, deed: Deed) -> None:
        heapq.heappush(self._deeds, (self._now() + delay, next(self._count), deed))

    def at_once(self, deed: Deed) -> None:
        """Does it as soon as whoever calls this waits for something."""
        self.add(timedelta(), deed)
        task = asyncio.ensure_future(self.catch_up())
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    @property
    def next_at(self) -> datetime | None:
        """When the next deed is due, None when there is none."""
        return self._deeds[0][0] if self._deeds else None

    async def catch_up(self) -> bool:
        """Does what is due by now, in the order of its times; whether there was anything."""
        did = False
        async with self._turn:
            while self._deeds and self._deeds[0][0] <= self._now():
                await heapq.heappop(self._deeds)[2]()
                did = True
        return did
