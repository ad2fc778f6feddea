"""A play with its process killed once at a given moment and started again, and what then came to the telephones."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.engine import URL
from sqlmodel import col

from dispatch.models import Attempt
from registry.store import MovableClock, Store
from tests.dispatch.killing.copies import Copies
from tests.dispatch.killing.exchange import SECRETS, Exchange, Order
from tests.dispatch.killing.lives import AtCommit, Lives
from tests.dispatch.killing.numbers import BUTTON
from tests.dispatch.killing.plays import Play
from tests.dispatch.killing.receiver import Bytes, Receiver
from tests.dispatch.killing.worker import Now, Task
from tests.dispatch.town import found

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PRESSED_AFTER, GIVES_UP_AFTER = timedelta(seconds=10), timedelta(seconds=25)


@dataclass(frozen=True, slots=True)
class Message:
    """The `nth` message that leaves, and how far it has come when its sender is killed."""

    at: Bytes
    nth: int


Moment = AtCommit | Message | Order
LONGEST = 70  # characters of what a commit says
WORDS = {"timer": "a clock is claimed", "inbound": "a reply is stored"}  # what the journal does not tell


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a kill at `moment`; None: nobody was killed."""

    play: Play
    moment: Moment | None
    killed: bool
    finished: bool
    messages: int
    calls: int
    lost: int
    doubled: int
    repeats: int  # what the service itself says that it may have doubled
    commits: tuple[AtCommit, ...]
    instances: int

    @property
    def came(self) -> bool:
        """Two services share the work as it happens: what was written twice may the next time be written once."""
        return self.killed or self.moment is None

    @property
    def is_good(self) -> bool:
        as_it_should = (self.came or self.instances > 1) and self.finished
        may_double = self.repeats if self.play.may_double else 0  # no more than it says
        return as_it_should and not self.lost and self.doubled <= may_double

    @property
    def words(self) -> str:
        match self.moment:
            case AtCommit(what, nth, done, words):
                return f"{'after ' if done else 'before'} {WORDS.get(what, _short(words))} ({nth})"
            case Message(at, nth):
                return f"message {nth}: {at}"
            case Order(at, nth, away):
                return f"call {nth}: {at}{', and the exchange is away' if away else ''}"
            case _:
                return "nobody is killed"


class Town:
    """Runs a play on copies of a database prepared for it, with one process, or with two beside each other."""

    def __init__(self, play: Play, copies: Copies, centre_id: int, *, instances: int = 1) -> None:
        self._play, self._copies, self._centre_id, self._instances = play, copies, centre_id, instances

    def run(self, moment: Moment | None = None) -> Row:
        """The whole play, with one death at `moment`."""
        play, receiver = self._play, Receiver()
        if isinstance(moment, Message):
            receiver.at, receiver.nth = moment.at, moment.nth
        with TemporaryDirectory(prefix="townline-killing-") as name, self._copies.copy() as url:
            folder = Path(name)
            (folder / "secrets").mkdir()
            for secret, value in SECRETS.items():
                (folder / "secrets" / secret).write_text(value)
            exchange = Exchange(folder, MORNING, moment if isinstance(moment, Order) else None)
            for number, habits in play.habits.items():
                exchange.when_called(number, *habits)
            with receiver.listening(), exchange.listening():
                if play.pressed:
                    exchange.is_pressed(BUTTON, PRESSED_AFTER, GIVES_UP_AFTER)
                task = Task(
                    play=play.kind,
                    database=url.render_as_string(hide_password=False),
                    gateway=receiver.url,
                    ami_port=exchange.port,
                    folder=folder,
                    centre_id=self._centre_id,
                    now=Now(MORNING, reachable=True),
                )
                lives = Lives(task, exchange, moment if isinstance(moment, AtCommit) else None)
                receiver.kill = exchange.kill = lives.kill_who_sends
                lives.live(self._instances)
            messages, calls = receiver.texts, exchange.calls
            repeats = _repeats(url)
        return Row(
            play=play,
            moment=moment,
            killed=lives.killed,
            finished=lives.finished,
            messages=messages.total(),
            calls=calls.total(),
            lost=play.lost(messages + calls),
            doubled=play.doubled(messages + calls),
            repeats=repeats,
            commits=tuple(lives.commits),
            instances=self._instances,
        )


def prepare(play: Play, url: URL) -> int:
    """Puts the town and what has been begun in it into a database; the centre's id."""
    with closing(Store(url, clock=MovableClock(MORNING))) as store:
        town = found(store, store.clock)  # type: ignore[arg-type]
        play.begin(town)
        return town.centre_id


def _repeats(url: URL) -> int:
    with closing(Store(url)) as store, store.reading() as session:
        return len(session.scalars(select(col(Attempt.id)).where(col(Attempt.repeated))).all())


def moments(undisturbed: Row) -> list[Moment]:
    """Where a process may be killed: before each commit, and with the bytes of each message and call.

    After a commit only where it is the first of its name: all is then as it is before the next one, or as the bytes
    that leave in between find it.
    """
    commits = [
        replace(each, done=done)
        for each in undisturbed.commits
        for done in ((False, True) if each.nth == 1 else (False,))
    ]
    messages = [Message(at, nth) for nth in range(1, undisturbed.messages + 1) for at in Bytes]
    orders = [Order(at, nth) for nth in range(1, undisturbed.calls + 1) for at in Bytes]
    away = [Order(Bytes.TAKEN, nth, away=True) for nth in range(1, undisturbed.calls + 1)]
    return [*commits, *messages, *orders, *away]


def rows(town: Town) -> list[Row]:
    """The play undisturbed, and then with a death at each moment, several of them side by side."""
    undisturbed = town.run()
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        return [undisturbed, *pool.map(town.run, moments(undisturbed))]


def drawn(kind: str, found: Sequence[Row]) -> str:
    """For reading."""
    width = max(len(row.words) for row in found)
    lines = [f"{kind:{width}}  {'messages':>8} {'calls':>5} {'lost':>5} {'doubled':>8} {'said so':>8}"]
    for row in found:
        why = "" if row.came else "  the moment did not come"
        why += "" if row.is_good else "  WRONG" if row.finished else "  NOT FINISHED"
        counts = f"{row.messages:>8} {row.calls:>5} {row.lost:>5} {row.doubled:>8} {row.repeats:>8}"
        lines.append(f"{row.words:{width}}  {counts}{why}")
    lost, doubled = sum(row.lost for row in found), sum(row.doubled for row in found)
    lines.append(f"{kind}: killed at {sum(row.killed for row in found)} moments, lost {lost}, doubled {doubled}")
    return "\n".join(lines)


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[:LONGEST]} …"
