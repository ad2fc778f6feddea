"""Reading the exchange's own event log, a SQLite file that Asterisk writes: the truth about every call.

The file belongs to Asterisk; here it is only read, from a connection of its own for each reading and in transactions
of a few hundred rows, so that Asterisk never waits. Row numbers start again at 1 in a new file, so a position is the
file's generation (a mark that `townline pbx start` leaves in it) and a row. SQLite uses the numbers of deleted rows
again: whoever purges the file keeps its last row. Everything here blocks: for threads only.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from callbridge.errors import CelUnreadable
from callbridge.events import CelPosition
from callbridge.ledger import CelRow, Ledger

COLUMNS = ("eventtype", "eventtime", "cidnum", "exten", "channame", "appname", "uniqueid", "linkedid", "eventextra")
CHUNK = 400  # rows of one read transaction: about 1 ms
PATIENCE = 1.0  # seconds for a file that is locked
SQLITE = b"SQLite format 3\0"

_SELECT = f"SELECT rowid, {', '.join(COLUMNS)} FROM cel"  # noqa: S608 - constants
_STILL_OPEN = """rowid <= :row AND uniqueid IN (
    SELECT uniqueid FROM cel WHERE rowid <= :row AND eventtype = 'CHAN_START'
    EXCEPT SELECT uniqueid FROM cel WHERE rowid <= :row AND eventtype = 'CHAN_END')"""

log = structlog.get_logger(__name__)


class Cel:
    """Feeds the rows past a position into a ledger, each once, through purges and rotations of the file.

    A renamed file that cannot be read holds the position back until it can be or is gone; the file that Asterisk
    writes now is read on all the same.
    """

    def __init__(self, path: Path, ledger: Ledger, position: CelPosition | None) -> None:
        self.position = position
        self._path = path
        self._ledger = ledger
        self._knows_open_calls = position is None
        self._reached = {position.generation: position} if position is not None else {}  # in each file

    def read(self) -> None:
        """Take the new rows and move the position.

        Raises `CelUnreadable` when the file is missing, locked, damaged or not what we configured; whatever could be
        taken is taken, and the next reading goes on there.
        """
        problems: list[str] = []
        for path in [*self._unfinished(), self._path]:
            try:
                with _event_log(path) as database:
                    reached = self._take(database, _generation(database, path))
            except CelUnreadable as problem:
                problems.append(str(problem))
            else:
                if not problems:
                    self.position = reached
        if problems:
            raise CelUnreadable("; ".join(problems))

    def rows_of(self, uniqueid: str) -> list[CelRow]:
        """Every row of one channel, in renamed files too. Moves nothing.

        Raises `CelUnreadable` when they may stand where it cannot be read.
        """
        rows: list[CelRow] = []
        problem: CelUnreadable | None = None
        for path in [*_renamed(self._path), self._path]:
            try:
                with _event_log(path) as database:
                    rows += _rows(database, "uniqueid = :uniqueid", uniqueid=uniqueid)
            except CelUnreadable as unreadable:
                if path == self._path:
                    raise
                problem = unreadable
        if problem is not None and not rows and self._unfinished():
            raise problem
        return rows

    def _unfinished(self) -> list[Path]:
        """The renamed files that have rows past our position, oldest first; last those of which nobody can tell.

        None while the file that Asterisk writes now is the one in which our position is.
        """
        if self.position is None or _mark_of(self._path) == self.position.generation:
            return []
        begins: dict[Path, float] = {}
        unclear: list[Path] = []
        ours: Path | None = None
        for path in _renamed(self._path):
            try:
                with _event_log(path) as database:
                    begins[path] = _first_stamp(database)
                    ours = path if _generation(database, path) == self.position.generation else ours
            except CelUnreadable:
                unclear.append(path)
        since = begins[ours] if ours is not None else self.position.stamp
        if ours is None and not unclear:
            log.warning("cel.file_gone", generation=self.position.generation, row=self.position.row)
        return [*sorted((path for path in begins if begins[path] >= since), key=begins.__getitem__), *unclear]

    def _take(self, database: sqlite3.Connection, generation: str) -> CelPosition:
        """Takes what the file has that is new, as far as it can be read, and returns the position reached in it."""
        position = self._continue_at(database, generation)
        if not self._knows_open_calls:
            self._ledger.take(_rows(database, _STILL_OPEN, row=position.row))
            self._ledger.forget_news()
            self._knows_open_calls = True
        while True:
            self._reached[generation] = position
            rows: list[CelRow] = []
            try:
                for row in _rows(database, "rowid > :row ORDER BY rowid LIMIT :most", row=position.row, most=CHUNK):
                    rows.append(row)
            finally:  # what stands before a damaged place counts
                if rows:
                    self._ledger.take(rows)
                    position = CelPosition(generation=generation, row=rows[-1].row, stamp=rows[-1].at.timestamp())
                    self._reached[generation] = position
            if not rows:
                return position

    def _continue_at(self, database: sqlite3.Connection, generation: str) -> CelPosition:
        """Where to go on: row 0 in a new file, and where row numbers have been used again after a purge."""
        reached, start = self._reached.get(generation), CelPosition(generation=generation, row=0)
        if reached is None:
            log.info("cel.new_file", generation=generation)
            return start
        highest = database.execute("SELECT max(rowid) FROM cel").fetchone()[0] or 0
        there = list(_rows(database, "rowid = :row", row=reached.row))
        if highest < reached.row or (there and reached.stamp and there[0].at.timestamp() != reached.stamp):
            log.warning("cel.renumbered", generation=generation, was=reached.row, highest=highest)
            return start
        return reached


def reaches(path: Path, generation: str) -> bool:
    """Whether the event log at `path`, or a renamed one beside it, is of that generation."""
    return any(_mark_of(each) == generation for each in [*_renamed(path), path])


def _renamed(path: Path) -> list[Path]:
    """The databases among the files `NAME.*`: earlier event logs."""
    return [each for each in sorted(path.parent.glob(f"{path.name}.*")) if _is_database(each)]


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


@contextmanager
def _event_log(path: Path) -> Iterator[sqlite3.Connection]:
    """One reading of an event log. Raises `CelUnreadable`, whatever goes wrong within."""
    if not path.exists():
        raise CelUnreadable(f"{path.name} is missing")
    try:
        # Not `mode=ro`: after a crash of Asterisk the first to open the file has to recover its write-ahead log.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as database:
            database.text_factory = partial(str, encoding="utf-8", errors="replace")  # callers send any bytes
            database.execute("PRAGMA query_only = ON")
            there = {column[1] for column in database.execute("PRAGMA table_info(cel)")}
            if missing := [column for column in COLUMNS if column not in there]:
                raise CelUnreadable(
                    f"{path.name} has no column {missing[0]}" if there else f"{path.name} has no table yet"
                )
            yield database
    except CelUnreadable:
        raise
    except (sqlite3.Error, OSError) as problem:
        raise CelUnreadable(f"{path.name}: {problem}") from problem


def _first_stamp(database: sqlite3.Connection) -> float:
    """When the file's first row was written; an empty file is older than any."""
    first = next(_rows(database, "rowid = (SELECT min(rowid) FROM cel)"), None)
    return first.at.timestamp() if first is not None else 0.0


def _generation(database: sqlite3.Connection, path: Path) -> str:
    try:
        if mark := database.execute("SELECT id FROM generation").fetchone():
            return str(mark[0])
    except sqlite3.OperationalError as problem:
        if "no such table" not in str(problem):
            raise
    return f"unmarked-{path.stat().st_ino}"


def _mark_of(path: Path) -> str | None:
    """The generation of a file, None when it cannot be told."""
    try:
        with _event_log(path) as database:
            return _generation(database, path)
    except CelUnreadable:
        return None


def _rows(database: sqlite3.Connection, where: str, **values: int | str) -> Iterator[CelRow]:
    for row, event, at, *texts in database.execute(f"{_SELECT} WHERE {where}", values):
        yield CelRow(row, event or "", _time(row, at), *(text or "" for text in texts))


def _time(row: int, stamp: object) -> datetime:
    """CEL's stamp: seconds since the epoch, or local time where the exchange was configured by hand."""
    with suppress(ValueError, OverflowError):
        return datetime.fromtimestamp(float(str(stamp)), UTC)
    with suppress(ValueError):
        return datetime.fromisoformat(str(stamp)).astimezone(UTC)
    raise CelUnreadable(f"eventtime of row {row} is {stamp!r}: cel.conf must not have a dateformat")
