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
    """Writes rows of these columns as fast as the database takes them: past SQLAlchemy, which takes longer to hand a
    row over than SQLite to write it.
    """
    if not rows:
        return
    connection, table = session.connection(), _table(model)
    types = [table.c[name].type.dialect_impl(connection.dialect) for name in columns]
    binders = [kind.bind_processor(connection.dialect) for kind in types]
    if any(binders):
        sides = zip(binders, zip(*rows, strict=True), strict=True)
        rows = list(zip(*(map(bind, side) if bind else side for bind, side in sides), strict=True))
    names = ", ".join(f'"{name}"' for name in columns)  # as `group`, which is a word of SQL
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({places})", list(rows))  # noqa: S608
        return
    cursor: Any = connection.connection.cursor()  # psycopg's own
    with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
