"""The exchange's event log as Asterisk 22 writes it (cel_sqlite3_custom, our columns): a real file, row by row."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from callbridge.exchange.eventlog import CEL_COLUMNS, prepare

COLUMNS = [name for name, _ in CEL_COLUMNS]


class CelWriter:
    """Every row is there for readers, and in the one file, when its method returns. One writer at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.make()

    def make(self) -> None:
        """The file with its table, as `townline pbx start` and Asterisk leave it."""
        self.execute(f"CREATE TABLE IF NOT EXISTS cel (AcctId INTEGER PRIMARY KEY, {', '.join(COLUMNS)})")
        prepare(self.path)

    def row(self, event: str, at: datetime, uniqueid: str, **columns: str) -> None:
        """One event of one channel; a column that is not named is empty, `linkedid` is `uniqueid`."""
        values = dict.fromkeys(COLUMNS, "") | {
            "eventtype": event,
            "eventtime": f"{at.timestamp():.6f}",
            "uniqueid": uniqueid,
            "linkedid": columns.pop("linkedid", uniqueid),
            **columns,
        }
        marks = ", ".join("?" * len(values))
        insert = f"INSERT INTO cel ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - our own columns
        with self._open() as database:
            database.execute(insert, list(values.values()))

    def own(self, event: str, at: datetime, uniqueid: str, facts: str, **columns: str) -> None:
        """An event of our dialplan (CELGenUserEvent)."""
        extra = json.dumps({"extra": facts}, separators=(",", ":"), ensure_ascii=False)
        self.row(event, at, uniqueid, userdeftype=event, eventextra=extra, **columns)

    @property
    def last_row(self) -> int:
        """The highest row, 0 in an empty file."""
        with self._open() as database:
            return int(database.execute("SELECT coalesce(max(AcctId), 0) FROM cel").fetchone()[0])

    def execute(self, sql: str) -> None:
        """Whatever somebody does to the file by hand."""
        with self._open() as database:
            database.execute(sql)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")  # a power cut is not rehearsed here
            yield database
