"""What people whom an import has just brought are found by, as long as it is not in the index.

On SQLite the index of a hundred thousand people is so large that nearly every token of somebody new is written to a
page of its own. So an import puts them down as they come (`put`), up to two thousand are looked through one by one
when somebody is searched for (`everybody`), and then the tokens of all of them are written in the order of the index
(`registry.sheets.filing`). PostgreSQL takes about as long in any order: there nobody waits.
"""

import json
from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from registry.models import SearchUnfiled
from registry.store import Reading, Writing
from registry.store.bulk import pour

Tokens = dict[str, int]  # with the weight of each


def is_worth_it(session: Reading | Writing) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def put(session: Writing, people: Iterable[tuple[int, str]]) -> None:
    """Each with her tokens as `registry.newcomers` has written them down."""
    pour(session, SearchUnfiled, ("resident_id", "tokens"), list(people))


def everybody(session: Reading | Writing) -> dict[int, Tokens]:
    """By the residents' ids."""
    if not is_worth_it(session):
        return {}
    return {resident_id: json.loads(tokens) for resident_id, tokens in session.rows(_EVERYBODY)}


_EVERYBODY = select(col(SearchUnfiled.resident_id), col(SearchUnfiled.tokens))
