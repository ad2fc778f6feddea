"""The exchange's own event log (CEL): the truth about every call, an SQLite file that Asterisk writes and we read."""

import sqlite3
import time
import uuid
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

# The columns of the table `cel`, each with Asterisk's name for what it holds. `eventtime` is seconds since 1970 with
# microseconds, as text. A table that exists must have exactly these, or Asterisk does not write to it.
CEL_COLUMNS = (
    ("eventtype", "${eventtype}"),
    ("eventtime", "${eventtime}"),
    ("cidnum", "${CALLERID(num)}"),
    ("exten", "${CHANNEL(exten)}"),
    ("context", "${CHANNEL(context)}"),
    ("channame", "${CHANNEL(channame)}"),
    ("appname", "${CHANNEL(appname)}"),
    ("appdata", "${CHANNEL(appdata)}"),
    ("uniqueid", "${CHANNEL(uniqueid)}"),
    ("linkedid", "${CHANNEL(linkedid)}"),
    ("peer", "${BRIDGEPEER}"),
    ("userdeftype", "${userdeftype}"),
    ("eventextra", "${eventextra}"),
)

KEY = "AcctId"  # Asterisk's own, of a table that it makes
LONGEST_LOOK = 2.0  # seconds for damage: an exchange that is started late answers nobody


def set_aside(path: Path) -> Path | None:
    """Renames an event log that Asterisk could not go on with, damaged or with other columns than ours; its new name.

    Only while the exchange does not run. What it holds is still read from there, as far as that is possible.
    """
    if not path.exists() or _usable(path):
        return None
    aside = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _usable(path: Path) -> bool:
    until = time.monotonic() + LONGEST_LOOK
    try:
        with closing(sqlite3.connect(path, timeout=10)) as database:
            columns = {row[1] for row in database.execute("PRAGMA table_info(cel)")}
            if columns and columns != {KEY, *(name for name, _ in CEL_COLUMNS)}:
                return False
            database.set_progress_handler(lambda: time.monotonic() > until, 10_000)
            return bool(database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.OperationalError as problem:
        if "interrupted" in str(problem) or "locked" in str(problem):  # nothing was found in the time there is
            return True
        raise
    except sqlite3.DatabaseError:
        return False


def prepare(path: Path) -> bool:
    """Put the event log into WAL mode and mark its generation; whether anything had to be done.

    In WAL mode another process reads while Asterisk writes; without it a reader of 6 s made Asterisk lose rows. The
    mark tells a new file from the old one, whose row numbers start again at 1.
    """
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as database:
        path.chmod(0o600)
        before = database.execute("PRAGMA journal_mode").fetchone()[0]
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE IF NOT EXISTS generation (id TEXT NOT NULL PRIMARY KEY)")
        marked = database.execute("SELECT count(*) FROM generation").fetchone()[0]
        if not marked:
            database.execute("INSERT INTO generation VALUES (?)", (uuid.uuid4().hex,))
        return bool(before != "wal" or not marked)
