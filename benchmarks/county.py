"""The databases that are measured: one county, made once as an SQLite file and copied from there."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import click
import psycopg
from psycopg import sql
from sqlalchemy.engine import URL
from sqlmodel import SQLModel

from benchmarks import population
from benchmarks.scene import HERE
from dispatch import migrate as migrations
from dispatch.config import CentreSettings
from dispatch.operators import add_operator
from dispatch.passwords import hashed
from registry import search
from registry.store import Role, Store
from tests.databases import PostgresServer, binaries, build

LOGIN, PASSWORD = "bench", "nobody-but-the-benchmark"
LOG_FILES = 80  # of 16 MB
WORKING_DAY = {  # a server as it is kept when what it has acknowledged must survive a power cut
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "log_min_messages": "fatal",
}


def county(centre: CentreSettings, *, residents: int, merchants: int, city: bool = False) -> Path:
    """An SQLite file with everybody in it, from an earlier run where nothing that makes it has changed."""
    recipe = sha256(b"".join(path.read_bytes() for path in _recipe())).hexdigest()
    name = f"{'city' if city else 'county'}-{residents}-{merchants}"
    made = HERE / "var" / f"{name}-{recipe[:12]}.db"
    if made.is_file():
        return made
    click.echo(f"{residents} residents and {merchants} merchants move in …")
    made.parent.mkdir(exist_ok=True)
    for old in made.parent.glob(f"{name}-*"):
        old.unlink()
    unfinished = made.with_suffix(".unfinished")
    with closing(Store(f"sqlite:///{unfinished}")) as store:
        migrations.migrate(store)
        population.populate(store, centre, residents=residents, merchants=merchants, city=city)
        with store.writing() as session:
            add_operator(session, 1, name="Bench", login=LOGIN, role=Role.SUPERVISOR, password_hash=hashed(PASSWORD))
    with closing(sqlite3.connect(unfinished)) as database:
        database.execute("ANALYZE")
    unfinished.rename(made)
    return made


def _recipe() -> list[Path]:
    versions = Path(migrations.scripts().versions)
    return [Path(population.__file__), Path(search.__file__), *sorted(versions.glob("*.py"))]


@contextmanager
def _sqlite(folder: Path, made: Path) -> Iterator[URL]:
    shutil.copyfile(made, folder / "town.db")
    yield URL.create("sqlite", database=str(folder / "town.db"))


@contextmanager
def postgresql() -> Iterator[URL]:
    """A server of its own with an empty database."""
    programs = binaries()
    if programs is None:
        raise click.ClickException("PostgreSQL is not installed: apt-get install postgresql")
    server = PostgresServer(programs, WORKING_DAY)
    try:
        server.start()
        url = server.create()
        _log_files(url)
        yield url
    finally:
        server.stop()


def _log_files(url: URL) -> None:
    """As on a server that has run for some days: the files that are written ahead lie there already. To make one
    takes a tenth of a second, in which nobody's commit ends.
    """
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for _ in range(LOG_FILES):
            connection.execute("SELECT pg_logical_emit_message(false, 'bench', 'x')")
            connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")


@contextmanager
def _postgresql(_folder: Path, made: Path) -> Iterator[URL]:
    with postgresql() as url:
        build(url)
        click.echo("the county is copied to PostgreSQL …")
        _copy(made, url)
        yield url


def _copy(made: Path, url: URL) -> None:
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(sqlite3.connect(made)) as source, psycopg.connect(conninfo) as target:
        target.execute("SET session_replication_role = replica")  # foreign keys are not looked at again
        target.execute("SET TIME ZONE 'UTC'")  # which SQLite's times are in
        everything = sql.SQL(", ").join(sql.Identifier(table.name) for table in SQLModel.metadata.sorted_tables)
        target.execute(sql.SQL("TRUNCATE {}").format(everything))  # what the migrations have written: it comes again
        for table in SQLModel.metadata.sorted_tables:
            names = [column.name for column in table.columns]
            rows = source.execute(f"SELECT {', '.join(map(_quoted, names))} FROM {_quoted(table.name)}")  # noqa: S608
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
            )
            with target.cursor().copy(into) as copy:
                for row in rows:
                    copy.write_row(row)
            key = table.autoincrement_column
            if key is not None:  # its ids go on after those written here
                next_id = sql.SQL("SELECT setval(pg_get_serial_sequence({0}, {1}), max({2})) FROM {3}").format(
                    sql.Literal(table.name),
                    sql.Literal(key.name),
                    sql.Identifier(key.name),
                    sql.Identifier(table.name),
                )
                target.execute(next_id)
        target.commit()
        target.autocommit = True
        target.execute("VACUUM ANALYZE")


_quoted: Callable[[str], str] = '"{}"'.format
DATABASES = {"sqlite": _sqlite, "postgresql": _postgresql}
