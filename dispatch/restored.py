"""A database that comes from a backup: what stands in it and is not so any more.

Runs once, in the transaction of `townline restore` and before any service sees the database.
"""

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, select, update
from sqlmodel import col

from callbridge.events import CallEnd, Party
from dispatch import hold, ladders, phone_orders
from dispatch.intake import end_call
from dispatch.models import (
    Call,
    Case,
    ExchangePosition,
    Hold,
    Ladder,
    LadderState,
    Lease,
    Message,
    MessageState,
    Timer,
    TimerState,
)
from dispatch.models.calls import GOING_ON
from dispatch.models.cases import CaseSequence
from dispatch.models.transitions import move
from registry.models import Centre
from registry.store import Actor, Entry, Subject, Writing

log = structlog.get_logger()

NUMBERS_LEFT_OUT = 1000  # more cases than a centre opens in a day


def settle(session: Writing, backup_at: datetime, lost_log_of: str | None = None) -> None:
    """Each centre begins another history, and is on hold (`dispatch.hold`). `lost_log_of` is an exchange whose event
    log does not reach back to the backup: what its calls came to is told by nobody.
    """
    for centre in session.scalars(select(Centre).order_by(col(Centre.id))).all():
        _begin_anew(session, centre, backup_at)
    phone_orders.void(session)
    for case_id in session.scalars(
        select(col(Ladder.case_id)).where(col(Ladder.state) == LadderState.CLIMBING)
    ).all():
        case = session.lock(Case, case_id)
        ladder = ladders.of_case(session, case) if case is not None else None
        if case is not None and ladder is not None and ladder.state is LadderState.CLIMBING:
            ladders.stand_still(session, case, ladder)
    _let_go(session)
    if lost_log_of is not None:
        _end_calls(session, lost_log_of, backup_at)


def _begin_anew(session: Writing, centre: Centre, backup_at: datetime) -> None:
    assert centre.id is not None
    now = session.clock.now()
    centre.epoch = secrets.token_hex(8)
    before = hold.current(session, centre.id)  # the backup was made on hold: nothing has gone since the one before it
    if before is None:
        session.add(Hold(centre_id=centre.id, backup_at=backup_at, since=now))
    else:
        before.since = now
    _leave_numbers_out(session, centre, now)
    session.record(
        Entry(
            what="centre.restored",
            subject=Subject.CENTRE,
            subject_id=centre.id,
            actor=Actor.system(),
            centre_id=centre.id,
            data={"backup_at": backup_at.isoformat()},
        )
    )


def _leave_numbers_out(session: Writing, centre: Centre, now: datetime) -> None:
    """People have been told numbers of cases that the database has forgotten: today's others are far from them."""
    assert centre.id is not None
    day = now.astimezone(ZoneInfo(centre.time_zone)).strftime("%Y%m%d")
    today = session.get(CaseSequence, (centre.id, day))
    if today is None:
        today = CaseSequence(centre_id=centre.id, day=day)
        session.add(today)
    today.last += NUMBERS_LEFT_OUT


def _let_go(session: Writing) -> None:
    """Whoever had claimed something is not there any more."""
    for message in session.scalars(select(Message).where(col(Message.state) == MessageState.CLAIMED)).all():
        message.claimed_by = message.claimed_until = None
        move(session, message, MessageState.WANTED, Actor.system(), why="restored")
    armed = update(Timer).where(col(Timer.state) == TimerState.ARMED)
    session.execute(armed.values(claimed_by=None, claimed_until=None).execution_options(synchronize_session=False))
    session.execute(delete(Lease))


def _end_calls(session: Writing, exchange: str, backup_at: datetime) -> None:
    """Calls that were going on when the backup was made: who had not been answered is to be called back."""
    position = session.get(ExchangePosition, exchange)
    at = (position.heard_at if position is not None else None) or backup_at
    live = select(Call).where(col(Call.exchange) == exchange, col(Call.state).in_(GOING_ON)).order_by(col(Call.id))
    for call in session.scalars(live).all():
        end = CallEnd.ANSWERED if call.answered_at is not None else CallEnd.CUT_OFF
        end_call(session, call, max(at, call.arrived_at), end, Party.EXCHANGE, 0)
        log.warning("call.end_unknown", call=call.id)
