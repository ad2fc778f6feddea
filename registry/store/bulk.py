"""Many rows at once, whose ids are known before they are written."""

from collections.abc import Sequence

from sqlalchemy import Table, func, select, text
from sqlalchemy.engine import Dialect
from sqlmodel import SQLModel, col

from registry.store import pouring
from registry.store.journal import Journal, Subject
from registry.store.session import Reading, Writing

_JOURNALED = frozenset(subject.value for subject in Subject)  # tables whose rows it names


def next_ids(session: Reading | Writing, model: type[SQLModel], count: int) -> list[int]:
    """The next `count` values of the table's `id`. Nobody else gets them: on SQLite as long as nobody writes.

    Nobody has had them either: a row that was taken away stands in the journal and the access log under its id, and
    whoever came next would have its history.
    """
    table = _table(model)
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        known = [select(func.max(table.c.id))]
        if table.name in _JOURNALED:
            known.append(select(func.max(col(Journal.subject_id))).where(col(Journal.subject) == Subject(table.name)))
        last = max(connection.execute(highest).scalar_one() or 0 for highest in known)
        return list(range(last + 1, last + count + 1))
    drawn = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    return list(connection.execute(drawn, {"name": table.name, "count": count}).scalars())


def pour(session: Writing, model: type[SQLModel], columns: Sequence[str], rows: pouring.Rows) -> None:
    """Writes rows as fast as the database takes them: each as long as `columns`."""
    pouring.pour(session.connection(), _table(model), columns, rows)


def bound(dialect: Dialect, model: type[SQLModel], columns: Sequence[str], rows: pouring.Rows) -> pouring.Rows:
    """Rows in the form in which `pour_bound` writes them: what can be done before the database is held."""
    return pouring.bound(dialect, _table(model), columns, rows)


def pour_bound(session: Writing, model: type[SQLModel], columns: Sequence[str], rows: pouring.Rows) -> None:
    pouring.pour_bound(session.connection(), _table(model), columns, rows)


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
