"""Visits: the merchant has promised to come, is on the way, at the door, done.

Each step moves the visit, its case and its clocks; how it comes and what proves it is `dispatch.visit_reports`'s.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from dispatch import incident_news, limits, surveys, timers, who_comes
from dispatch.attention import Need, met
from dispatch.casebook import service_of
from dispatch.errors import ForbiddenMove
from dispatch.messages import writes_sms
from dispatch.models import Case, CaseState, Offer, OfferState, Timer, TimerKind, TimerState, Turn, Visit, VisitState
from dispatch.models.transitions import key, move, note
from registry.models import VisitProof
from registry.store import Actor, Subject, Writing

CASE_AT = {
    VisitState.ON_THE_WAY: CaseState.ON_THE_WAY,
    VisitState.AT_THE_DOOR: CaseState.ON_SITE,
    VisitState.DONE: CaseState.SERVED,
}
MISSING = {  # what an operator was to look after, and what ends it
    VisitState.AT_THE_DOOR: frozenset({Need.ARRIVAL_LATE}),
    VisitState.DONE: frozenset({Need.ARRIVAL_LATE, Need.FINISH_LATE, Need.PROOF_MISSING, Need.WRONG_WORD}),
}
STEP_OF_KEY = {"3": VisitState.ON_THE_WAY, "4": VisitState.AT_THE_DOOR, "5": VisitState.DONE}
NOT_THERE_YET = frozenset({VisitState.PROMISED, VisitState.ON_THE_WAY})
SHORTEST_WAIT = timedelta(minutes=2)  # before a merchant is called for how far it is


def is_awaited(visit: Visit) -> bool:
    """Whether, as far as anybody has told, nobody has been at the door yet."""
    return visit.state in NOT_THERE_YET and visit.done_reported_at is None


def of_case(session: Writing, case: Case) -> Visit | None:
    """The visit of the offer that is accepted now, held."""
    visit_id = session.scalar(
        select(col(Visit.id))
        .join(Offer, col(Offer.id) == col(Visit.offer_id))
        .where(col(Visit.case_id) == case.id, col(Offer.state) == OfferState.ACCEPTED)
    )
    return session.lock(Visit, visit_id) if visit_id is not None else None


def of_offer(session: Writing, offer: Offer) -> Visit | None:
    visit_id = session.scalar(select(col(Visit.id)).where(col(Visit.offer_id) == offer.id))
    return session.lock(Visit, visit_id) if visit_id is not None else None


def promise(session: Writing, case: Case, offer: Offer, comes: int | None) -> Visit:
    """The offer has been accepted: from now on somebody is expected at the door. Raises BadValue when `comes` is none
    of the merchant's staff.
    """
    visit = Visit(
        centre_id=case.centre_id,
        area_id=case.area_id,
        case_id=key(case),
        offer_id=key(offer),
        merchant_id=offer.merchant_id,
        promised_at=session.clock.now(),
        comes=who_comes.called(session, case, offer, comes),
        word=_word(session, case),
    )
    session.add(visit)
    _expect(session, case, visit)
    return visit


def _word(session: Writing, case: Case) -> str | None:
    """Four digits for the resident alone, where the service asks for them and somebody is known who can have them."""
    if service_of(session, case).proof is not VisitProof.WORD or case.resident_id is None:
        return None
    return f"{secrets.randbelow(10_000):04}"


def expect_anew(session: Writing, case: Case) -> None:
    """The time at which whoever has accepted is wanted has changed."""
    visit = of_case(session, case)
    if visit is not None and is_awaited(visit):
        timers.stop(session, Subject.VISIT, key(visit))
        _expect(session, case, visit)


def _expect(session: Writing, case: Case, visit: Visit) -> None:
    """The clock of the arrival: as long as the service's way takes from now, and not before it is wanted."""
    way = timedelta(minutes=service_of(session, case).arrive_minutes)
    due = session.clock.now() + way
    visit.arrive_by = due if case.wanted_at is None else max(due, case.wanted_at)
    _watch(session, visit, TimerKind.ARRIVAL_DUE, visit.arrive_by, way)


def step(
    session: Writing, case: Case, visit: Visit, to: VisitState, actor: Actor, *, proof: str, **facts: Any
) -> None:
    """The visit goes on by a step; the caller holds case and visit.

    Raises ForbiddenMove for a step back or a repeated one.
    """
    if visit.state is to or to not in visit.moves[visit.state]:
        raise ForbiddenMove(subject=Subject.VISIT, now=visit.state, wanted=to)
    now = session.clock.now()
    if case.needs_why in MISSING.get(to, ()):
        met(case)  # what was missing has come
    visit.proof = proof
    setattr(visit, f"{to}_at", now)
    move(session, visit, to, actor, proof=proof, **facts)
    case.turn, case.turn_operator_id = Turn.MERCHANT, None
    if to is VisitState.DONE:
        case.turn, case.turn_operator_id, case.served_at = Turn.OPERATOR, case.owner_id, now
        offer = session.lock(Offer, visit.offer_id)
        assert offer is not None
        move(session, offer, OfferState.FULFILLED, actor)
    move(session, case, CASE_AT[to], actor, visit=visit.id)
    if to is VisitState.ON_THE_WAY:  # the clock of the arrival runs on
        due = session.scalar(
            select(col(Timer.due_at)).where(
                col(Timer.subject) == Subject.VISIT,
                col(Timer.subject_id) == visit.id,
                col(Timer.kind) == TimerKind.ARRIVAL_DUE,
                col(Timer.state) == TimerState.ARMED,
            )
        )
        if due is not None:
            _ask_halfway(session, visit, due)
        return
    timers.stop(session, Subject.VISIT, key(visit))
    limits.relieved(session, case)
    if to is VisitState.DONE:
        surveys.expect(session, case, visit)
        incident_news.moved(session, case)
    if to is VisitState.AT_THE_DOOR:
        _watch_finish(session, case, visit)


def done_without_proof(session: Writing, case: Case, visit: Visit, actor: Actor, *, proof: str) -> None:
    """Whoever was there says that it is done, and what the service asks for has not come yet: the visit waits for it,
    as long as finishing may take from the door on. Nothing of this is asked of a merchant who says it twice.
    """
    if visit.done_reported_at is not None:
        return
    visit.done_reported_at = session.clock.now()
    visit.version += 1
    note(session, visit, "done_reported", actor, proof=proof)
    if case.needs_why == Need.ARRIVAL_LATE:
        met(case)
    if visit.state is not VisitState.AT_THE_DOOR:
        timers.stop(session, Subject.VISIT, key(visit))
        limits.relieved(session, case)
        _watch_finish(session, case, visit)


def _watch_finish(session: Writing, case: Case, visit: Visit) -> None:
    job = timedelta(minutes=service_of(session, case).finish_minutes)
    _watch(session, visit, TimerKind.FINISH_DUE, session.clock.now() + job, job)


def call_off(session: Writing, offer: Offer, actor: Actor) -> None:
    """Nobody comes any more from this offer, which the caller holds."""
    visit = of_offer(session, offer)
    if visit is not None and VisitState.CALLED_OFF in visit.moves[visit.state]:
        move(session, visit, VisitState.CALLED_OFF, actor)
        timers.stop(session, Subject.VISIT, key(visit))


def _watch(session: Writing, visit: Visit, kind: TimerKind, due: datetime, limit: timedelta) -> None:
    """Sets the clocks, and for a merchant who cannot write a call at half-time that asks how far it is."""
    limits.watch_visit(session, visit, kind, due, limit)
    _ask_halfway(session, visit, due)


def _ask_halfway(session: Writing, visit: Visit, due: datetime) -> None:
    now = session.clock.now()
    if not writes_sms(session, visit.merchant_id) and due - now > 2 * SHORTEST_WAIT:
        timers.arm(session, TimerKind.PROGRESS_CALL, visit, now + (due - now) / 2, fenced=True)
