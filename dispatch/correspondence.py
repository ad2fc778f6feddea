"""What a number writes about, and what it has written before and was answered: two machines must not talk for ever,
guesses are counted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.codes import LIFE
from dispatch.models import Inbound, InboundReading, Message, MessageKind, Offer, OfferState
from registry.store import Writing

WRONG_CODES = 5  # so many bring in the operator
REMEMBERED = timedelta(hours=24)  # so long a wrong code counts


def meant(session: Writing, merchant_ids: list[int], code: str | None) -> Sequence[Offer]:
    """The offers that an answer of these merchants may mean, the newest first: those of the `code` that it names, or
    all; of them the undecided ones and the newest.
    """
    since = session.clock.now() - LIFE
    statement, named = (_MEANT, {}) if code is None else (_MEANT_BY_CODE, {"code": code})
    return session.scalars(statement, {"merchants": merchant_ids, "since": since} | named).all()


_MINE = (
    col(Offer.merchant_id).in_(bindparam("merchants", expanding=True)),
    col(Offer.offered_at) > bindparam("since", type_=UTCDateTime()),
)
_UNDECIDED = col(Offer.state).in_([OfferState.PENDING, OfferState.SENT, OfferState.ACCEPTED])
_NEWEST = select(func.max(col(Offer.id))).where(*_MINE).scalar_subquery()
_MEANT = (
    select(Offer).where(*_MINE, or_(_UNDECIDED, col(Offer.id) == _NEWEST)).order_by(col(Offer.id).desc()).limit(200)
)
_OF_CODE = (*_MINE, col(Offer.code) == bindparam("code"))
_NEWEST_OF_CODE = select(func.max(col(Offer.id))).where(*_OF_CODE).scalar_subquery()
_MEANT_BY_CODE = (
    select(Offer).where(*_OF_CODE, or_(_UNDECIDED, col(Offer.id) == _NEWEST_OF_CODE)).order_by(col(Offer.id).desc())
)


def answers_since(session: Writing, number: str, since: datetime, reading: InboundReading | None = None) -> int:
    """How often that number was answered since then, to whatever it wrote or to what was read like this."""
    counted = (
        select(func.count())
        .select_from(Message)
        .join(Inbound, col(Inbound.id) == col(Message.inbound_id))
        .where(
            col(Message.kind) == MessageKind.REPLY,
            col(Message.number) == number,
            col(Message.created_at) > since,
        )
    )
    if reading is not None:
        counted = counted.where(col(Inbound.reading) == reading)
    return session.scalar(counted) or 0


def wrong_codes_before(session: Writing, inbound: Inbound) -> int:
    """How many wrong codes have come from this number since it last named a job that there is, or since an operator
    has looked at what it wrote.
    """
    mine = (col(Inbound.number) == inbound.number, col(Inbound.id) < inbound.id)
    fresh_start = (
        select(func.max(col(Inbound.id)))
        .where(*mine, or_(col(Inbound.offer_id).is_not(None), col(Inbound.seen_by_id).is_not(None)))
        .scalar_subquery()
    )
    return (
        session.scalar(
            select(func.count()).where(
                *mine,
                col(Inbound.reading) == InboundReading.UNKNOWN_CODE,
                col(Inbound.received_at) > session.clock.now() - REMEMBERED,
                col(Inbound.id) > func.coalesce(fresh_start, 0),
            )
        )
        or 0
    )
