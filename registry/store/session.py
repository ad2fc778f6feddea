"""Sessions with the transaction rules that both databases need.

SQLite's default driver begins transactions late and loses updates between read and write; writers here begin with
`BEGIN IMMEDIATE`, readers with a plain `BEGIN`, and the writers of one process queue on a lock of their own, because
SQLite's busy handler sleeps up to 100 ms at a time and is unfair. On PostgreSQL a transaction is READ COMMITTED and
rows that are decided upon are locked with FOR NO KEY UPDATE (`Writing.lock`), which SQLite neither knows nor needs.
"""

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from typing import Any, TypeVar

import structlog
from sqlalchemy import Engine, Executable, Select, bindparam, create_engine, event, inspect, select
from sqlalchemy.engine import URL, Connection, CursorResult, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, SQLModel

from registry.store import journal
from registry.store.clock import Clock, SystemClock

log = structlog.get_logger()

BUSY = 10  # seconds that SQLite waits for whoever holds the file
SYNCED = "PRAGMA synchronous=FULL"  # an acknowledged emergency survives a power cut
LOOKED_EVERY = 0.001  # seconds: whether another process has let it go
LONGEST_WRITE = 0.1  # seconds: rule 8, nobody holds the database
TRIES = 3  # of a transaction that has met another one
MET_ANOTHER = frozenset(
    {"40P01", "23505"}
)  # a deadlock, a key that is there already (PostgreSQL's manual, appendix A)
REMEMBERED = "remembered"  # in `info`: what the sessions of one store remember of it, each under a name of its own

Row = TypeVar("Row", bound=SQLModel)
Made = TypeVar("Made")


class _Asking(Session):
    def rows(self, statement: Executable, **values: Any) -> CursorResult[*tuple[Any, ...]]:
        """What a statement finds that was built once, with its `values`: columns, not rows of a model.

        It goes past the session, which would take three times as long to run it, and to build it anew six times.
        """
        self.flush()
        return self.connection().execute(statement, values)


class Reading(_Asking):
    """A session that only reads: one consistent view for as long as it is open."""


class Writing(_Asking):
    """One write transaction: what it changes and what the journal says of it are committed together."""

    clock: Clock
    entries: list[journal.Entry]
    last: int | None = None  # the highest journal sequence that it has written, at its end

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._locked: set[tuple[type[SQLModel], int | str]] = set()
        self._met: list[object] = []  # every row so far: a session alone forgets, and reads the same row again
        self._one_writer = self.get_bind().dialect.name == "sqlite"

    def record(self, entry: journal.Entry) -> None:
        """Puts an entry into the journal when this transaction commits."""
        self.entries.append(entry)

    def lock(self, model: type[Row], key: int | str) -> Row | None:
        """The row as it is now, held against every other writer until this transaction ends.

        Rows that refer to it may still be written meanwhile: its key does not change.
        """
        if self._one_writer or (model, key) in self._locked:  # nobody can have changed it since it was read
            return self.get(model, key)
        row = self.scalars(_held(model), {"key": key}).one_or_none()
        if row is not None:
            self._locked.add((model, key))
        return row

    def lock_all(self, model: type[Row], keys: Iterable[int]) -> list[Row]:
        """`lock` for several rows with a numeric `id`, in the order of their ids, in one statement."""
        wanted = sorted(keys)
        if self._one_writer:
            unread = [key for key in wanted if self.identity_key(model, key) not in self.identity_map]
        else:
            unread = [key for key in wanted if (model, key) not in self._locked]
        if len(unread) > 1:
            column = inspect(model).primary_key[0]
            rows = select(model).where(column.in_(unread)).order_by(column)
            if not self._one_writer:
                rows = rows.with_for_update(key_share=True).execution_options(populate_existing=True)
            self.scalars(rows).all()
            self._locked.update((model, key) for key in unread)
        held = (self.lock(model, key) for key in wanted)
        return [row for row in held if row is not None]

    def keep(self, row: object) -> None:
        self._met.append(row)


for _moment in ("loaded_as_persistent", "pending_to_persistent"):
    event.listen(Writing, _moment, Writing.keep)


class _Changes(Exception):
    """There is something to write."""


def _refuse_changes(session: Session, *_: object) -> None:
    if session.new or session.deleted or any(map(session.is_modified, session.dirty)):
        raise _Changes


@lru_cache
def _held(model: type[Row]) -> Select[Row]:
    """One row by its key, held and read anew."""
    mine = select(model).where(inspect(model).primary_key[0] == bindparam("key"))
    return mine.with_for_update(key_share=True).execution_options(populate_existing=True)


class Store:
    """The database of one installation; safe to share between threads."""

    def __init__(self, url: str | URL, *, clock: Clock | None = None) -> None:
        self.url = make_url(url)
        self.clock: Clock = clock or SystemClock()
        self.info: dict[str, Any] = {REMEMBERED: {}}  # what each session carries in its own, with the same values
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self._pen = threading.Lock()
        self._listeners: list[Callable[[int], None]] = []
        self._timekeepers: list[Callable[[float], None]] = []

    def on_commit(self, listener: Callable[[int], None]) -> None:
        """Calls `listener` with the highest new journal sequence after every commit that wrote entries.

        It is called in the writer's thread and must return at once.
        """
        self._listeners.append(listener)

    def on_write(self, listener: Callable[[float], None]) -> None:
        """Calls `listener` with the seconds that each committed write transaction held the database."""
        self._timekeepers.append(listener)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        with self.engine.connect() as connection:
            begin(connection, "BEGIN")
            with Reading(bind=connection, expire_on_commit=False, autoflush=False, info=self.info) as session:
                yield session

    @contextmanager
    def writing(self, *, synced: bool = True) -> Iterator[Writing]:
        """A write transaction: commits at the end of the block, rolls back when it raises.

        Not `synced` is for what can be done again: on SQLite a power cut may take it back, with all that was not
        synced before it, until the next one that is synced or `tidy`. On PostgreSQL it is synced all the same: what
        was left over, the next call's commit would have to wait for.
        """
        with self._one_writer(), self.engine.connect() as connection, self._syncing(connection, synced):
            begin(connection, "BEGIN IMMEDIATE")
            began = time.monotonic()
            with self.writing_on(connection) as session:
                yield session
            connection.commit()
            if (held := time.monotonic() - began) > LONGEST_WRITE:
                log.warning("store.write_held_long", ms=round(held * 1000))
            for timekeeper in self._timekeepers:
                timekeeper(held)
        if session.last is not None:
            for listener in self._listeners:
                listener(session.last)

    def write_if_needed(self, work: Callable[[Writing], Made]) -> Made:
        """What `work` makes, which mostly finds that everything is there already: then it holds nobody up, however
        long it looks. Only where it would change a row or tell the journal is it begun again, as a write transaction;
        what it writes are rows of the models, no statements of its own.
        """
        with self.engine.connect() as connection:
            begin(connection, "BEGIN")
            with Writing(bind=connection, expire_on_commit=False, info=self.info) as session:
                session.clock, session.entries = self.clock, []
                event.listen(session, "before_flush", _refuse_changes)
                with suppress(_Changes):
                    made = work(session)
                    session.flush()
                    if not session.entries:
                        return made
        with self.writing() as session:
            return work(session)

    def write(self, work: Callable[[Writing], Made]) -> Made:
        """What `work` makes of a write transaction, once it is committed.

        Of two transactions that wait for each other PostgreSQL ends one, and of two that make the same thing one is
        refused; that one is begun again, from its beginning and `TRIES` times in all, and finds what the other made.
        So `work` does nothing but read and write in its session.
        """
        tries = 1
        while True:
            try:
                with self.writing() as session:
                    return work(session)
            except DBAPIError as problem:
                why = getattr(problem.orig, "sqlstate", None)
                if why not in MET_ANOTHER or tries == TRIES:
                    raise
                log.warning("store.begun_again", tries=tries, why=why)
                tries += 1

    @contextmanager
    def writing_on(self, connection: Connection) -> Iterator[Writing]:
        """Writes, with the journal's rows last, in the transaction of `connection`, which the caller commits."""
        with Writing(bind=connection, expire_on_commit=False, info=self.info) as session:
            session.clock, session.entries = self.clock, []
            yield session
            session.flush()
            if session.entries:
                session.last = journal.append(connection, session.entries, self.clock.now())
            session.commit()

    def tidy(self) -> None:
        """For whoever writes much, after each transaction: on SQLite what was written ahead goes into the file now.
        Otherwise it grows until a commit has to do that, a call's perhaps.
        """
        if self.is_sqlite:
            with closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").close()

    def analyze(self, *tables: type[SQLModel]) -> None:
        """Lets the database look how much is in the tables, by which it plans; on PostgreSQL, while others write."""
        quote = self.engine.dialect.identifier_preparer.quote
        names = ", ".join(quote(str(table.__tablename__)) for table in tables)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"ANALYZE {names}")

    def forked(self) -> None:
        """To be called in a process that was forked: the connections stay with the one that has opened them."""
        self.engine.dispose(close=False)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _syncing(self, connection: Connection, synced: bool) -> Iterator[None]:
        if synced or not self.is_sqlite:
            yield
            return
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA synchronous=NORMAL").close()
        try:
            yield
        finally:
            connection.rollback()  # of what has failed: inside a transaction this cannot be changed
            driver.execute(SYNCED).close()

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        if self.is_sqlite:
            with self._pen:
                yield
        else:
            yield


def begin(connection: Connection, how: str) -> None:
    """Starts the connection's transaction; on SQLite with the `how` given."""
    connection.info["begin"] = how
    connection.begin()


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
        connect_args={"application_name": f"townline, process {os.getpid()} on {socket.gethostname()}"[:63]},
        hide_parameters=True,  # an error's words may be logged, a person's data may not
    )


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY, "check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver starts no transactions of its own; `begin` below does
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute(SYNCED)
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is not left in free pages
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_as_told(connection: Connection) -> None:
        how = connection.info.get("begin", "BEGIN")
        if how == "BEGIN IMMEDIATE":
            _take_turns(connection)
        else:
            connection.exec_driver_sql(how)

    return engine


def _take_turns(connection: Connection) -> None:
    """Begins to write as soon as another process has written. SQLite itself would look every 25 to 100 ms whether it
    has: a call that meets an import would wait five times as long as the import's transaction takes.
    """
    give_up = time.monotonic() + BUSY
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as problem:
                is_busy = getattr(problem.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > give_up:
                    raise
                time.sleep(LOOKED_EVERY)
            else:
                return
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY * 1000}")


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Switches a new file to WAL. Of two that have just opened it SQLite refuses one at once, without waiting."""
    give_up = time.monotonic() + BUSY
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return
