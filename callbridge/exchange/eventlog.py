"""The exchange's own event log (CEL): the truth about every call, an SQLite file that Asterisk writes and we read."""

import sqlite3
import uuid
from contextlib import closing
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
