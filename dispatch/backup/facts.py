"""What the manifest says of a database, asked in plain SQL: a backup may be made by a newer program than the one that
has last worked on it, and its tables are then not those of the models.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection

from dispatch.backup.manifest import CentreFacts, Facts, Table
from dispatch.backup.problems import NothingThere

REVISION = "alembic_version"  # the table of the revision, which is none of the centre's


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy of a database: what stands in it, what else belongs to it, and its files by their names in a backup."""

    facts: Facts
    recordings: list[str]
    master_versions: list[int]
    files: dict[str, Path]


def facts_of(connection: Connection) -> Facts:
    """Raises NothingThere for a database without tables."""
    shape = MetaData()
    shape.reflect(connection)
    if REVISION not in shape.tables or "centre" not in shape.tables:
        raise NothingThere("the database is empty: there is nothing to back up yet")
    prepare = connection.dialect.identifier_preparer
    tables = {
        table.name: Table(
            columns=sorted(column.name for column in table.columns),
            rows=connection.exec_driver_sql(f"SELECT count(*) FROM {prepare.quote(table.name)}").scalar_one(),  # noqa: S608
        )
        for table in shape.sorted_tables
        if table.name != REVISION
    }
    centres = connection.execute(text("SELECT code, name, epoch FROM centre ORDER BY id"))
    return Facts(
        revision=connection.execute(text(f"SELECT version_num FROM {REVISION}")).scalar_one(),  # noqa: S608
        centres=[CentreFacts(code=code, name=name, epoch=epoch) for code, name, epoch in centres],
        journal=connection.execute(text("SELECT max(seq) FROM journal")).scalar() or 0,
        tables=tables,
    )


def master_versions_of(connection: Connection, facts: Facts) -> list[int]:
    """The versions of the master key that something in it may be wrapped by."""
    if "master_key" not in facts.tables:
        return [1]
    version, oldest = connection.execute(text("SELECT version, oldest FROM master_key")).one()
    return list(range(oldest, version + 1))


def recordings_of(connection: Connection, facts: Facts, exchange: str) -> list[str]:
    """The files that are to be there, by the names in their folder."""
    if "recording" not in facts.tables:
        return []
    rows = connection.execute(
        text("SELECT file FROM recording WHERE exchange = :exchange AND removed_at IS NULL ORDER BY id"),
        {"exchange": exchange},
    )
    return [file for (file,) in rows]
