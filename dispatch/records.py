"""How merchants have worked lately, counted from offers, visits, cards and what residents said.

A handful of statements whatever the number of merchants; what the figures are worth is `registry.records`.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, cast, func, literal, select, union_all
from sqlalchemy import case as when
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.models import Card, CardColour, CardState, Case, Offer, OfferState, Satisfaction, Visit
from dispatch.policy import record_policy
from registry.among import among, ids
from registry.records import Record
from registry.store import Reading, Writing

ANSWERED = (
    *(OfferState.ACCEPTED, OfferState.FULFILLED, OfferState.REVOKED),
    *(OfferState.DECLINED, OfferState.GIVEN_BACK, OfferState.EXPIRED),
)
_FIGURES: dict[str, tuple[str, ...]] = {f"offer.{state}": ("asked",) for state in ANSWERED} | {
    "offer.declined": ("asked", "declined"),
    "offer.given_back": ("asked", "declined"),
    "offer.expired": ("asked", "silent"),
    "visit.in_time": ("visits",),
    "visit.late": ("visits", "late"),
    **{f"said.{word}": (str(word),) for word in Satisfaction},
    **{f"card.{colour}": (str(colour),) for colour in CardColour},
}


def record_of(session: Reading | Writing, centre_id: int, merchant_id: int, now: datetime) -> Record:
    return records_of(session, centre_id, [merchant_id], now)[merchant_id]


def records_of(
    session: Reading | Writing, centre_id: int, merchant_ids: Sequence[int], now: datetime
) -> dict[int, Record]:
    """The record of each of these merchants within the centre's window."""
    session.flush()
    return records_between(session, merchant_ids, now - record_policy(session, centre_id).window, now)


def records_between(
    session: Reading | Writing, merchant_ids: Sequence[int], since: datetime, until: datetime
) -> dict[int, Record]:
    """The same from what was offered, promised and given after `since` and not after `until`."""
    counted: dict[int, Counter[str]] = {merchant_id: Counter() for merchant_id in merchant_ids}
    for merchant_id, what, count in session.connection().execute(
        _COUNTED, {"ids": ids(merchant_ids), "since": since, "until": until}
    ):
        for figure in _FIGURES[what]:
            counted[merchant_id][figure] += count
    return {merchant_id: Record(**figures) for merchant_id, figures in counted.items()}


# Four arms, each along an index of its own: what it is, as a word of `_FIGURES`, and how often.

_SINCE, _UNTIL = (bindparam(name, type_=UTCDateTime()) for name in ("since", "until"))


def _within(column: Any) -> ColumnElement[bool]:
    return and_(col(column) > _SINCE, col(column) <= _UNTIL)


_OFFERS = (
    select(col(Offer.merchant_id), literal("offer.") + cast(col(Offer.state), String), func.count())
    .where(among(col(Offer.merchant_id), "ids"), _within(Offer.offered_at), col(Offer.state).in_(ANSWERED))
    .group_by(col(Offer.merchant_id), col(Offer.state))
)
_THERE = func.coalesce(col(Visit.at_the_door_at), col(Visit.done_at))
_VISITS = (
    select(
        col(Visit.merchant_id),
        when((col(Visit.arrive_by) < _THERE, "visit.late"), else_="visit.in_time").label("what"),
        func.count(),
    )
    .where(among(col(Visit.merchant_id), "ids"), _within(Visit.promised_at), _THERE.is_not(None))
    .group_by(col(Visit.merchant_id), "what")
)
_SAID = (
    select(col(Offer.merchant_id), literal("said.") + cast(col(Case.satisfaction), String), func.count())
    .join(Case, col(Case.id) == col(Offer.case_id))
    .where(
        among(col(Offer.merchant_id), "ids"),
        _within(Offer.offered_at),
        col(Offer.state) == OfferState.FULFILLED,
        col(Case.satisfaction).is_not(None),
    )
    .group_by(col(Offer.merchant_id), col(Case.satisfaction))
)
_CARDS = (
    select(col(Card.merchant_id), literal("card.") + cast(col(Card.colour), String), func.count())
    .where(
        among(col(Card.merchant_id), "ids"),
        _within(Card.given_at),
        col(Card.state) != CardState.WITHDRAWN,
    )
    .group_by(col(Card.merchant_id), col(Card.colour))
)
_COUNTED = union_all(_OFFERS, _VISITS, _SAID, _CARDS)
