"""Sessions with the transaction rules that both databases need.

SQLite's default driver begins transactions late and loses updates between read and write; writers here begin with
`BEGIN IMMEDIATE`, readers with a plain `BEGIN`, and the writers of one process queue on a lock of their own, because
SQLite's busy handler sleeps up to 100 ms at a time and is unfair. On PostgreSQL a transaction is READ COMMITTED and
rows that are decided upon are locked with FOR UPDATE (`Writing.lock`), which SQLite neither knows nor needs.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlmodel import Session, SQLModel

from registry.store import journal
from registry.store.clock import Clock, SystemClock

log = structlog.get_logger()

LONGEST_WRITE = 0.1  # seconds: rule 8, nobody holds the database
CHANNEL = "townline_journal"  # PostgreSQL's NOTIFY channel: a wake-up, the truth is read from the journal

Row = TypeVar("Row", bound=SQLModel)


class Reading(Session):
    """A session that only reads: one consistent view for as long as it is open."""


class Writing(Session):
    """One write transaction: what it changes and what the journal says of it are committed together."""

    clock: Clock
    entries: list[journal.Entry]

    def record(self, entry: journal.Entry) -> None:
        """Puts an entry into the journal when this transaction commits."""
        self.entries.append(entry)

    def lock(self, model: type[Row], key: int | str) -> Row | None:
        """The row as it is now, held against every other writer until this transaction ends."""
        return self.get(
            model, key, with_for_update=self.get_bind().dialect.name == "postgresql", populate_existing=True
        )


class Store:
    """The database of one installation; safe to share between threads."""

    def __init__(self, url: str | URL, *, clock: Clock | None = None) -> None:
        self.url = make_url(url)
        self.clock: Clock = clock or SystemClock()
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
            with Reading(bind=connection, expire_on_commit=False, autoflush=False) as session:
                yield session

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """A write transaction: commits at the end of the block, rolls back when it raises."""
        last = None
        with self._one_writer(), self.engine.connect() as connection:
            begin(connection, "BEGIN IMMEDIATE")
            began = time.monotonic()
            with Writing(bind=connection, expire_on_commit=False) as session:
                session.clock, session.entries = self.clock, []
                yield session
                session.flush()
                if session.entries:
                    last = journal.append(connection, session.entries, self.clock.now())
                    if not self.is_sqlite:
                        connection.execute(
                            select(text("pg_notify(:channel, :seq)")), {"channel": CHANNEL, "seq": str(last)}
                        )
                session.commit()
                connection.commit()
            if (held := time.monotonic() - began) > LONGEST_WRITE:
                log.warning("store.write_held_long", ms=round(held * 1000))
            for timekeeper in self._timekeepers:
                timekeeper(held)
        if last is not None:
            for listener in self._listeners:
                listener(last)

    def close(self) -> None:
        self.engine.dispose()

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
        hide_parameters=True,  # an error's words may be logged, a person's data may not
    )


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 10, "check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver starts no transactions of its own; `begin` below does
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged emergency survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_as_told(connection: Connection) -> None:
        connection.exec_driver_sql(connection.info.get("begin", "BEGIN"))

    return engine
