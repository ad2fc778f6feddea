"""What an import has brought people to be found by, put into the index: of many people together, in its order."""

from operator import itemgetter
from typing import Any

from sqlmodel import col, delete

from registry import unfiled
from registry.among import among, ids
from registry.models import SearchUnfiled
from registry.sheets.pace import Pace
from registry.store import Store, Writing

ENOUGH = 2000  # people: of more of them a search would take noticeably longer, of fewer the index more writing
TOKENS = 500, 5000  # in one transaction, at least and at most


def file(store: Store) -> None:
    """Files everybody who waits. Whoever is changed or deleted meanwhile is left to those who do that; what was filed
    before a crash is not filed twice.
    """
    with store.reading() as session:
        people = unfiled.everybody(session)
    if not people:
        return
    tokens = [(token, resident_id, weight) for resident_id, each in people.items() for token, weight in each.items()]
    tokens.sort(key=itemgetter(0))
    place = 0
    with Pace(store, TOKENS) as pace:
        while place < len(tokens):
            some = tokens[place : place + pace.rows]
            pace.rest()
            with store.writing(synced=False) as session:
                pace.began()
                _write(session, some)
            pace.ended(len(some))
            place += len(some)
        pace.rest()
        with store.writing(synced=False) as session:
            pace.began()
            session.connection().execute(_FILED, {"filed": ids(people)})
        pace.ended(0)


def _write(session: Writing, tokens: list[tuple[str, int, int]]) -> None:
    """Of those who still wait."""
    driver: Any = session.connection().connection.driver_connection  # as `registry.store.pouring`
    driver.executemany(_WRITTEN, tokens).close()


_WRITTEN = (
    "INSERT OR IGNORE INTO search_token (token, resident_id, weight)"
    " SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM search_unfiled WHERE resident_id = ?2)"
)
_FILED = delete(SearchUnfiled).where(among(col(SearchUnfiled.resident_id), "filed"))
