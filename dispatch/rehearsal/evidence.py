"""Witnesses that know nothing of the journal: the exchange's CEL and queue_log, and the robots' own logs."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dispatch.rehearsal.witness import Log, Sighting

CEL_COLUMNS = (
    "eventtype",
    "eventtime",
    "cidnum",
    "exten",
    "channame",
    "appname",
    "uniqueid",
    "linkedid",
    "eventextra",
)
CelRow = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness says: which one, when, and in its own words."""

    source: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A line of queue_log; `details` are its last columns."""

    at: datetime
    call: str
    queue: str
    member: str
    event: str
    details: tuple[str, ...]


class Evidence:
    def __init__(self, cel: Path, queue_log: Path, robots: Mapping[str, Log]) -> None:
        self._cel = cel
        self._queue_log = queue_log
        self._robots = robots

    def cel_rows(self) -> list[CelRow]:
        """Everything in CEL, oldest first."""
        query = f"SELECT {', '.join(CEL_COLUMNS)} FROM cel ORDER BY rowid"  # noqa: S608 - constants
        try:
            with closing(
                sqlite3.connect(f"{self._cel.absolute().as_uri()}?mode=rw", uri=True, timeout=2)
            ) as database:
                database.execute("PRAGMA query_only = ON")
                rows = database.execute(query).fetchall()
        except sqlite3.OperationalError:  # no file or no table yet
            return []
        return [dict(zip(CEL_COLUMNS, map(str, row), strict=True)) for row in rows]

    def cel(self, accept: Callable[[CelRow], bool]) -> Seen | None:
        """The first row that `accept` takes."""
        for row in self.cel_rows():
            if accept(row):
                at = datetime.fromtimestamp(float(row["eventtime"]), UTC)
                return Seen("CEL", at, f"{row['eventtype']} {row['uniqueid']}")
        return None

    def queue(self, accept: Callable[[QueueRow], bool]) -> Seen | None:
        """The first line of queue_log that `accept` takes; its stamps are whole seconds."""
        if not self._queue_log.exists():
            return None
        for line in self._queue_log.read_text(encoding="utf-8", errors="replace").splitlines():
            stamp, call, queue, member, event, *details = line.split("|")
            row = QueueRow(datetime.fromtimestamp(int(stamp), UTC), call, queue, member, event, tuple(details))
            if accept(row):
                return Seen("queue_log", row.at, " ".join(filter(None, (event, "" if member == "NONE" else member))))
        return None

    def robot(self, name: str, accept: Callable[[Sighting], bool]) -> Seen | None:
        """The first line of that robot's log that `accept` takes."""
        for sighting in self._robots[name].read():
            if accept(sighting):
                words = " ".join(filter(None, (sighting.what, sighting.number, sighting.detail)))
                return Seen(name, sighting.at, " ".join(words.split()))
        return None
