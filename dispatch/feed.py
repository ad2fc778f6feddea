"""The journal's new rows, to every console's stream (server-sent events).

One reader for all clients: it is woken by a commit of this process, by PostgreSQL's NOTIFY for those of others, and
looks by itself now and then. Each row is rendered once. A client that does not keep up is dropped and comes back with
`Last-Event-ID`; one that was away for too long, or knew another history, gets a `snapshot` of the board instead.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from sqlmodel import col, select

from dispatch.desk import Desk
from dispatch.errors import NotLoggedIn
from dispatch.login import desk_of
from dispatch.views.board import board, last_seq
from dispatch.views.events import Rendered, render
from registry.store import Store
from registry.store.journal import Journal

log = structlog.get_logger()

Result = TypeVar("Result")

HEARTBEAT = 15.0  # seconds: below the idle time-outs of ordinary proxies
LOOK_ANYWAY = 2.0  # seconds: a wake-up may be lost, and another process may write to the same SQLite file
AT_ONCE = 200  # rows rendered in one go
TOO_FAR_BEHIND = 10_000  # rows: then a snapshot is less work for both
PATIENCE = 2_000  # rows that wait for one client
RESTS, LONGEST_REST = 2, 0.3  # times as long as the last reading took, seconds at most


@dataclass(eq=False)
class _Client:
    desk: Desk
    waiting: asyncio.Queue[Rendered | None] = field(default_factory=lambda: asyncio.Queue(PATIENCE + 1))
    dropped: bool = False

    def give(self, row: Rendered | None) -> None:
        if not self.dropped:
            self.waiting.put_nowait(row)

    def drop(self) -> None:
        """Ends its stream; what waited is let go at once."""
        self.dropped = True
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Feed:
    def __init__(self, store: Store, centre_id: int, epoch: str) -> None:
        self._store = store
        self._centre_id = centre_id
        self._epoch = epoch
        self._lagged: list[Callable[[timedelta], None]] = []
        self._clients: set[_Client] = set()
        self._position = 0
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = ThreadPoolExecutor(1, "feed")  # never waits for a request's thread
        self._closed = False
        store.on_commit(self.wake)

    @property
    def clients(self) -> int:
        return len(self._clients)

    def on_hand_out(self, listener: Callable[[timedelta], None]) -> None:
        """Calls `listener` for every row with the time from its writing to its being handed to the streams."""
        self._lagged.append(listener)

    def wake(self, _seq: int = 0) -> None:
        """There may be new rows. From any thread; returns at once."""
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop may close in between
                self._loop.call_soon_threadsafe(self._woken.set)

    async def start(self) -> None:
        """From here on rows are handed out."""
        self._loop = asyncio.get_running_loop()
        self._position = await self._do(self._last)

    async def run(self) -> None:
        """Reads until cancelled. A failing read is logged and tried again."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_ANYWAY):
                    await self._woken.wait()
            self._woken.clear()
            try:
                began = time.monotonic()
                while await self._hand_out():
                    # One row costs nearly what ten do: in a rush, fewer and longer readings leave time for others.
                    await asyncio.sleep(min(RESTS * (time.monotonic() - began), LONGEST_REST))
                    began = time.monotonic()
            except Exception as error:  # the database may be away for a while
                log.warning("feed.read_failed", error=type(error).__name__)
                await asyncio.sleep(LOOK_ANYWAY)

    async def close(self) -> None:
        """Ends every stream; their clients come back when the service does."""
        self._closed = True
        for client in self._clients:
            client.drop()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def stream(self, desk: Desk, token: str, last_event_id: str | None) -> AsyncIterator[bytes]:
        """The events after `last_event_id` as they come, until the client leaves, is dropped or is logged out."""
        client = _Client(desk)
        self._clients.add(client)  # before looking back, so that nothing falls in between
        seen = self._position
        try:
            yield b": townline\n\n"  # the answer begins now, whatever comes when
            after = self._known(last_event_id, seen)
            if after is not None and after > seen and after > await self._do(self._last):
                after = None  # a power cut has taken back what an import had just written: the next rows are others
            if after is None:
                frame, seen = await self._do(self._snapshot, desk)
                yield frame
            else:
                async for row in self._past(after, seen):
                    yield row.frame(desk)
            async for frame in self._live(client, token, max(seen, after or 0)):
                yield frame
        finally:
            self._clients.discard(client)

    async def _live(self, client: _Client, token: str, seen: int) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        look_at_token = loop.time() + HEARTBEAT
        while not self._closed:
            row = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    row = await client.waiting.get()
            if client.dropped:
                return
            if loop.time() >= look_at_token:
                if not await self._do(self._logged_in, token):
                    return
                look_at_token = loop.time() + HEARTBEAT
            if row is None:
                yield KEEPALIVE_COMMENT
            elif row.seq > seen:
                yield row.frame(client.desk)

    async def _past(self, after: int, until: int) -> AsyncIterator[Rendered]:
        while after < until:
            rows = await self._do(self._read, after, until)
            for row in rows:
                yield row
            after = rows[-1].seq if rows else until

    async def _hand_out(self) -> bool:
        """Hands the next rows to everybody; whether there were any."""
        rows = await self._do(self._read, self._position, None)
        for row in rows:
            for client in list(self._clients):
                if client.waiting.qsize() >= PATIENCE:
                    log.warning("feed.client_dropped", operator=client.desk.operator_id)
                    client.drop()
                client.give(row)
            self._position = row.seq
            for listener in self._lagged:
                listener(self._store.clock.now() - row.written_at)
        return bool(rows)

    def _known(self, last_event_id: str | None, now: int) -> int | None:
        """The sequence to go on from; None when only a snapshot helps."""
        epoch, _, seq = (last_event_id or "").rpartition("-")
        if epoch != self._epoch or not seq.isascii() or not seq.isdigit():
            return None
        return int(seq) if now - TOO_FAR_BEHIND <= int(seq) else None

    def _last(self) -> int:
        with self._store.reading() as session:
            return last_seq(session)

    def _read(self, after: int, until: int | None) -> list[Rendered]:
        with self._store.reading() as session:
            wanted = select(Journal).where(col(Journal.seq) > after, Journal.centre_id == self._centre_id)
            if until is not None:
                wanted = wanted.where(col(Journal.seq) <= until)
            rows = session.exec(wanted.order_by(col(Journal.seq)).limit(AT_ONCE)).all()
            return render(session, rows, self._epoch, self._store.clock.now()) if rows else []

    def _snapshot(self, desk: Desk) -> tuple[bytes, int]:
        with self._store.reading() as session:
            view = board(session, desk, self._store.clock.now())
        seq = int(view.last_event_id.rpartition("-")[2])
        return format_sse_event(data_str=view.model_dump_json(), event="snapshot", id=view.last_event_id), seq

    def _logged_in(self, token: str) -> bool:
        with self._store.reading() as session:
            try:
                desk_of(session, token, self._store.clock.now())
            except NotLoggedIn:
                return False
            return True

    async def _do(self, look: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, look, *arguments)
