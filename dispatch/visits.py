"""Visits: the merchant has promised to come, is on the way, at the door, done.

The steps come by SMS, by key, or by word of mouth through an operator; each moves the visit, its case and its clocks.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from dispatch import surveys, timers
from dispatch.attention import Need, met
from dispatch.casebook import expect, held, service_of
from dispatch.desk import Desk
from dispatch.errors import ForbiddenMove
from dispatch.messages import writes_sms
from dispatch.models import Case, CaseState, Offer, OfferState, Timer, TimerKind, TimerState, Turn, Visit, VisitState
from dispatch.models.transitions import key, move
from dispatch.wire.work import VisitReport
from registry.store import Actor, Subject, Writing

CASE_AT = {
    VisitState.ON_THE_WAY: CaseState.ON_THE_WAY,
    VisitState.AT_THE_DOOR: CaseState.ON_SITE,
    VisitState.DONE: CaseState.SERVED,
}
STEP_OF_KEY = {"3": VisitState.ON_THE_WAY, "4": VisitState.AT_THE_DOOR, "5": VisitState.DONE}
NOT_THERE_YET = frozenset({VisitState.PROMISED, VisitState.ON_THE_WAY})
SHORTEST_WAIT = timedelta(minutes=2)  # before a merchant is called for how far it is


def report_visit(session: Writing, desk: Desk, number: str, report: VisitReport) -> Visit:
    """Writes down what the merchant told the operator. Raises NotFound, Conflict, ForbiddenMove."""
    case = held(session, desk, number)
    expect(session, case, report.expects)
    visit = of_case(session, case)
    if visit is None:
        raise ForbiddenMove(subject=Subject.VISIT, now=case.state, wanted=report.step)
    step(session, case, visit, VisitState(report.step), desk.actor, proof="operator")
    return visit


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


def promise(session: Writing, case: Case, offer: Offer, actor: Actor) -> Visit:
    """The offer has been accepted: from now on somebody is expected at the door."""
    visit = Visit(
        centre_id=case.centre_id,
        area_id=case.area_id,
        case_id=key(case),
        offer_id=key(offer),
        merchant_id=offer.merchant_id,
        promised_at=session.clock.now(),
    )
    session.add(visit)
    session.flush()
    _expect(session, case, visit)
    return visit


def expect_anew(session: Writing, case: Case) -> None:
    """The time at which whoever has accepted is wanted has changed."""
    visit = of_case(session, case)
    if visit is not None and visit.state in NOT_THERE_YET:
        timers.stop(session, Subject.VISIT, key(visit))
        _expect(session, case, visit)


def _expect(session: Writing, case: Case, visit: Visit) -> None:
    """The clock of the arrival: as long as the service's way takes from now, and not before it is wanted."""
    due = session.clock.now() + timedelta(minutes=service_of(session, case).arrive_minutes)
    _watch(session, visit, TimerKind.ARRIVAL_DUE, due if case.wanted_at is None else max(due, case.wanted_at))


def step(session: Writing, case: Case, visit: Visit, to: VisitState, actor: Actor, *, proof: str) -> None:
    """The visit goes on by a step; the caller holds case and visit.

    Raises ForbiddenMove for a step back or a repeated one.
    """
    if visit.state is to or to not in visit.moves[visit.state]:
        raise ForbiddenMove(subject=Subject.VISIT, now=visit.state, wanted=to)
    now = session.clock.now()
    late = {VisitState.AT_THE_DOOR: {Need.ARRIVAL_LATE}, VisitState.DONE: {Need.ARRIVAL_LATE, Need.FINISH_LATE}}
    if case.needs_why in late.get(to, ()):
        met(case)  # what was missing has come
    visit.proof = proof
    setattr(visit, f"{to}_at", now)
    move(session, visit, to, actor, proof=proof)
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
    if to is VisitState.DONE:
        surveys.expect(session, case, visit)
    if to is VisitState.AT_THE_DOOR:
        minutes = service_of(session, case).finish_minutes
        _watch(session, visit, TimerKind.FINISH_DUE, now + timedelta(minutes=minutes))


def call_off(session: Writing, offer: Offer, actor: Actor) -> None:
    """Nobody comes any more from this offer, which the caller holds."""
    visit = of_offer(session, offer)
    if visit is not None and VisitState.CALLED_OFF in visit.moves[visit.state]:
        move(session, visit, VisitState.CALLED_OFF, actor)
        timers.stop(session, Subject.VISIT, key(visit))


def _watch(session: Writing, visit: Visit, kind: TimerKind, due: datetime) -> None:
    """Sets the clock, and for a merchant who cannot write a call at half-time that asks how far it is."""
    timers.arm(session, kind, visit, due)
    _ask_halfway(session, visit, due)


def _ask_halfway(session: Writing, visit: Visit, due: datetime) -> None:
    now = session.clock.now()
    if not writes_sms(session, visit.merchant_id) and due - now > 2 * SHORTEST_WAIT:
        timers.arm(session, TimerKind.PROGRESS_CALL, visit, now + (due - now) / 2, fenced=True)
