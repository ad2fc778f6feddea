"""PostgreSQL is told how large the register has become, while an import fills it.

It keeps the plan of a statement that is asked again and again, as it was made for tables of the size last known. Of
an empty register, which everybody reads from end to end, each call would go on to read all that comes in, until
PostgreSQL's own count, a minute later. When the tables have been counted the plans are made anew.
"""

from sqlalchemy import text
from sqlmodel import SQLModel

from registry.models import SearchToken
from registry.newcomers import WRITTEN
from registry.store import Store
from registry.store.journal import Journal

FEW = 500  # people: all of them are read in a fifth of a millisecond
_TABLES: tuple[type[SQLModel], ...] = (*WRITTEN, SearchToken, Journal)


class Growth:
    """Of one import: `brought` so many people more; `settle` between two transactions."""

    def __init__(self) -> None:
        self._new = 0
        self._known: int | None = None  # people, when the tables were last counted

    def brought(self, people: int) -> None:
        self._new += people

    def settle(self, store: Store) -> None:
        """Counts when there are twice as many as before. Nobody waits for it; a few tenths of a second of a hundred
        thousand people. Does nothing on SQLite, which plans by the indexes alone.
        """
        if store.is_sqlite or self._new < FEW:
            return
        if self._known is None:
            with store.reading() as session:
                self._known = session.rows(_KNOWN).scalar_one()
        if self._new >= self._known:
            store.analyze(*_TABLES)
            self._known, self._new = self._known + self._new, 0


_KNOWN = text("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'resident'::regclass")  # -1: never
