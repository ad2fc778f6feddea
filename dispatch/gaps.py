"""Gaps: the times in which nobody of us heard an exchange, shown to the operators as what they are.

One begins when the link was last alive and ends when it stands again; what its calls were is known a moment later,
from the exchange's own log.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, distinct, func, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import col

from callbridge.events import LinkUp
from dispatch.call_backs import UNANSWERED
from dispatch.casebook import OPEN_STATES
from dispatch.models import Call, Case, CaseCall, ExchangePosition, Gap
from registry.store import Actor, Entry, Store, Subject, Writing

LONGEST_CALL = timedelta(hours=4)
STILL_COUNTS = timedelta(minutes=10)  # after its end: what is read later is no news of this gap


def heard(store: Store, exchange: str) -> None:
    """The link to the exchange is alive now: where a gap begins if this process dies at the next moment."""
    with store.writing() as session:
        position = session.lock(ExchangePosition, exchange)
        if position is not None and position.link_up:
            position.heard_at = session.clock.now()


def link_is_up(session: Writing, centre_id: int, event: LinkUp, position: ExchangePosition) -> None:
    """Writes the gap down that ends here; `position`, which is held, still says what was before. The first link of an
    exchange ends none.
    """
    began = event.away_since or _last_heard(position)
    if began is None or began >= event.at:
        return
    gap = Gap(centre_id=centre_id, exchange=event.exchange, began_at=began, until=event.at)
    session.add(gap)
    session.flush()
    _note(session, gap)


def count(session: Writing, centre_id: int, exchange: str) -> None:
    """Counts the calls of the last gap once more, after something has been read back; its exchange is held."""
    gap = session.scalar(
        select(Gap)
        .where(
            col(Gap.centre_id) == centre_id,
            col(Gap.exchange) == exchange,
            col(Gap.until) > session.clock.now() - STILL_COUNTS,
        )
        .order_by(col(Gap.id).desc())
        .limit(1)
    )
    if gap is None:
        return
    session.flush()
    within = (
        col(Call.centre_id) == centre_id,
        col(Call.exchange) == exchange,
        col(Call.arrived_at) > gap.began_at - LONGEST_CALL,
        or_(
            and_(col(Call.recovered), _between(col(Call.arrived_at), gap)),
            and_(_between(col(Call.ended_at), gap), col(Call.arrived_at) < gap.until),
        ),
    )
    calls = session.scalar(select(func.count()).select_from(Call).where(*within)) or 0
    to_call_back = (
        session.scalar(
            select(func.count(distinct(col(Case.id))))
            .join(CaseCall, col(CaseCall.case_id) == col(Case.id))
            .join(Call, col(Call.id) == col(CaseCall.call_id))
            .where(*within, col(Call.end).in_(UNANSWERED), col(Case.state).in_(OPEN_STATES))
        )
        or 0
    )
    if (calls, to_call_back) != (gap.calls, gap.to_call_back):
        gap.calls, gap.to_call_back = calls, to_call_back
        _note(session, gap)


def _between(column: Mapped[datetime | None] | Mapped[datetime], gap: Gap) -> ColumnElement[bool]:
    return and_(column >= gap.began_at, column <= gap.until)


def _last_heard(position: ExchangePosition) -> datetime | None:
    """When it was last known to be alive: when it went down, if that was written, else when it last said so."""
    if not position.link_up:
        return position.link_changed_at
    return max((at for at in (position.heard_at, position.link_changed_at) if at is not None), default=None)


def _note(session: Writing, gap: Gap) -> None:
    session.record(
        Entry(
            what="exchange.gap",
            subject=Subject.EXCHANGE,
            subject_id=0,
            actor=Actor.exchange(),
            centre_id=gap.centre_id,
            data={
                "exchange": gap.exchange,
                "gap": gap.id,
                "from": gap.began_at.isoformat(),
                "until": gap.until.isoformat(),
                "calls": gap.calls,
                "to_call_back": gap.to_call_back,
            },
        )
    )
