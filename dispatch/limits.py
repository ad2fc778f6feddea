"""Limits: the minutes of a visit's way and job, the working days of a case. docs/targets.md says what comes when.

Each has three clocks: a warning before it, a yellow card at it, a red one later. What is over in time stops them all.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from dispatch import cards, hold, notices, timers, visit_news
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES, service_of
from dispatch.models import (
    CardColour,
    Case,
    Lateness,
    Limit,
    Offer,
    OfferState,
    Timer,
    TimerKind,
    Visit,
    VisitState,
)
from dispatch.models.transitions import key, note
from dispatch.policy import target_policy
from dispatch.working_days import calendar
from registry.store import Actor, Subject, Writing

OF_CASE = (TimerKind.CASE_DUE, TimerKind.NEAR_LIMIT, TimerKind.RED_LIMIT)
WE_WERE_AWAY = timedelta(minutes=5)  # a clock that fires so much later: what was reported meanwhile may not be in yet
LIMIT_AT = {
    VisitState.PROMISED: Limit.ARRIVAL,
    VisitState.ON_THE_WAY: Limit.ARRIVAL,
    VisitState.AT_THE_DOOR: Limit.FINISH,
}
NEED = {Limit.ARRIVAL: Need.ARRIVAL_LATE, Limit.FINISH: Need.FINISH_LATE, Limit.CASE: Need.CASE_LATE}
DUE = {Limit.ARRIVAL: TimerKind.ARRIVAL_DUE, Limit.FINISH: TimerKind.FINISH_DUE, Limit.CASE: TimerKind.CASE_DUE}


def watch_case(session: Writing, case: Case, since: datetime | None = None) -> None:
    """Sets the clocks of the working days that the case may take; those before are void.

    They are counted from `since` on, else from when they were before.
    """
    timers.stop(session, Subject.CASE, key(case), *OF_CASE)
    case.counts_from = since or case.counts_from or case.opened_at
    service = service_of(session, case)
    days = service.working_days_complex if case.complex else service.working_days
    if days is None:
        case.due_at = None
        return
    days_of = calendar(session, case.centre_id)
    case.due_at = days_of.end_of(case.counts_from, days)
    _arm(session, case, TimerKind.NEAR_LIMIT, days_of.end_of(case.counts_from, days - 1))
    timers.arm(session, TimerKind.CASE_DUE, case, case.due_at)
    relieved(session, case)


def watch_visit(session: Writing, visit: Visit, kind: TimerKind, due: datetime, limit: timedelta) -> None:
    """Sets the clocks of a way or a job that may take `limit` and is over at `due`."""
    timers.arm(session, kind, visit, due)
    _arm(session, visit, TimerKind.NEAR_LIMIT, due - limit + target_policy(session, visit.centre_id).warning(limit))


def relieved(session: Writing, case: Case) -> None:
    """What was late has been done, or has another limit now: only the case's own one counts."""
    over = case.due_at is not None and case.due_at <= session.clock.now()
    case.late = Lateness.YELLOW if over else None


def near(session: Writing, case: Case, timer: Timer) -> None:
    """A limit comes near: whoever it concerns is warned, and the board shows it."""
    visit = session.lock(Visit, timer.subject_id) if timer.subject is Subject.VISIT else None
    limit = _limit(case, visit)
    if limit is None or case.late not in (None, Lateness.NEAR):
        return
    case.late = Lateness.NEAR
    note(session, case, "near_limit", Actor.system(), limit=str(limit))
    if limit is Limit.CASE:
        need(session, case, Need.CASE_DUE_SOON, Actor.system())
    elif visit is not None and limit is Limit.ARRIVAL and visit.arrive_by is not None:
        offer = _accepted(session, case)
        assert offer is not None
        notices.warn(session, case, offer, visit.arrive_by)


def passed(session: Writing, case: Case, timer: Timer) -> None:
    """A limit has come: a yellow card and an operator, and the clock of the red one.

    After a time in which the service was away it waits once more, for what was reported meanwhile; on hold after a
    restore nobody gets a card, since nobody knows what was reported.
    """
    visit = session.lock(Visit, timer.subject_id) if timer.subject is Subject.VISIT else None
    limit = _limit(case, visit)
    if limit is None or DUE[limit] is not timer.kind:
        return
    if visit is not None and visit.done_reported_at is not None:
        need(session, case, Need.PROOF_MISSING, Actor.system())  # nobody is late who was there; a person finds out
        return
    now, row = session.clock.now(), visit or case
    need(session, case, NEED[limit], Actor.system())
    if now - timer.due_at > WE_WERE_AWAY:
        timers.arm(session, timer.kind, row, now + WE_WERE_AWAY)
        return
    _card(session, case, visit, limit, CardColour.YELLOW, timer.due_at)
    timers.arm(session, TimerKind.RED_LIMIT, row, _second(session, case, limit, timer.due_at))
    if visit is not None and limit is Limit.ARRIVAL:
        visit_news.late(session, case, visit)


def passed_again(session: Writing, case: Case, timer: Timer) -> None:
    """The second limit has come as well: a red card, and an operator once more."""
    visit = session.lock(Visit, timer.subject_id) if timer.subject is Subject.VISIT else None
    limit = _limit(case, visit)
    if limit is not None:
        need(session, case, NEED[limit], Actor.system())
        _card(session, case, visit, limit, CardColour.RED, timer.due_at)


def _limit(case: Case, visit: Visit | None) -> Limit | None:
    """Which limit runs now; None when it was met."""
    if visit is not None and visit.done_reported_at is not None and visit.state in LIMIT_AT:
        return Limit.FINISH
    if visit is not None:
        return LIMIT_AT.get(visit.state)
    return Limit.CASE if case.state in OPEN_STATES else None


def _second(session: Writing, case: Case, limit: Limit, first: datetime) -> datetime:
    if limit is Limit.CASE:
        return calendar(session, case.centre_id).end_of(first, 1)
    service = service_of(session, case)
    minutes = service.arrive_minutes if limit is Limit.ARRIVAL else service.finish_minutes
    return first + target_policy(session, case.centre_id).red(timedelta(minutes=minutes))


def _card(session: Writing, case: Case, visit: Visit | None, limit: Limit, colour: CardColour, due: datetime) -> None:
    case.late = Lateness(colour)
    case.version += 1
    if hold.current(session, case.centre_id) is None:
        cards.give(session, case, _accepted(session, case), visit, limit, colour, due)


def _accepted(session: Writing, case: Case) -> Offer | None:
    """The offer of the merchant that has the case; when none has, nobody is late but ourselves."""
    accepted = select(Offer).where(col(Offer.case_id) == case.id, col(Offer.state) == OfferState.ACCEPTED)
    return session.scalar(accepted)


def _arm(session: Writing, row: Case | Visit, kind: TimerKind, at: datetime) -> None:
    """A warning that would come too late is left out."""
    if at > session.clock.now():
        timers.arm(session, kind, row, at)
