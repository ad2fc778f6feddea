"""Asking the resident whether it was good: a call at a decent hour after the visit, 1 2 3, or 0 for somebody.

An operator who has asked before leaves nothing to ask; whom the telephone cannot ask is a task for an operator.
"""

from datetime import datetime, timedelta

import structlog

from dispatch import asking, timers
from dispatch.asking import Verdict
from dispatch.attention import Need, need
from dispatch.casebook import service_of
from dispatch.decency import survey_hours
from dispatch.messages import SURVEY_KEYS
from dispatch.models import Case, CaseState, Message, MessageKind, Reason, Satisfaction, Timer, TimerKind, Visit
from dispatch.models.transitions import note
from dispatch.policy import survey_policy
from registry.models import Resident
from registry.store import Actor, ActorKind, Writing

log = structlog.get_logger()

MEANS = {"1": Satisfaction.SATISFIED, "2": Satisfaction.FAIRLY, "3": Satisfaction.NOT_SATISFIED}
SOMEBODY = "0"
_DONE = frozenset({None, Reason.SERVED, Reason.PARTLY})


def expect(session: Writing, case: Case, visit: Visit) -> None:
    """The visit, which the caller holds with its case, is done: the resident will be asked."""
    assert visit.done_at is not None
    if case.resident_id is None or not service_of(session, case).needs_visit:
        return
    due = visit.done_at + timedelta(minutes=survey_policy(session, case.centre_id).after_minutes)
    timers.arm(session, TimerKind.SURVEY_DUE, visit, survey_hours(session, case.centre_id).next(due) or due)


def due(session: Writing, case: Case, timer: Timer) -> None:
    """The clock of a visit has come: the call is wanted, unless nobody has to ask, or only a person can."""
    visit = session.get(Visit, timer.subject_id)
    resident = session.get(Resident, case.resident_id) if case.resident_id is not None else None
    if visit is None or resident is None or resident.ended_at is not None or not open_to(case, visit.done_at):
        return
    number = asking.number_of(session, resident)
    if number is None:
        by_hand(session, case)
        return
    when = _when(session, case)
    if when is Verdict.NEVER:
        by_hand(session, case)
        return
    if isinstance(when, datetime):
        timers.arm(session, TimerKind.SURVEY_DUE, visit, when)
        return
    service = service_of(session, case)
    name = service.name_en if asking.language_of(resident) == "en" else service.name_zh
    body = asking.said_to(session, resident, "call.survey", service=name)
    message = asking.put(session, MessageKind.SURVEY, resident, number, body, SURVEY_KEYS)
    message.case_id = case.id
    asking.wanted(session, message)


def open_to(case: Case, since: datetime | None) -> bool:
    """Whether the case was served then, and nobody knows yet what the resident thinks of it."""
    return (
        case.state in (CaseState.SERVED, CaseState.CLOSED)
        and case.satisfaction is None
        and case.outcome in _DONE
        and case.served_at is not None
        and since is not None
        and since >= case.served_at
    )


def verdict(session: Writing, case: Case | None, message: Message) -> Verdict | datetime:
    """Whether to call now, later or not any more; the caller holds both."""
    resident = session.get(Resident, message.resident_id) if message.resident_id is not None else None
    if case is None or resident is None or resident.ended_at is not None or not open_to(case, message.created_at):
        return Verdict.NEVER
    when = _when(session, case)
    if when is Verdict.NEVER:
        by_hand(session, case)
    return when


def answered(session: Writing, case: Case, message: Message, key: str) -> None:
    """She has pressed a key. Who is not satisfied, or wants somebody, gets an operator, whatever happened since."""
    actor = Actor(ActorKind.RESIDENT, message.resident_id)
    if key == SOMEBODY:
        need(session, case, Need.WANTS_TO_TALK, actor)
        return
    means = MEANS[key]
    if open_to(case, message.created_at):
        case.satisfaction = means
        case.version += 1
        note(session, case, "surveyed", actor, satisfaction=str(means))
    else:  # an operator has asked meanwhile, and that stays
        note(session, case, "surveyed", actor, satisfaction=str(means), kept=str(case.satisfaction or ""))
    if means is Satisfaction.NOT_SATISFIED:
        need(session, case, Need.NOT_SATISFIED, actor)


def by_hand(session: Writing, case: Case) -> None:
    """The telephone could not ask her: somebody has to."""
    if case.satisfaction is None and case.state in (CaseState.SERVED, CaseState.CLOSED) and case.needs_since is None:
        need(session, case, Need.ASK_RESIDENT, Actor.system())


def _when(session: Writing, case: Case) -> Verdict | datetime:
    now = session.clock.now()
    assert case.served_at is not None
    worth_until = case.served_at + timedelta(hours=survey_policy(session, case.centre_id).worth_hours)
    decent = survey_hours(session, case.centre_id).next(now)
    if decent is None or max(decent, now) >= worth_until:
        return Verdict.NEVER
    return decent if decent > now else Verdict.NOW
