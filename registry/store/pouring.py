"""Rows that are written as fast as the database takes them: past SQLAlchemy, which takes as long to bind the values
of a row as SQLite to write it.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import LargeBinary, Table
from sqlalchemy.engine import Connection, Dialect

Rows = Sequence[Sequence[Any]]


def pour(connection: Connection, table: Table, columns: Sequence[str], rows: Rows) -> None:
    """Writes rows, each as long as `columns`; the other columns have what the database itself gives them."""
    pour_bound(connection, table, columns, bound(connection.dialect, table, columns, rows))


def bound(dialect: Dialect, table: Table, columns: Sequence[str], rows: Rows) -> Rows:
    """The rows as the database's driver takes them, as SQLAlchemy would bind them."""
    if not (processors := _processors(dialect, table, tuple(columns))):
        return rows
    found = [list(row) for row in rows]
    for place, process in processors:
        for row in found:
            row[place] = process(row[place])
    return found


def pour_bound(connection: Connection, table: Table, columns: Sequence[str], rows: Rows) -> None:
    """`pour` for rows that `bound` has made."""
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(map(quote, columns))})"
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        driver: Any = connection.connection.driver_connection
        driver.executemany(f"INSERT INTO {into} VALUES ({places})", rows).close()  # noqa: S608
        return
    cursor: Any = connection.connection.cursor()  # psycopg's own
    with cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


@lru_cache
def _processors(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> list[tuple[int, Callable[[Any], Any]]]:
    """The places of a row whose values the driver takes in another form, and what makes it. Both take bytes."""
    types = [table.c[name].type for name in columns]
    each = [kind.dialect_impl(dialect).bind_processor(dialect) for kind in types]
    return [
        (place, process)
        for place, (kind, process) in enumerate(zip(types, each, strict=True))
        if process is not None and not isinstance(kind, LargeBinary)
    ]
