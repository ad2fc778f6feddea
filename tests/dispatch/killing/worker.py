"""A process that does the whole work of the service on a real database, and can be killed at each of its commits.

It tells of each commit, before and after, and goes on when it is told to; so whoever is told can kill it just there.
Started anew on the same database it goes on where the dead one left off, as `townline serve` does. Its clock stands
still until nothing is left to do, and then goes on as it is told.
"""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from pydantic import HttpUrl
from sqlalchemy import event

from callbridge import control
from callbridge.gateways import InboundSms
from callbridge.gateways.http import HttpGateway
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings, HttpSettings
from callbridge.standin.cel import CelWriter
from dispatch import lease, reports, switchboard
from dispatch.replies import Replies
from dispatch.unread import read_left_over
from registry.numbers import NumberPlan
from registry.sealed import give_vault
from registry.store import MovableClock, Store, Writing
from registry.vault import Vault
from tests.dispatch.hours.service import Service, next_due, wait_until
from tests.dispatch.killing.plays import PLAYS, Play
from tests.dispatch.town import MASTER_KEY

WRITES = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
KEPT_FOR_US = {"lease", "exchange_position", "gap", "gateway_state"}  # how far we are, and who: nothing is decided


@dataclass(frozen=True, slots=True)
class Commit:
    """What the journal says of it, else the tables it writes; `done`: it is committed."""

    whats: tuple[str, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class Holds:
    """It holds the exchange now: it alone sends and calls."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is left to do until that moment; None: for ever."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Now:
    """The answer to it: what time it is, and whether the exchange can be reached."""

    at: datetime
    reachable: bool


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is told: which play, on which database, with which gateway and exchange, from which moment on."""

    play: str
    database: str
    gateway: str
    ami_port: int
    folder: Path
    centre_id: int
    now: Now
    beside: bool = False  # another one holds the exchange


class Teller:
    """Its end of a pipe, for all its threads."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._lock = Lock()

    def tell(self, what: Commit | Holds | Idle) -> Any:
        with self._lock:
            self._pipe.send(what)
            return self._pipe.recv()


class TellingStore(Store):
    """Tells before and after each commit by which something is decided."""

    def __init__(self, url: str, *, clock: MovableClock, teller: Teller) -> None:
        super().__init__(url, clock=clock)
        self._teller = teller

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        tables: set[str] = set()

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if found := WRITES.match(statement):
                tables.add(found[2])

        with super().writing() as session:
            event.listen(session.get_bind(), "before_cursor_execute", note)
            yield session
            session.flush()
            whats = tuple(entry.what for entry in session.entries)
            if not whats and not tables <= KEPT_FOR_US:
                whats = (", ".join(sorted(tables)),)
            if whats:
                self._teller.tell(Commit(whats, done=False))
        if whats:
            self._teller.tell(Commit(whats, done=True))


def work(task: Task, commits: Pipe, time: Pipe) -> None:
    """Works until the play is over. Its commits and the time have a pipe each: neither waits for the other."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    control.BETWEEN_LOOKS = 0.02
    switchboard.RENEW_EVERY = 0.05
    clock = MovableClock(task.now.at)
    store = TellingStore(task.database, clock=clock, teller=(teller := Teller(commits)))
    give_vault(store, Vault(MASTER_KEY))
    asyncio.run(_work(store, clock, task, teller, Teller(time)))
    store.close()


async def _work(store: Store, clock: MovableClock, task: Task, teller: Teller, time: Teller) -> None:
    play, now = PLAYS[task.play], task.now
    settings = HttpSettings(name="town", kind="http", url=HttpUrl(task.gateway), timeout_seconds=5)
    gateway = HttpGateway(settings, signing="a-secret-of-the-two")
    plan = NumberPlan("CN", "023")
    cel = CelWriter(task.folder / "cel.db")
    instance, secrets = lease.own_name(), Secrets(task.folder / "secrets")
    service = Service(store, task.centre_id, plan, instance, {"town": gateway}, cel, secrets)
    replies = Replies(task.centre_id, plan)

    async def holds() -> None:
        await asyncio.to_thread(teller.tell, Holds())

    service.switch_on(ExchangeSettings().model_copy(update={"ami_port": task.ami_port}), holds)
    while True:
        if now.reachable and not (task.beside and service.board.bridge is None):
            await wait_until(lambda: service.is_linked)
        while await service.does() or await asyncio.to_thread(_take_in, task.gateway, store, replies):
            pass
        if _is_over(store, play):
            break
        now = await asyncio.to_thread(time.tell, Idle(next_due(store, clock.now())))
        clock.move_to(now.at)
        await service.renews()
    await service.switch_off()
    await gateway.close()


def _take_in(gateway: str, store: Store, replies: Replies) -> int:
    """What a gateway would report: taken off its list when it has been taken in."""
    waiting = _ask(gateway, "GET", "/inbox")
    for each in waiting:
        sms = InboundSms(
            event_id=each["id"],
            from_number=each["from"],
            to_number=None,
            text=each["text"],
            received_at=datetime.now(UTC),
        )
        reports.take(store, replies, "town", [sms])
        _ask(gateway, "DELETE", f"/inbox/{each['id']}")
    return len(waiting) + read_left_over(store, replies)


def _ask(gateway: str, method: str, path: str) -> Any:
    with closing(HTTPConnection(gateway.removeprefix("http://").rstrip("/"))) as connection:
        connection.request(method, path)
        return json.loads(connection.getresponse().read())


def _is_over(store: Store, play: Play) -> bool:
    with store.reading() as session:
        return play.is_over(session)
