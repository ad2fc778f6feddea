"""What is waiting to be told to the listener: one worker, in order, those that wait together and arrivals first."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from callbridge.backlog import Backlog, Batch
from callbridge.events import BridgeEvent, Source
from callbridge.wire import Fields

log = structlog.get_logger(__name__)

Listener = Callable[[Sequence[BridgeEvent]], Awaitable[None]]
Telling = Callable[[], list[BridgeEvent]]

AT_ONCE = 10  # events that are given to the listener together when so many wait: what is stored well within 100 ms


@dataclass(frozen=True, slots=True)
class _Errand:
    """Events from elsewhere than AMI's stream, made when it is their turn; `done`: the listener took all of them."""

    make: Telling
    done: "asyncio.Future[bool]"


class Inbox:
    """`put` and `send` from the event loop; `work` runs as the one task that empties it.

    `mean` says what a message of the exchange means; when it raises, that is logged and the next one follows.
    """

    def __init__(
        self, exchange: str, mean: Callable[[Fields], list[BridgeEvent]], now: Callable[[], datetime]
    ) -> None:
        self.lag = timedelta()  # from the exchange's stamp of the last event to the listener
        self._exchange = exchange
        self._mean = mean
        self._now = now
        self._arrived: asyncio.Queue[Fields | _Errand] = asyncio.Queue()
        self._backlog = Backlog()

    def __len__(self) -> int:
        """Messages of the exchange, and events, that are not handled yet."""
        return self._arrived.qsize() + len(self._backlog)

    def put(self, fields: Fields) -> None:
        """A message of the exchange."""
        self._arrived.put_nowait(fields)

    def send(self, make: Telling) -> "asyncio.Future[bool]":
        """Events that `make` makes when it is their turn; the future says whether the listener took all of them."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._arrived.put_nowait(_Errand(make, done))
        return done

    async def work(self, listener: Listener) -> None:
        """Tells the listener everything, for ever.

        He gets one event or several that wait, and takes all of them or none. When he raises, each is given to him
        alone; one that he does not take even then is logged, and the next follows.
        """
        while True:
            if not self._backlog:
                self._understand(await self._arrived.get())
            while not self._arrived.empty():
                self._understand(self._arrived.get_nowait())
            if self._backlog:
                batch = self._backlog.next(AT_ONCE)
                taken = await self._tell(listener, batch.events)
                if batch.done is not None and not batch.done.done():
                    batch.done.set_result(taken)

    def _understand(self, item: "Fields | _Errand") -> None:
        """In the order in which it was heard; only the telling has another one."""
        if isinstance(item, _Errand):
            events = self._made(item.make)
            if events is not None:
                self._backlog.put_together(Batch(events, item.done))
            elif not item.done.done():
                item.done.set_result(False)
        else:
            self._backlog.put(self._made(partial(self._mean, item)) or ())

    def _made(self, make: Telling) -> list[BridgeEvent] | None:
        """None when that failed: the next one follows all the same."""
        try:
            return make()
        except Exception:
            log.exception("event.failed", exchange=self._exchange)
            return None

    async def _tell(self, listener: Listener, events: Sequence[BridgeEvent]) -> bool:
        """Gives them to the listener, several together; whether he has taken them all."""
        taken = True
        for start in range(0, len(events), AT_ONCE):
            part = events[start : start + AT_ONCE]
            if part[-1].source is Source.AMI:
                self.lag = self._now() - part[-1].at
            try:
                await listener(part)
            except Exception:
                taken = await self._tell_each(listener, part) and taken
        return taken

    async def _tell_each(self, listener: Listener, events: Sequence[BridgeEvent]) -> bool:
        """After the listener has failed: of several, one by one may be taken."""
        if len(events) > 1:
            return all([await self._tell(listener, [event]) for event in events])
        log.exception("event.not_taken", kind=type(events[0]).__name__, uniqueid=getattr(events[0], "uniqueid", None))
        return False
