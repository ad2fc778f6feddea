"""Many rows at once, whose ids are known before they are written."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, func, select, text
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


def pour(session: Writing, model: type[SQLModel], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes numbers and texts as they are, as fast as the database takes them."""
    if not rows:
        return
    connection, names = session.connection(), ", ".join(columns)
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {_table(model).name} ({names}) VALUES ({places})", list(rows))  # noqa: S608
        return
    cursor: Any = connection.connection.cursor()  # psycopg's own
    with cursor, cursor.copy(f"COPY {_table(model).name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
