"""What is done when a clock is due: each in a transaction of its own, re-read and checked again under its locks."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch import (
    care,
    incident_news,
    incidents,
    ladders,
    limits,
    messages,
    offers,
    phones,
    presence,
    surveys,
    timers,
    unanswered,
)
from dispatch.attention import Need, need, unattended
from dispatch.models import (
    Attempt,
    CarePlan,
    Case,
    CaseState,
    Ladder,
    Message,
    MessageKind,
    MessageState,
    Offer,
    OfferState,
    Timer,
    TimerKind,
    TimerState,
    Visit,
)
from registry.models import Channel
from registry.store import Actor, Store, Subject, Writing

log = structlog.get_logger()

LAST_WORD = timedelta(minutes=4)  # a call that is under way may still end with an acceptance
LOOK_AGAIN = timedelta(seconds=20)


def tick(store: Store, instance: str, limit: int = 20) -> int:
    """Does what is due now and returns how many clocks it looked at, `limit` at most: others take theirs meanwhile.

    One that fails is logged and stays armed for a later tick; the others go on.
    """
    due = timers.due_now(store, instance, limit)
    for timer_id in due:
        try:
            store.write(partial(_act, timer_id=timer_id, instance=instance))
        except Exception:
            log.exception("timer.failed", timer=timer_id)
            timers.put_off(store, timer_id)
    return len(due)


def _act(session: Writing, timer_id: int, instance: str) -> None:
    seen = session.get(Timer, timer_id)
    if seen is None:
        return
    case = _case_of(session, seen)
    plan = session.lock(CarePlan, seen.subject_id) if seen.subject is Subject.CARE_PLAN else None
    timer = session.lock(Timer, timer_id)
    if timer is None or timer.state is not TimerState.ARMED or timer.claimed_by != instance:
        return
    timer.state, timer.settled_at = TimerState.FIRED, session.clock.now()
    session.flush()
    if case is not None:
        _ACTS[timer.kind](session, case, timer)
    elif plan is not None:
        care.due(session, plan, timer)
    elif timer.kind is TimerKind.AFTER_CALL:
        presence.after_call_is_over(session, timer)
    elif timer.kind is TimerKind.PHONE_AGAIN:
        phones.try_again(session, timer)
    elif timer.kind is TimerKind.CALL_BACK_DUE:
        unanswered.still_open(session, timer)
    log.info("timer.fired", timer=timer_id, kind=str(timer.kind), case=timer.subject_id if case is None else case.id)


def _case_of(session: Writing, timer: Timer) -> Case | None:
    """The case a clock belongs to, held before anything else of it."""
    case_id: int | None = None
    if timer.subject is Subject.CASE:
        case_id = timer.subject_id
    elif timer.subject in _CASE_OF:
        case_id = session.rows(_CASE_OF[timer.subject], id=timer.subject_id).scalar()
    return session.lock(Case, case_id) if case_id is not None else None


_CASE_OF = {
    subject: select(col(model.case_id)).where(col(model.id) == bindparam("id"))
    for subject, model in ((Subject.OFFER, Offer), (Subject.VISIT, Visit), (Subject.LADDER, Ladder))
}


def _offer_expires(session: Writing, case: Case, timer: Timer) -> None:
    offer = session.lock(Offer, timer.subject_id)
    if offer is None or offer.state not in offers.LIVE:
        return
    if _is_being_called(session, offer):  # whoever is on the line now may be about to press the key
        timers.arm(session, TimerKind.OFFER_EXPIRES, offer, session.clock.now() + LOOK_AGAIN)
    else:
        offers.expire(session, case, offer)


def _offer_silent(session: Writing, case: Case, timer: Timer) -> None:
    offer = session.lock(Offer, timer.subject_id)
    if offer is not None:
        offers.silent(session, case, offer)


def _unattended(session: Writing, case: Case, timer: Timer) -> None:
    unattended(session, case)


def _is_being_called(session: Writing, offer: Offer) -> bool:
    since = session.clock.now() - LAST_WORD
    return session.rows(_CALL_UNDER_WAY, offer_id=offer.id, since=since).first() is not None


_CALL_UNDER_WAY = (
    select(col(Message.id))
    .join(Attempt, col(Attempt.message_id) == col(Message.id))
    .where(
        col(Message.offer_id) == bindparam("offer_id"),
        col(Message.kind) == MessageKind.OFFER,
        col(Message.channel) == Channel.VOICE,
        col(Message.state).in_([MessageState.HANDED_OVER, MessageState.UNKNOWN]),
        col(Attempt.ended_at).is_(None),
        col(Attempt.handed_over_at) > bindparam("since", type_=UTCDateTime()),
    )
    .limit(1)
)


def _wanted_soon(session: Writing, case: Case, timer: Timer) -> None:
    if case.state is CaseState.OPEN:
        need(session, case, Need.WANTED_SOON, Actor.system())


def _progress_call(session: Writing, case: Case, timer: Timer) -> None:
    """Asks by telephone, unless the merchant has reported since the clock was set."""
    visit = session.lock(Visit, timer.subject_id)
    offer = session.lock(Offer, visit.offer_id) if visit is not None else None
    if visit is None or offer is None or offer.state is not OfferState.ACCEPTED:
        return
    if visit.version == timer.fence:
        messages.ask_progress(session, case, offer)


def _ladder_step(session: Writing, case: Case, timer: Timer) -> None:
    ladder = session.lock(Ladder, timer.subject_id)
    if ladder is not None:
        ladders.next_step(session, case, ladder)


def _responder_due(session: Writing, case: Case, timer: Timer) -> None:
    ladder = session.lock(Ladder, timer.subject_id)
    if ladder is not None:
        ladders.arrival_due(session, case, ladder)


_ACTS: dict[TimerKind, Callable[[Writing, Case, Timer], None]] = {
    TimerKind.OFFER_EXPIRES: _offer_expires,
    TimerKind.OFFER_SILENT: _offer_silent,
    TimerKind.NEAR_LIMIT: limits.near,
    TimerKind.ARRIVAL_DUE: limits.passed,
    TimerKind.FINISH_DUE: limits.passed,
    TimerKind.CASE_DUE: limits.passed,
    TimerKind.RED_LIMIT: limits.passed_again,
    TimerKind.JOIN_INCIDENT: incidents.join,
    TimerKind.INCIDENT_NEWS: incident_news.due,
    TimerKind.SETTLE_INCIDENT: incidents.settle,
    TimerKind.WANTED_SOON: _wanted_soon,
    TimerKind.UNATTENDED: _unattended,
    TimerKind.PROGRESS_CALL: _progress_call,
    TimerKind.SURVEY_DUE: surveys.due,
    TimerKind.LADDER_STEP: _ladder_step,
    TimerKind.RESPONDER_DUE: _responder_due,
}
