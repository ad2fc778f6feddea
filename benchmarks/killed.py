"""The kill-at-every-state table: a process killed at each moment of a play, and what the telephones counted then."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy.engine import URL

from tests.databases import PostgresServer, binaries, build
from tests.dispatch.killing.copies import Copies, PostgresCopies, SqliteCopies
from tests.dispatch.killing.plays import PLAYS
from tests.dispatch.killing.table import Row, Town, drawn, prepare, rows

MEMORY = Path("/dev/shm")  # noqa: S108 - of Linux
TWO_SERVICES = ("race", "emergency")  # the plays that are also tried with another service that takes over

Made = tuple[Copies, URL]


def table(kind: str) -> list[Row]:
    """Draws each play's table on a database of that kind, and returns all their rows."""
    found: list[Row] = []
    with _in_memory(), _KINDS[kind]() as make:
        for play in PLAYS.values():
            copies, url = make(play.kind)
            build(url)
            centre_id = prepare(play, url)
            for instances in (1, 2) if kind == "postgresql" and play.kind in TWO_SERVICES else (1,):
                part = rows(Town(play, copies, centre_id, instances=instances))
                click.echo(drawn(f"{play.kind}, {kind}{', two services' if instances == 2 else ''}", part))
                click.echo()
                found += part
    lost, doubled = sum(row.lost for row in found), sum(row.doubled for row in found if not row.play.may_double)
    again = sum(row.doubled for row in found if row.play.may_double)
    click.echo(f"{kind}: killed {sum(row.killed for row in found)} times, lost {lost}, doubled {doubled}")
    click.echo(f"{kind}: called twice for an emergency {again} times, and each time it is on the case")
    return found


@contextmanager
def _in_memory() -> Iterator[None]:
    """What is written stays in memory, which a killed process leaves as it is: this is no measure of a disk."""
    before = tempfile.tempdir
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def _sqlite() -> Iterator[Callable[[str], Made]]:
    with TemporaryDirectory(prefix="townline-killed-") as folder:

        def make(name: str) -> Made:
            path = Path(folder) / f"{name}.db"
            return SqliteCopies(path), URL.create("sqlite", database=str(path))

        yield make


@contextmanager
def _postgresql() -> Iterator[Callable[[str], Made]]:
    programs = binaries()
    if programs is None:
        raise click.ClickException("PostgreSQL is not installed: apt-get install postgresql")
    server = PostgresServer(programs)

    def make(_name: str) -> Made:
        url = server.create()
        return PostgresCopies(server, url), url

    try:
        server.start()
        yield make
    finally:
        server.stop()


_KINDS = {"sqlite": _sqlite, "postgresql": _postgresql}
