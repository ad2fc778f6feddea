"""The event stream, kept alive: it resumes where it broke off, and says since when the service is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx
import structlog
from pydantic import ValidationError

from console import times
from console.client import Client
from console.errors import Refused, SignedOut, Unreachable
from dispatch.wire.board import Board, Event

log = structlog.get_logger()

SNAPSHOT = "snapshot"
_PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0)  # seconds between attempts; the last one repeats


@dataclass(frozen=True, slots=True)
class Away:
    """The service does not answer since `since`."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Back:
    """The service answers; what was missed follows."""


News = Board | Event | Away | Back


class Stream:
    """Begins with a Board, goes on with Events for as long as anybody asks. Raises SignedOut, nothing else."""

    def __init__(
        self, client: Client, *, clock: Callable[[], datetime] = times.now, pauses: Sequence[float] = _PAUSES
    ) -> None:
        self._client = client
        self._clock = clock
        self._pauses = pauses
        self._last: str | None = None  # None: a board has to be fetched before the stream can go on
        self._away = False
        self._failures = 0

    async def news(self) -> AsyncIterator[News]:
        while True:
            try:
                async for each in self._connected():
                    yield each
                await asyncio.sleep(self._pauses[0])  # the service closed the stream in good order: come back
                continue
            except SignedOut:
                raise
            except (httpx.TransportError, Unreachable, Refused) as error:
                log.info("stream.broken", why=type(error).__name__)
            except ValidationError as error:
                # A service of another age: the board says what is, whatever the event was.
                log.warning("stream.not_understood", fields=[each["loc"] for each in error.errors()[:3]])
                self._last = None
            if not self._away:
                self._away = True
                yield Away(self._clock())
            await asyncio.sleep(self._pauses[min(self._failures, len(self._pauses) - 1)])
            self._failures += 1

    async def _connected(self) -> AsyncIterator[News]:
        if self._last is None:
            board = await self._client.board()
            for back in self._return():
                yield back
            yield board
            self._last = board.last_event_id
        async with self._client.events(self._last) as source:
            for back in self._return():
                yield back
            async for sent in source.aiter_sse():
                if not sent.data:
                    continue
                if sent.event == SNAPSHOT:
                    board = Board.model_validate_json(sent.data)
                    yield board
                    self._last = board.last_event_id
                else:
                    yield Event.model_validate_json(sent.data)
                    self._last = sent.id or self._last

    def _return(self) -> list[Back]:
        was_away, self._away, self._failures = self._away, False, 0
        return [Back()] if was_away else []
