"""What is done when a clock is due: each in a transaction of its own, re-read and checked again under its locks."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlmodel import col

from dispatch import care, ladders, messages, offers, presence, surveys, timers, visits
from dispatch.attention import Need, need
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
    VisitState,
)
from registry.models import Channel
from registry.store import Actor, Store, Subject, Writing

log = structlog.get_logger()

LAST_WORD = timedelta(minutes=4)  # a call that is under way may still end with an acceptance
LOOK_AGAIN = timedelta(seconds=20)


def tick(store: Store, instance: str, limit: int = 50) -> int:
    """Does what is due now and returns how many clocks it looked at.

    One that fails is logged and stays armed for a later tick; the others go on.
    """
    due = timers.due_now(store, instance, limit)
    for timer_id in due:
        try:
            with store.writing() as session:
                _act(session, timer_id, instance)
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
    log.info("timer.fired", timer=timer_id, kind=str(timer.kind), case=timer.subject_id if case is None else case.id)


def _case_of(session: Writing, timer: Timer) -> Case | None:
    """The case a clock belongs to, held before anything else of it."""
    case_id: int | None = None
    if timer.subject is Subject.CASE:
        case_id = timer.subject_id
    elif timer.subject is Subject.OFFER:
        case_id = session.scalar(select(col(Offer.case_id)).where(col(Offer.id) == timer.subject_id))
    elif timer.subject is Subject.VISIT:
        case_id = session.scalar(select(col(Visit.case_id)).where(col(Visit.id) == timer.subject_id))
    elif timer.subject is Subject.LADDER:
        case_id = session.scalar(select(col(Ladder.case_id)).where(col(Ladder.id) == timer.subject_id))
    return session.lock(Case, case_id) if case_id is not None else None


def _offer_expires(session: Writing, case: Case, timer: Timer) -> None:
    offer = session.lock(Offer, timer.subject_id)
    if offer is None or offer.state not in offers.LIVE:
        return
    if _is_being_called(session, offer):  # whoever is on the line now may be about to press the key
        timers.arm(session, TimerKind.OFFER_EXPIRES, offer, session.clock.now() + LOOK_AGAIN)
    else:
        offers.expire(session, case, offer)


def _is_being_called(session: Writing, offer: Offer) -> bool:
    since = session.clock.now() - LAST_WORD
    under_way = (
        select(col(Message.id))
        .join(Attempt, col(Attempt.message_id) == col(Message.id))
        .where(
            col(Message.offer_id) == offer.id,
            col(Message.kind) == MessageKind.OFFER,
            col(Message.channel) == Channel.VOICE,
            col(Message.state).in_([MessageState.HANDED_OVER, MessageState.UNKNOWN]),
            col(Attempt.ended_at).is_(None),
            col(Attempt.handed_over_at) > since,
        )
    )
    return session.scalar(under_way.limit(1)) is not None


def _arrival_due(session: Writing, case: Case, timer: Timer) -> None:
    visit = session.lock(Visit, timer.subject_id)
    if visit is not None and visit.state in visits.NOT_THERE_YET:
        need(session, case, Need.ARRIVAL_LATE, Actor.system())


def _finish_due(session: Writing, case: Case, timer: Timer) -> None:
    visit = session.lock(Visit, timer.subject_id)
    if visit is not None and visit.state is VisitState.AT_THE_DOOR:
        need(session, case, Need.FINISH_LATE, Actor.system())


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
    TimerKind.ARRIVAL_DUE: _arrival_due,
    TimerKind.FINISH_DUE: _finish_due,
    TimerKind.WANTED_SOON: _wanted_soon,
    TimerKind.PROGRESS_CALL: _progress_call,
    TimerKind.SURVEY_DUE: surveys.due,
    TimerKind.LADDER_STEP: _ladder_step,
    TimerKind.RESPONDER_DUE: _responder_due,
}
