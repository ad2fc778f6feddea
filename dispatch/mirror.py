"""What must hold while we are away, kept in the exchange's own database: who is an emergency, who goes first.

The dialplan reads it and waits for nobody. Only differences are written: the table `mirrored` says what stands there,
and is believed while one entry that is asked for after each new link is really there.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import delete
from sqlmodel import col, func, select

from callbridge.bridge import LinkState
from callbridge.errors import BridgeError
from dispatch.arrivals import IN_QUEUE, URGENT_FROM
from dispatch.models import Mirrored
from registry.models import Line, LineKind, Resident
from registry.models.centre import Priority
from registry.numbers import NumberPlan
from registry.store import Reading, Store, Subject
from registry.store.journal import Journal

log = structlog.get_logger()

EMERGENCY, PRIORITY = "townline-emergency", "townline-priority"
LOOK_EVERY = 5.0  # seconds, when nobody wakes it: people may have been changed by another instance
AT_ONCE = 50  # written down together

Facts = dict[tuple[str, str], str]  # value by family and key


class Keeper(Protocol):
    """What is asked of the exchange (`callbridge.bridge.Bridge`)."""

    @property
    def link(self) -> LinkState: ...

    async def mirror(self, family: str, key: str, value: str) -> None: ...

    async def mirrored(self, family: str, key: str) -> str | None: ...


class Mirror:
    """One for each exchange that is held here."""

    def __init__(self, store: Store, centre_id: int, plan: NumberPlan, exchange: str) -> None:
        self._store = store
        self._centre_id = centre_id
        self._plan = plan
        self._exchange = exchange
        self._seen = -1  # the journal's sequence up to which people's changes have been mirrored
        self._link_since: datetime | None = None
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, keeper: Keeper) -> None:
        """Keeps the exchange in step until cancelled; what fails is tried again."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            try:
                await self.keep(keeper)
            except BridgeError as problem:
                log.warning("mirror.not_kept", exchange=self._exchange, problem=type(problem).__name__)
            except Exception:
                log.exception("mirror.failed", exchange=self._exchange)
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._woken.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(1)  # an import of many people is not a look for each of them

    def wake(self, _seq: int = 0) -> None:
        """Something was committed. From any thread."""
        if (loop := self._loop) is not None:
            loop.call_soon_threadsafe(self._woken.set)

    async def keep(self, keeper: Keeper) -> int:
        """Writes what differs, where the link is new or people have changed; returns how many facts it wrote."""
        link = keeper.link
        if not link.up:
            return 0
        changed_at = await asyncio.to_thread(self._last_change)
        if link.since != self._link_since and not await self._is_there(keeper):
            await asyncio.to_thread(self._forget)
        elif link.since == self._link_since and changed_at == self._seen:
            return 0
        there, wanted = await asyncio.to_thread(self._compare)
        differences = {name: value for name, value in wanted.items() if there.get(name) != value}
        differences |= dict.fromkeys(there.keys() - wanted.keys(), "")
        pending: Facts = {}
        try:
            for (family, key), value in differences.items():
                await keeper.mirror(family, key, value)
                pending[family, key] = value
                if len(pending) >= AT_ONCE:
                    await asyncio.to_thread(self._note, dict(pending))
                    pending.clear()
        finally:
            if pending:
                await asyncio.to_thread(self._note, pending)
        if differences:
            log.info("mirror.kept", exchange=self._exchange, written=len(differences), facts=len(wanted))
        self._seen, self._link_since = changed_at, link.since
        return len(differences)

    async def _is_there(self, keeper: Keeper) -> bool:
        """Whether the exchange still has what it was given: its database may have been made anew."""
        one = await asyncio.to_thread(self._one)
        return one is None or await keeper.mirrored(one.family, one.key) == one.value

    def _one(self) -> Mirrored | None:
        with self._store.reading() as session:
            return session.exec(select(Mirrored).where(Mirrored.exchange == self._exchange).limit(1)).first()

    def _last_change(self) -> int:
        with self._store.reading() as session:
            people = select(func.max(Journal.seq)).where(
                Journal.subject == Subject.RESIDENT, col(Journal.seq) > self._seen
            )
            return max(session.exec(people).one() or 0, self._seen)

    def _forget(self) -> None:
        log.warning("mirror.was_gone", exchange=self._exchange)
        with self._store.writing() as session:
            session.execute(delete(Mirrored).where(col(Mirrored.exchange) == self._exchange))

    def _compare(self) -> tuple[Facts, Facts]:
        with self._store.reading() as session:
            rows = session.exec(select(Mirrored).where(Mirrored.exchange == self._exchange)).all()
            there = {(row.family, row.key): row.value for row in rows}
            return there, wanted(session, self._centre_id, self._plan)

    def _note(self, facts: Facts) -> None:
        with self._store.writing() as session:
            for (family, key), value in facts.items():
                row = session.get(Mirrored, (self._exchange, family, key))
                if not value and row is not None:
                    session.delete(row)
                elif value and row is None:
                    session.add(Mirrored(exchange=self._exchange, family=family, key=key, value=value))
                elif row is not None:
                    row.value = value


def wanted(session: Reading, centre_id: int, plan: NumberPlan) -> Facts:
    """Everything that should stand there: buttons are emergencies, who needs much care goes first."""
    here = (
        select(Line.number)
        .join(Resident, col(Resident.id) == Line.resident_id)
        .where(Resident.centre_id == centre_id, col(Resident.ended_at).is_(None), col(Line.ended_at).is_(None))
    )
    urgent = session.exec(here.where(Resident.care_level >= URGENT_FROM)).all()
    buttons = session.exec(here.where(Line.kind == LineKind.BUTTON)).all()
    facts: Facts = {(PRIORITY, key): str(IN_QUEUE[Priority.URGENT]) for key in _keys(urgent, plan)}
    for key in _keys(buttons, plan):
        facts[EMERGENCY, key] = "1"
        facts[PRIORITY, key] = str(IN_QUEUE[Priority.EMERGENCY])
    return facts


def _keys(numbers: Iterable[str], plan: NumberPlan) -> set[str]:
    """The ways in which the network may show these numbers, as the dialplan looks them up: digits without leading
    zeros, with the country, without it, and without the area where that is ours.
    """
    keys = set()
    for number in numbers:
        if not number.startswith("+"):
            continue  # a device's id calls nobody
        national = plan.dialled(number)
        keys |= {number[1:], national.lstrip("0")}
        if plan.area_code and national.startswith(plan.area_code):
            keys.add(national.removeprefix(plan.area_code).lstrip("0"))
    return keys
