"""The words of a `choice`, as revisions write them: each a CHECK constraint, which Alembic does not compare.

A revision names the words it means, all of them and in the model's order; it never asks the model, which moves on.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations


def has_words(batch: BatchOperations, table: str, column: str, choice: str, words: Sequence[str]) -> None:
    """The column takes these words only; `choice` is the enumeration's name in lower case, or its `check`."""
    batch.create_check_constraint(_name(table, choice), sa.column(column).in_(words))


def has_words_now(batch: BatchOperations, table: str, column: str, choice: str, words: Sequence[str]) -> None:
    """The column, which had words already, takes these instead. No row may hold a word that is not among them."""
    batch.drop_constraint(_name(table, choice), type_="check")
    has_words(batch, table, column, choice, words)


def _name(table: str, choice: str) -> str:
    return op.f(f"ck_{table}_{choice}")
