"""A PostgreSQL database: copied within one REPEATABLE READ transaction, and put back within one as well.

Why not pg_dump: it refuses a server that is newer than itself, and what pg_restore has put in would be open to any
service that starts before the migration, the new history and the hold are in it. `COPY` is PostgreSQL's own form,
which psql reads too, and everything here is one transaction: killed at any moment, it has not happened.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from psycopg import Connection as Driver
from psycopg import sql
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from dispatch.backup.archive import CHUNK, Reader
from dispatch.backup.facts import REVISION, Copied, facts_of, master_versions_of, recordings_of
from dispatch.backup.manifest import Table
from dispatch.backup.problems import Damaged, InUse
from dispatch.backup.steady import Steady
from dispatch.migrate import MIGRATION_LOCK, in_words, upgrade
from registry.store import Store, Writing

PATIENCE = 10  # seconds for a table that somebody holds


def member(table: str) -> str:
    return f"database/{table}.copy"


def copy_out(store: Store, folder: Path, exchange: str) -> Copied:
    """What stands in the database at one moment, and its tables as files."""
    files: dict[str, Path] = {}
    with in_words(store), store.engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        facts = facts_of(connection)
        for name, table in facts.tables.items():
            path = files[member(name)] = folder / f"{name}.copy"
            cursor = _driver(connection).cursor()
            with path.open("wb") as file, cursor.copy(_copy(name, table, "TO STDOUT")) as rows:
                steady = Steady(file.fileno())
                for part in rows:
                    file.write(part)
                    steady.wrote(len(part))
        recordings = recordings_of(connection, facts, exchange)
        return Copied(facts, recordings, master_versions_of(connection, facts), files)


def is_empty(store: Store) -> bool:
    """Whether none of our tables is there."""
    with in_words(store), store.engine.connect() as connection:
        return not _ours(connection, ())


def in_use(store: Store) -> None:
    """Raises InUse, naming whoever is connected to the database beside us."""
    with in_words(store), store.engine.connect() as connection:
        others = connection.execute(
            text(
                "SELECT coalesce(nullif(application_name, ''), usename), backend_start FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend' ORDER BY backend_start"
            )
        ).all()
    if others:
        who = "; ".join(sorted({f"{name} (since {since:%Y-%m-%d %H:%M:%S%z})" for name, since in others}))
        place = store.url.render_as_string(hide_password=True)
        raise InUse(f"the database {place} is in use by {who}: stop that first")


def put_in(store: Store, backup: Reader, settle: Callable[[Writing], None], keep_as: str | None) -> None:
    """Puts the backup into the place of what is there, brings it up to date and has it settled, all in one
    transaction. What was there is kept in the schema `keep_as` where that is given.
    """
    wanted = backup.manifest.database
    with in_words(store), store.engine.connect() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        there, aside = _ours(connection, wanted.tables), keep_as or "townline_replaced"
        if there:
            _execute(connection, "CREATE SCHEMA {}", aside)
        for name in there:
            _execute(connection, "ALTER TABLE {} SET SCHEMA {}", name, aside)
        upgrade(connection, wanted.revision)
        names = sql.SQL(", ").join(map(sql.Identifier, wanted.tables))
        connection.exec_driver_sql(sql.SQL("TRUNCATE {}").format(names).as_string())
        for name, table in wanted.tables.items():
            _fill(connection, backup, name, table)
        if facts_of(connection) != wanted:
            raise Damaged(f"{backup.path}: its database is not the one that the manifest describes")
        _count_on(connection, wanted.tables)
        upgrade(connection)
        with store.writing_on(connection) as session:
            settle(session)
        if there and keep_as is None:
            _execute(connection, "DROP SCHEMA {} CASCADE", aside)
        connection.commit()


def _ours(connection: Connection, of_the_backup: Iterable[str]) -> list[str]:
    """The tables that are there, of those that we know; what somebody else keeps in this database stays."""
    known = {*SQLModel.metadata.tables, *of_the_backup, REVISION}
    return [name for name in inspect(connection).get_table_names() if name in known]


def _fill(connection: Connection, backup: Reader, name: str, table: Table) -> None:
    cursor = _driver(connection).cursor()
    with backup.open(member(name)) as file, cursor.copy(_copy(name, table, "FROM STDIN")) as rows:
        while part := file.read(CHUNK):
            rows.write(part)


def _count_on(connection: Connection, tables: Iterable[str]) -> None:
    """New rows get numbers after those of the backup."""
    look = inspect(connection)
    for table in tables:
        for column in look.get_columns(table):
            if str(column["default"] or "").startswith("nextval("):
                count_on = sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, {}), max({})) FROM {} HAVING count(*) > 0"
                )
                named, counted = sql.Identifier(table), sql.Identifier(column["name"])
                place = (sql.Literal(named.as_string()), sql.Literal(column["name"]))
                connection.exec_driver_sql(count_on.format(*place, counted, named).as_string())


def _copy(name: str, table: Table, way: str) -> sql.Composed:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    return sql.SQL("COPY {} ({}) {}").format(sql.Identifier(name), columns, sql.SQL(way))


def _execute(connection: Connection, statement: str, *names: str) -> None:
    connection.exec_driver_sql(sql.SQL(statement).format(*map(sql.Identifier, names)).as_string())


def _driver(connection: Connection) -> Driver[Any]:
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, Driver)
    return driver
