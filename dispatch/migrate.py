"""Brings the database to the form this program needs, once, however many instances start at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError

from dispatch.obstacles import DatabaseLocked, DatabaseNewer, DatabaseUnreachable
from registry.store import Store
from registry.store.session import begin

log = structlog.get_logger()

MIGRATION_LOCK = 0x6D696772  # "migr": PostgreSQL's advisory lock around a migration
PATIENCE = 30  # seconds to wait for whoever migrates at the moment, or holds a table


def settings(connection: Connection | None = None) -> Config:
    """Alembic's own configuration, made here instead of read from a file."""
    config = Config()
    config.set_main_option("script_location", "dispatch:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def known_revisions() -> list[str]:
    """The revisions that this program knows, the newest first."""
    return [script.revision for script in scripts().walk_revisions()]


def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(settings())


def revision(store: Store) -> str | None:
    """The revision the database is at, None when it is empty. Raises DatabaseUnreachable."""
    with in_words(store), store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(store: Store) -> str:
    """Applies what is missing, all of it in one transaction, and returns the revision reached.

    Raises DatabaseNewer, DatabaseLocked and DatabaseUnreachable; the database is then as it was.
    """
    known = known_revisions()
    head = known[0]
    with in_words(store), store.engine.connect() as connection:  # whoever is up to date holds nobody up
        if MigrationContext.configure(connection).get_current_revision() == head:
            return head
    with in_words(store), store.engine.connect() as connection, _alone(connection):
        before = MigrationContext.configure(connection).get_current_revision()
        if before is not None and before not in known:
            raise DatabaseNewer(
                f"{_place(store)} is at revision {before}, this program knows revisions up to {head}: "
                "start the newer program, or restore the backup that was made before it"
            )
        if (before or "") != head:
            upgrade(connection)
            _check_references(connection)
        connection.commit()
    if (before or "") != head:
        log.info("database.migrated", before=before, now=head)
    return head


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Applies what is missing up to `revision` in the transaction of `connection`, which the caller commits."""
    command.upgrade(settings(connection), revision)


@contextmanager
def in_words(store: Store) -> Iterator[None]:
    """What the database itself complains of, as an Obstacle: it is away, locked, damaged, or none at all."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig).strip().splitlines()[0]
        if "locked" in reason or "lock timeout" in reason:
            raise DatabaseLocked(f"{_place(store)} is locked by another program that does not let go") from error
        if "not a database" in reason or "malformed" in reason:
            reason += "; name another file, or restore a backup"
        raise DatabaseUnreachable(f"{_place(store)}: {reason}") from error


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One transaction, while no other instance migrates."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        yield
        return
    # A table that is rebuilt (SQLite's ALTER) must not take the rows that refer to it along; checked before commit.
    driver = connection.connection.dbapi_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")  # no effect inside a transaction
    (usual,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute(f"PRAGMA busy_timeout={PATIENCE * 1000}")
    try:
        begin(connection, "BEGIN IMMEDIATE")
        yield
    finally:
        connection.rollback()
        driver.execute(f"PRAGMA busy_timeout={usual}")
        driver.execute("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and (torn := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise RuntimeError(f"a migration tore references between rows: {torn[:5]}")


def _place(store: Store) -> str:
    """The database as a person names it, without its password."""
    return f"the database {store.url.database if store.is_sqlite else store.url.render_as_string(hide_password=True)}"
