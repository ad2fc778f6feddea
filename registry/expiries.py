"""Licences and contracts that end soon, or have ended: whoever keeps the register renews them in time.

A merchant is out of the ranking the day after (`registry.matching`); it is told of from a month before until a month
after, or until it is renewed.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlmodel import col

from registry.models import Contract, Merchant
from registry.store import Reading, Scope, Writing

AHEAD = timedelta(days=30)
TOLD_FOR = timedelta(days=30)  # after the last day
SOONER = timedelta(days=7)  # a desk has it in hand, and begins to show it by itself when the day has come


class Term(StrEnum):
    LICENCE = "licence"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Expiry:
    """`last` is the last day on which it holds."""

    merchant_id: int
    term: Term
    last: date

    @property
    def told_from(self) -> date:
        return self.last - AHEAD


def expiries(
    session: Reading | Writing, scope: Scope, today: date, merchant_ids: Collection[int] | None = None
) -> list[Expiry]:
    """The first to end first, of all merchants in the scope or of those. Of a merchant's contracts the one that ends
    last counts: it has been renewed then.
    """
    here = [scope.covers(Merchant), col(Merchant.ended_at).is_(None)]
    if merchant_ids is not None:
        here.append(col(Merchant.id).in_(merchant_ids))
    return sorted(_all(session, here, today), key=lambda each: (each.last, each.merchant_id, each.term))


def _all(session: Reading | Writing, here: list[ColumnElement[bool]], today: date) -> Iterator[Expiry]:
    first, last = today - TOLD_FOR, today + AHEAD + SOONER
    licences = select(col(Merchant.id), col(Merchant.licence_expires)).where(
        *here, col(Merchant.licence_expires).between(first, last)
    )
    for merchant_id, day in session.execute(licences):
        yield Expiry(merchant_id, Term.LICENCE, day)
    ends = func.max(col(Contract.valid_until))
    contracts = (
        select(col(Contract.merchant_id), ends)
        .join(Merchant, col(Merchant.id) == col(Contract.merchant_id))
        .where(*here)
        .group_by(col(Contract.merchant_id))
        .having(ends.between(first, last))
    )
    for merchant_id, day in session.execute(contracts):
        yield Expiry(merchant_id, Term.CONTRACT, day)
