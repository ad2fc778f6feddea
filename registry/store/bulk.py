"""Many rows at once, whose ids are known before they are written."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, func, select, text
from sqlalchemy.engine import Connection, Dialect
from sqlmodel import SQLModel

from registry.store.session import Writing


def next_ids(session: Writing, model: type[SQLModel], count: int) -> list[int]:
    """The next `count` values of the table's `id`; nobody else gets them."""
    table = _table(model)
    connection = session.connection()
    if connection.dialect.name == "sqlite":  # there is one writer, and it is this one
        last = connection.execute(select(func.max(table.c.id))).scalar_one() or 0
        return list(range(last + 1, last + count + 1))
    drawn = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    return list(connection.execute(drawn, {"name": table.name, "count": count}).scalars())


def pour(session: Writing, model: type[SQLModel], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Writes rows as fast as the database takes them: each as long as `columns`, which have no defaults here.

    It goes past SQLAlchemy, which took as long to bind the values of a row as SQLite to write it.
    """
    if rows:
        pour_into(session.connection(), _table(model), columns, rows)


def pour_into(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """`pour`, for a connection and a table."""
    bound = _bound(connection.dialect, table, columns, rows)
    quote = connection.dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(map(quote, columns))})"
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({places})", bound)  # noqa: S608
        return
    cursor: Any = connection.connection.cursor()  # psycopg's own
    with cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in bound:
            copy.write_row(row)


def _bound(
    dialect: Dialect, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[tuple[Any, ...]]:
    """The rows as the database's driver takes them, as SQLAlchemy would bind them."""
    by_column = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        process = table.c[column].type.dialect_impl(dialect).bind_processor(dialect)
        by_column.append(values if process is None else map(process, values))
    return list(zip(*by_column, strict=True))


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
