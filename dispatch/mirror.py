"""What must hold while we are away, kept in the exchange's own database: who is an emergency, who goes first,
whom an emergency rings outside when no operator answers, whom the exchange calls in our silence.

The dialplan reads it and waits for nobody. Only differences are written. What stands there the exchange is asked with
each new link and once an hour: its database may have been made anew, or have been changed behind our back.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import or_
from sqlmodel import col, func, select

from callbridge import watch
from callbridge.bridge import LinkState
from callbridge.errors import BridgeError
from dispatch import rules
from dispatch.arrivals import IN_QUEUE, URGENT_FROM
from dispatch.policy import heartbeat_policy, ladder_policy
from registry.models import Line, LineKind, Resident
from registry.models.centre import Priority
from registry.numbers import NumberPlan
from registry.store import Reading, Store, Subject
from registry.store.journal import Journal

log = structlog.get_logger()

EMERGENCY, PRIORITY, FALLBACK = "townline-emergency", "townline-priority", "townline-fallback"
MOST_OUTSIDE = 9  # who is rung at the same time for one emergency: each takes a channel of the trunk
FAMILIES = (EMERGENCY, PRIORITY, FALLBACK, watch.FAMILY, watch.SUPERVISOR)
LOOK_EVERY = 5.0  # seconds, when nobody wakes it: people may have been changed by another instance
ASK_EVERY = timedelta(hours=1)

Facts = dict[tuple[str, str], str]  # value by family and key


class Keeper(Protocol):
    """What is asked of the exchange (`callbridge.bridge.Bridge`)."""

    @property
    def link(self) -> LinkState: ...

    async def mirror(self, family: str, keys: Sequence[str], value: str) -> None: ...

    async def mirrored(self, family: str) -> dict[str, str]: ...


class Mirror:
    """One for each exchange that is held here."""

    def __init__(self, store: Store, centre_id: int, plan: NumberPlan, exchange: str) -> None:
        self._store = store
        self._centre_id = centre_id
        self._plan = plan
        self._exchange = exchange
        self._seen = -1  # the journal's sequence up to which changes of people and rules have been mirrored
        self._there: Facts | None = None  # what the exchange has, None when that is not known
        self._link_since: datetime | None = None
        self._asked_at = datetime.min.replace(tzinfo=UTC)
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
        there, self._there = self._there, None  # should the link break in the middle, the exchange is asked again
        if there is None or link.since != self._link_since or self._store.clock.now() - self._asked_at >= ASK_EVERY:
            there = await self._ask(keeper, there)
            self._link_since = link.since
        elif changed_at == self._seen:
            self._there = there
            return 0
        wanted_now = await asyncio.to_thread(self._wanted)
        differences = {name: value for name, value in wanted_now.items() if there.get(name) != value}
        differences |= dict.fromkeys(there.keys() - wanted_now.keys(), "")
        for (family, value), keys in _by_value(differences).items():
            await keeper.mirror(family, keys, value)
        if differences:
            log.info("mirror.kept", exchange=self._exchange, written=len(differences), facts=len(wanted_now))
        self._seen, self._there = changed_at, wanted_now
        return len(differences)

    async def _ask(self, keeper: Keeper, expected: Facts | None) -> Facts:
        """What the exchange has of what we write there; it keeps facts of its own beside it."""
        found: Facts = {}
        for family in FAMILIES:
            found |= {(family, key): value for key, value in (await keeper.mirrored(family)).items()}
        for key in watch.ITS_OWN:
            found.pop((watch.FAMILY, key), None)
        self._asked_at = self._store.clock.now()
        if expected is not None and found != expected:
            lost, strange = len(expected.items() - found.items()), len(found.keys() - expected.keys())
            log.warning("mirror.drifted", exchange=self._exchange, lost=lost, strange=strange)
        return found

    def _last_change(self) -> int:
        with self._store.reading() as session:
            changes = select(func.max(Journal.seq)).where(
                or_(col(Journal.subject) == Subject.RESIDENT, col(Journal.what) == rules.CHANGED),
                col(Journal.seq) > self._seen,
            )
            return max(session.exec(changes).one() or 0, self._seen)

    def _wanted(self) -> Facts:
        with self._store.reading() as session:
            return wanted(session, self._centre_id, self._plan)


def _by_value(facts: Facts) -> dict[tuple[str, str], list[str]]:
    """The keys that get the same value, by family and value."""
    keys: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (family, key), value in facts.items():
        keys[family, value].append(key)
    return keys


def wanted(session: Reading, centre_id: int, plan: NumberPlan) -> Facts:
    """Everything that should stand there: buttons are emergencies, who needs much care goes first, and whom the
    exchange calls by itself.
    """
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
    return facts | _called_by_the_exchange(session, centre_id)


def _called_by_the_exchange(session: Reading, centre_id: int) -> Facts:
    """The ladder's first supervisors and people on call, whom an emergency rings that no operator answers; and, where
    our silence is to be noticed, after how long and which supervisors.
    """
    ladder, heartbeat = ladder_policy(session, centre_id), heartbeat_policy(session, centre_id)
    facts = _by_rank(FALLBACK, ladder.on_duty[:MOST_OUTSIDE])
    if heartbeat.on:
        facts[watch.FAMILY, watch.SILENT_SECONDS] = str(heartbeat.silent_seconds)
        facts[watch.FAMILY, watch.PAUSE_SECONDS] = str(heartbeat.pause_seconds)
        facts |= _by_rank(watch.SUPERVISOR, ladder.supervisors)
    return facts


def _by_rank(family: str, numbers: Iterable[str]) -> Facts:
    return {(family, str(rank)): number for rank, number in enumerate(numbers, 1)}


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
