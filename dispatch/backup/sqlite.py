"""A SQLite database: copied while it is written to, and put into the place of another in one step.

`VACUUM INTO` reads one consistent state in a read transaction, which holds up no writer, and leaves out the free
pages, in which deleted people still stand.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import URL

from dispatch.backup.archive import PRIVATE, Reader, sync
from dispatch.backup.facts import Copied, facts_of, master_versions_of, recordings_of
from dispatch.backup.files import owned_like
from dispatch.backup.problems import Damaged, InUse
from dispatch.backup.steady import Steady
from dispatch.migrate import migrate
from registry.store import Store, Writing

MEMBER = "database/townline.db"
PATIENCE = 30  # seconds for a file that is being opened after a crash
A_WHILE = 200_000  # steps of SQLite's machine: it copies a few megabytes in them
SHORT = 3  # seconds for somebody who is about to let go
BESIDE = ("-wal", "-shm", "-journal")  # SQLite's own files of a database


def copy_out(database: Path, folder: Path, exchange: str) -> Copied:
    """What stands in the copy, and the copy itself by its name in the backup."""
    copy = folder / "townline.db"
    handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        steady = Steady(handle)
        with closing(sqlite3.connect(database, timeout=PATIENCE, isolation_level=None)) as source:
            source.set_progress_handler(steady.now, A_WHILE)
            source.execute("VACUUM INTO ?", (str(copy),))
    finally:
        os.close(handle)
    with closing(_store(copy)) as store, store.engine.connect() as connection:
        facts = facts_of(connection)
        recordings = recordings_of(connection, facts, exchange)
        return Copied(facts, recordings, master_versions_of(connection, facts), {MEMBER: copy})


def is_empty(database: Path) -> bool:
    """Whether nothing would be lost; a file that is no database, or a damaged one, is something."""
    if not database.exists() or database.stat().st_size == 0:
        return True
    try:
        with closing(sqlite3.connect(database, timeout=PATIENCE)) as there:
            return bool(there.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)
    except sqlite3.DatabaseError:
        return False


def in_use(database: Path) -> None:
    """Raises InUse while anybody has the file open. Leaves everything in that one file, without a log beside it."""
    if is_empty(database):
        return
    try:
        with closing(sqlite3.connect(database, timeout=SHORT, isolation_level=None)) as there:
            there.execute("PRAGMA journal_mode=DELETE")  # SQLite grants that to the only one who has it open
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise InUse(f"{database} is open in another program: `fuser {database}` names it") from error
        # A damaged one is nobody's to use.


def put_in(database: Path, backup: Reader, settle: Callable[[Writing], None], keep_as: Path | None) -> None:
    """Makes the database of the backup beside `database`, brings it up to date, has it settled, and lets it take the
    place in one step: whenever this ends, the old one or the new one stands there whole. The old one is kept at
    `keep_as` where that is given. Nobody else may have `database` open.
    """
    new = database.with_name(f"{database.name}.restoring")
    sweep(database)
    try:
        backup.extract(MEMBER, new)
        _look_at(new, backup)
        with closing(_store(new)) as store:
            migrate(store)
            with store.writing() as session:
                settle(session)
        owned_like(new, database if database.exists() else database.parent)
        in_use(new)
        _swap(new, database, keep_as)
    finally:
        _remove(new)


def sweep(database: Path) -> None:
    """Removes what a restore that was killed has left beside the database. Whoever holds its lock may do that."""
    database = database.resolve()
    new, old = database.with_name(f"{database.name}.restoring"), _aside(database)
    _remove(new)
    if old.exists() and database.exists() and old.samefile(database):  # it was killed before the step
        for end in BESIDE:
            with suppress(FileNotFoundError):
                Path(f"{old}{end}").rename(f"{database}{end}")
    _remove(old)


def _aside(database: Path) -> Path:
    return database.with_name(f"{database.name}.replaced")


def _store(path: Path) -> Store:
    return Store(URL.create("sqlite", database=str(path)))


def _look_at(path: Path, backup: Reader) -> None:
    facts = backup.manifest.database
    with closing(_store(path)) as store, store.engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if found != "ok":
            raise Damaged(f"{backup.path}: its database is damaged ({found}); take another backup")
        if facts_of(connection) != facts:
            raise Damaged(f"{backup.path}: its database is not the one that the manifest describes")


def _swap(new: Path, database: Path, keep_as: Path | None) -> None:
    old = keep_as or _aside(database)
    if database.exists():
        os.link(database, old)  # a second name: it is never without one
        for end in BESIDE:  # of a damaged one: what belongs to it must not be taken for the new one's
            with suppress(FileNotFoundError):
                Path(f"{database}{end}").rename(f"{old}{end}")
    new.replace(database)
    sync(database.parent)
    if keep_as is None:
        _remove(old)


def _remove(path: Path) -> None:
    for end in ("", *BESIDE):
        Path(f"{path}{end}").unlink(missing_ok=True)
