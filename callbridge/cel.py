"""Reading the exchange's own event log, a SQLite file that Asterisk writes: the truth about every call.

The file belongs to Asterisk; here it is only read, from a connection of its own for each reading and in transactions
of a few hundred rows, so that Asterisk never waits. Row numbers start again at 1 in a new file, so a position is the
file's generation (a mark that `townline pbx start` leaves in it) and a row. SQLite uses the numbers of deleted rows
again: whoever purges the file keeps its last row. Everything here blocks: for threads only.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog

from callbridge.errors import CelUnreadable
from callbridge.events import CelPosition
from callbridge.ledger import CelRow, Ledger

COLUMNS = ("eventtype", "eventtime", "cidnum", "exten", "channame", "appname", "uniqueid", "linkedid", "eventextra")
CHUNK = 400  # rows of one read transaction: about 1 ms
PATIENCE = 1.0  # seconds for a file that is locked

_SELECT = f"SELECT rowid, {', '.join(COLUMNS)} FROM cel"  # noqa: S608 - constants
_STILL_OPEN = """rowid <= :row AND uniqueid IN (
    SELECT uniqueid FROM cel WHERE rowid <= :row AND eventtype = 'CHAN_START'
    EXCEPT SELECT uniqueid FROM cel WHERE rowid <= :row AND eventtype = 'CHAN_END')"""

log = structlog.get_logger(__name__)


class Cel:
    """Feeds the rows past a position into a ledger, each once, through purges and rotations of the file."""

    def __init__(self, path: Path, ledger: Ledger, position: CelPosition | None) -> None:
        self.position = position
        self._path = path
        self._ledger = ledger
        self._knows_open_calls = position is None
        self._last_row: CelRow | None = None  # what stood at our position

    def read(self) -> None:
        """Take the new rows and move the position.

        Raises `CelUnreadable` when the file is missing, locked or not what we configured; whatever was taken until
        then stays taken, the next reading goes on there.
        """
        try:
            self._finish_renamed_file()
            if not self._path.exists():
                raise CelUnreadable(f"{self._path.name} is missing")
            with closing(_open(self._path)) as database:
                self._take(database, _generation(database, self._path))
        except sqlite3.Error as problem:
            raise CelUnreadable(f"{self._path.name}: {problem}") from problem

    def rows_of(self, uniqueid: str) -> list[CelRow]:
        """Every row of one channel, in renamed files too. Raises `CelUnreadable`. Moves nothing."""
        if not self._path.exists():
            raise CelUnreadable(f"{self._path.name} is missing")
        rows: list[CelRow] = []
        for path in [*(each for each in self._renamed() if _mark_of(each)), self._path]:
            try:
                with closing(_open(path)) as database:
                    rows += _rows(database, "uniqueid = :uniqueid", uniqueid=uniqueid)
            except sqlite3.Error as problem:
                raise CelUnreadable(f"{path.name}: {problem}") from problem
        return rows

    def _renamed(self) -> list[Path]:
        return sorted(self._path.parent.glob(f"{self._path.name}.*"))

    def _finish_renamed_file(self) -> None:
        """When our file was renamed (to `NAME.*`), read the rest of it before the new one."""
        if self.position is None or (self._path.exists() and _mark_of(self._path) == self.position.generation):
            return
        for sibling in self._renamed():
            if _mark_of(sibling) == self.position.generation:
                with closing(_open(sibling)) as database:
                    self._take(database, self.position.generation)
                return

    def _take(self, database: sqlite3.Connection, generation: str) -> None:
        row = self._continue_at(database, generation)
        if not self._knows_open_calls:
            self._ledger.take(_rows(database, _STILL_OPEN, row=row))
            self._ledger.forget_news()
            self._knows_open_calls = True
        self.position = CelPosition(generation=generation, row=row)
        while rows := list(_rows(database, "rowid > :row ORDER BY rowid LIMIT :most", row=row, most=CHUNK)):
            self._ledger.take(rows)
            self._last_row = rows[-1]
            row = self._last_row.row
            self.position = CelPosition(generation=generation, row=row)

    def _continue_at(self, database: sqlite3.Connection, generation: str) -> int:
        """The row after which to go on: 0 in a new file, and where row numbers have been used again after a purge."""
        if self.position is None:
            return 0
        if generation != self.position.generation:
            log.warning("cel.new_file", generation=generation, was=self.position.generation, row=self.position.row)
            return 0
        highest = database.execute("SELECT max(rowid) FROM cel").fetchone()[0] or 0
        there = list(_rows(database, "rowid = :row", row=self.position.row))
        if highest < self.position.row or (there and self._last_row is not None and there != [self._last_row]):
            log.warning("cel.renumbered", generation=generation, was=self.position.row, highest=highest)
            return 0
        return self.position.row


def _open(path: Path) -> sqlite3.Connection:
    # Not `mode=ro`: after a crash of Asterisk the first to open the file has to recover its write-ahead log.
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE)
    try:
        database.execute("PRAGMA query_only = ON")
        there = {column[1] for column in database.execute("PRAGMA table_info(cel)")}
        if missing := [column for column in COLUMNS if column not in there]:
            raise CelUnreadable(
                f"{path.name} has no column {missing[0]}" if there else f"{path.name} has no table yet"
            )
    except BaseException:
        database.close()
        raise
    return database


def _generation(database: sqlite3.Connection, path: Path) -> str:
    try:
        if mark := database.execute("SELECT id FROM generation").fetchone():
            return str(mark[0])
    except sqlite3.OperationalError as problem:
        if "no such table" not in str(problem):
            raise
    return f"unmarked-{path.stat().st_ino}"


def _mark_of(path: Path) -> str | None:
    """The generation of a file, None when it is no event log."""
    try:
        with closing(_open(path)) as database:
            return _generation(database, path)
    except (sqlite3.DatabaseError, CelUnreadable):
        return None


def _rows(database: sqlite3.Connection, where: str, **values: int | str) -> Iterator[CelRow]:
    for row, event, at, *texts in database.execute(f"{_SELECT} WHERE {where}", values):
        yield CelRow(row, event or "", _time(at), *(text or "" for text in texts))


def _time(text: str) -> datetime:
    """CEL's stamp: seconds since the epoch, or local time where the exchange was configured by hand."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise CelUnreadable(f"eventtime is {text!r}: cel.conf must not have a dateformat") from None
