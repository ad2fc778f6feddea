"""Incidents: cases of one cause gathered under a parent case, which carries the utility's one job.

The operator is told when many are alike; one command opens the incident and gathers them, and the next ones join by
the same command. When the incident is closed each of its cases is settled, but for those that still need help.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from dispatch import cases, incident_news, limits, offers, timers
from dispatch.attention import Need, met
from dispatch.casebook import OPEN_STATES, expect, held, seen_by, service_of
from dispatch.closing import end_case
from dispatch.desk import Desk
from dispatch.errors import ForbiddenMove
from dispatch.models import Case, CaseState, OfferState, Reason, Timer, TimerKind, Turn
from dispatch.models.transitions import key, move, note
from dispatch.policy import incident_policy
from dispatch.wire.cases import Gather, KeepApart
from registry.models import Resident
from registry.store import Actor, Subject, Writing

COULD_BE_JOINED = OPEN_STATES - {CaseState.SERVED}
CAN_JOIN = (CaseState.OPEN, CaseState.OFFERING)  # somebody who comes already is let come


def alike(centre_id: int, since: datetime) -> tuple[ColumnElement[bool], ...]:
    """Cases that may have one cause, where the service and the community of the resident's home are the same."""
    return (
        col(Case.centre_id) == centre_id,
        col(Case.state).in_(CAN_JOIN),
        col(Case.parent_id).is_(None),
        col(Case.incident).is_(False),
        col(Case.call_back).is_(None),
        col(Case.place).is_(None),
        col(Case.resident_id) == col(Resident.id),
        col(Case.opened_at) > since,
    )


def gather(session: Writing, desk: Desk, number: str, order: Gather) -> Case:
    """The incident to which this case and all that are alike belong from now on; opened unless there is one.

    Raises NotFound, Conflict, and ForbiddenMove for a case that belongs to one already, or is of no community.
    """
    case = held(session, desk, number)
    expect(session, case, order.expects)
    home = _home(session, case)
    if case.incident or case.parent_id is not None or home is None or case.state not in CAN_JOIN:
        raise ForbiddenMove(subject=Subject.CASE, now=case.state, wanted="incident")
    incident = _open_one(session, case, home) or _begin(session, desk, case, home)
    ids = _alike_with(session, case, home)
    incident_news.arm_each(session, case.centre_id, TimerKind.JOIN_INCIDENT, sorted(ids), session.clock.now())
    note(session, incident, "gathering", desk.actor, cases=len(ids))
    return incident


def keep_apart(session: Writing, desk: Desk, number: str, order: KeepApart) -> Case:
    """This case and those alike have no cause in common: nobody is asked to gather them, until another one comes.

    Raises NotFound, Conflict, and ForbiddenMove for a case that belongs to an incident, or is of no community.
    """
    looked_at = session.scalar(select(Case).where(col(Case.number) == number, seen_by(desk)))
    home = _home(session, looked_at) if looked_at is not None else None
    ids = _alike_with(session, looked_at, home) if looked_at is not None and home is not None else set()
    seen = held(session, desk, number, *ids)
    expect(session, seen, order.expects)
    if seen.incident or seen.parent_id is not None or home is None or seen.state not in CAN_JOIN:
        raise ForbiddenMove(subject=Subject.CASE, now=seen.state, wanted="apart")
    for case in session.lock_all(Case, ids):
        if not case.apart and case.parent_id is None:
            case.apart = True
            case.version += 1
            note(session, case, "kept_apart", desk.actor, cases=len(ids))
    return seen


def _alike_with(session: Writing, case: Case, home: Resident) -> set[int]:
    """The ids of the case and of all that are alike."""
    since = session.clock.now() - incident_policy(session, case.centre_id).window
    others = select(col(Case.id)).where(
        *alike(case.centre_id, since),
        col(Case.service_code) == case.service_code,
        col(Case.area_id).is_not_distinct_from(case.area_id),
        col(Resident.community) == home.community,
    )
    return {id_ for id_ in session.scalars(others) if id_ is not None} | {key(case)}


def join(session: Writing, case: Case, timer: Timer) -> None:
    """A case that is alike becomes one of the open incident's: it asks nobody by itself any more, and its resident
    hears that it is known.
    """
    home = _home(session, case)
    found = _open_one(session, case, home) if home is not None else None
    incident = session.lock(Case, key(found)) if found is not None else None
    if incident is None or incident.state not in OPEN_STATES:
        return
    if case.parent_id is not None or case.state not in CAN_JOIN:
        return
    for offer in offers.live(session, case):
        offers.end(session, case, offer, OfferState.WITHDRAWN, Actor.system())
    met(case)
    case.parent_id, case.turn, case.turn_operator_id = key(incident), Turn.INCIDENT, None
    if case.state is CaseState.OFFERING:
        move(session, case, CaseState.OPEN, Actor.system())
    timers.stop(session, Subject.CASE, key(case), TimerKind.WANTED_SOON, *limits.OF_CASE)
    note(session, case, "joined", Actor.system(), incident=incident.number)
    incident.version += 1
    note(session, incident, "gathered", Actor.system(), case=case.number)
    timers.arm(session, TimerKind.INCIDENT_NEWS, case, session.clock.now())


def settle(session: Writing, case: Case, timer: Timer) -> None:
    """The incident is over: so is this case of it, unless she still needs help, or nothing was done for anybody.

    One for which an operator has sent somebody all the same goes its own way.
    """
    incident = session.get(Case, case.parent_id) if case.parent_id is not None else None
    if incident is None or incident.state in OPEN_STATES or case.state is not CaseState.OPEN:
        return
    if incident.state is CaseState.CANCELLED or incident.outcome is Reason.NOT_SERVED:
        incident_news.still(session, case, Actor.system(), Need.STILL_NEEDED)
        return
    incident_news.due(session, case, timer)
    if case.parent_id is not None:
        case.outcome = incident.outcome
        end_case(session, case, CaseState.CLOSED, Actor.system(), outcome=str(case.outcome), incident=incident.number)


def _home(session: Writing, case: Case) -> Resident | None:
    """Whose home the case is at, if that is in a community."""
    resident = session.get(Resident, case.resident_id) if case.resident_id is not None and not case.place else None
    return resident if resident is not None and resident.community else None


def _open_one(session: Writing, case: Case, home: Resident) -> Case | None:
    """The open incident of this case's service and place."""
    return session.scalar(
        select(Case)
        .where(
            col(Case.centre_id) == case.centre_id,
            col(Case.service_code) == case.service_code,
            col(Case.area_id).is_not_distinct_from(case.area_id),
            col(Case.place) == home.community,
            col(Case.incident),
            col(Case.state).in_(COULD_BE_JOINED),
        )
        .order_by(col(Case.id).desc())
        .limit(1)
    )


def _begin(session: Writing, desk: Desk, case: Case, home: Resident) -> Case:
    """It lies where the case lies from which it was made, so that whoever is near is found. What one resident has
    said is hers and not repeated in it: what there is to say of all of them an operator writes.
    """
    incident = cases.begin(
        session,
        service_of(session, case),
        desk.actor,
        call=None,
        resident=None,
        priority=case.priority,
        place=home.community,
        position=(home.latitude, home.longitude),
        owner_id=desk.operator_id,
        turn_operator_id=desk.operator_id,
    )
    incident.incident, incident.area_id = True, case.area_id
    session.flush()
    return incident
