"""Cases (工单) from the first word to the last: opened, changed, asked about again, acknowledged, closed."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import col

from dispatch import call_backs, ladders, limits, offers, visits
from dispatch.attention import met
from dispatch.calls import held as held_call
from dispatch.casebook import OPEN_STATES, expect, expect_version, held, hold_all, next_number, watch_wanted
from dispatch.closing import end_case
from dispatch.desk import Desk
from dispatch.errors import BadValue, Conflict
from dispatch.models import (
    Call,
    CallMatch,
    Case,
    CaseCall,
    CaseState,
    LinkWhy,
    Operator,
    Reason,
    Satisfaction,
    Turn,
)
from dispatch.models.transitions import key, move, note
from dispatch.wire.cases import Acknowledge, Cancel, CaseChange, Close, NewCase, Remind, Reopen
from registry.centres import service as service_in_force
from registry.errors import NotFound as NotInRegistry
from registry.models import Centre, Resident, Service, Way
from registry.models.centre import Priority
from registry.store import Actor, Subject, Writing


def open_case(session: Writing, desk: Desk, new: NewCase) -> Case:
    """Opens a case for a new need; the operator who answered the call owns it, and it is this desk's turn.

    Raises NotFound for a call the desk may not see, BadValue for a service or resident that there is not.
    """
    call = held_call(session, desk, new.call_id) if new.call_id is not None else None
    resident = _resident(session, desk, new.resident_id, call)
    if resident is None and call is not None and call.resident_id is not None:
        resident = session.get(Resident, call.resident_id)
    try:
        service = service_in_force(session, desk.centre_id, new.service)
    except NotInRegistry as missing:
        raise BadValue(field="service", found=new.service, right="service.known") from missing
    call_back = None
    if service.code == call_backs.SERVICE and (call is not None or resident is not None):
        call_back = f"resident:{resident.id}" if resident is not None else call_backs.whose(call) if call else None
        _only_one(session, desk.centre_id, call_back)
    if call is not None:
        hold_all(session, [call_backs.led_to(session, call)])  # before the day's count of cases
    case = begin(
        session,
        service,
        desk.actor,
        call=call,
        call_back=call_back,
        resident=resident,
        priority=Priority(new.priority) if new.priority is not None else None,
        words=new.words,
        wanted_at=new.wanted_at,
        place=new.place,
        position=(new.latitude, new.longitude),
        owner_id=call.operator_id if call is not None and call.operator_id is not None else desk.operator_id,
        turn_operator_id=desk.operator_id,
    )
    if call is not None:
        call_backs.dealt_with(session, call, desk.actor)
    return case


def begin(
    session: Writing,
    service: Service,
    actor: Actor,
    *,
    call: Call | None,
    resident: Resident | None,
    priority: Priority | None = None,
    words: str = "",
    wanted_at: datetime | None = None,
    place: str | None = None,
    position: tuple[float | None, float | None] = (None, None),
    owner_id: int | None = None,
    turn_operator_id: int | None = None,
    number: str | None = None,
    call_back: str | None = None,
    why: LinkWhy = LinkWhy.OPENED,
) -> Case:
    """The new case itself, with its number, its call and its first clock; the caller holds the call."""
    now = session.clock.now()
    centre = session.get(Centre, service.centre_id)
    assert centre is not None
    area_id = resident.area_id if resident is not None else call.area_id if call is not None else None
    assert service.id is not None
    case = Case(
        number=number or next_number(session, centre, now),
        centre_id=service.centre_id,
        area_id=area_id,
        resident_id=resident.id if resident is not None else None,
        service_code=service.code,
        service_id=service.id,
        words=words,
        priority=priority or service.priority,
        owner_id=owner_id,
        turn_operator_id=turn_operator_id,
        wanted_at=wanted_at,
        place=place,
        latitude=position[0],
        longitude=position[1],
        opened_at=now,
        call_back=call_back,
    )
    session.add(case)
    session.flush()
    facts: dict[str, Any] = {"service": service.code, "priority": str(case.priority)}
    if call is not None:
        session.add(CaseCall(case_id=key(case), call_id=key(call), why=why))
        facts["call"] = call.id
    note(session, case, "opened", actor, number=case.number, **facts)
    if wanted_at is not None:
        watch_wanted(session, case)
    limits.watch_case(session, case)
    return case


def link(session: Writing, case: Case, call: Call, why: LinkWhy) -> None:
    """The call belongs to the case; a second link of the same two changes nothing."""
    if session.get(CaseCall, (key(case), key(call))) is None:
        session.add(CaseCall(case_id=key(case), call_id=key(call), why=why))


def _resident(session: Writing, desk: Desk, resident_id: int | None, call: Call | None = None) -> Resident | None:
    """One of the desk's own residents, or one of those on the line of a call that came to it."""
    if resident_id is None:
        return None
    here = desk.scope.covers(Resident)
    if call is not None:
        on_the_line = select(col(CallMatch.resident_id)).where(col(CallMatch.call_id) == call.id)
        here = or_(here, col(Resident.id) == call.resident_id, col(Resident.id).in_(on_the_line))
    resident = session.scalar(select(Resident).where(col(Resident.id) == resident_id, here))
    if resident is None or resident.centre_id != desk.centre_id:
        raise BadValue(field="resident_id", found=resident_id, right="resident.known")
    return resident


def change_case(session: Writing, desk: Desk, number: str, change: CaseChange) -> Case:
    """Changes the fields that were sent; a null takes a time, place or position away.

    Who has accepted the case is told what is new, and has the time that it takes from now on.

    Raises NotFound, StaleVersion, BadValue, and Conflict for a case that is closed.
    """
    case = held(session, desk, number)
    _expect_open(session, case)
    expect_version(case, change.version)
    sent = change.model_fields_set - {"version"}
    before = _told(case)
    if "words" in sent:
        case.words = change.words or ""
    if "priority" in sent and change.priority is not None:
        case.priority = Priority(change.priority)
        if case.priority is not Priority.EMERGENCY:
            ladders.over(session, case, desk.actor)
    if "resident_id" in sent:
        resident = _resident(session, desk, change.resident_id)
        case.resident_id = resident.id if resident is not None else None
        case.area_id = resident.area_id if resident is not None else None
    if "place" in sent:
        case.latitude = case.longitude = None  # they were those of the place before
    for field in sent & {"wanted_at", "place", "latitude", "longitude"}:
        setattr(case, field, getattr(change, field))
    if "complex" in sent and change.complex is not None:
        case.complex = change.complex
        limits.watch_case(session, case)
    if "wanted_at" in sent:
        watch_wanted(session, case)
        visits.expect_anew(session, case)
    if "way" in sent:
        case.way = Way(change.way) if change.way is not None else None
    case.version += 1
    note(session, case, "changed", desk.actor, fields=sorted(sent))
    if "way" in sent and case.state is CaseState.OFFERING:
        offers.move_on(session, case)  # a race has places left
    if _told(case) != before:
        offers.tell_anew(session, case)
    return case


def _told(case: Case) -> tuple[object, ...]:
    """What a merchant who comes knows of the case."""
    return case.words, case.wanted_at, case.place, case.resident_id


def remind(session: Writing, desk: Desk, number: str, asked: Remind) -> Case:
    """催单: the resident asks again about what is still open. Raises NotFound, and Conflict for a closed case."""
    call = held_call(session, desk, asked.call_id) if asked.call_id is not None else None
    case = held(session, desk, number, call_backs.led_to(session, call) if call is not None else None)
    _expect_open(session, case)
    reminded(session, case, call, desk.actor)
    if call is not None:
        call_backs.dealt_with(session, call, desk.actor)
    return case


def reminded(session: Writing, case: Case, call: Call | None, actor: Actor) -> None:
    """Counts the asking again; the caller holds both."""
    case.reminders += 1
    case.last_reminder_at = session.clock.now()
    case.version += 1
    if call is not None:
        link(session, case, call, LinkWhy.REMINDER)
        note(session, case, "reminded", actor, reminders=case.reminders, call=call.id)
    else:
        note(session, case, "reminded", actor, reminders=case.reminders)


def acknowledge(session: Writing, desk: Desk, number: str, seen: Acknowledge) -> Case:
    """This desk has seen what the case needs and takes its turn.

    Raises Conflict when something newer is needed than what was seen, or when somebody acknowledged before.
    """
    case = held(session, desk, number)
    if case.needs_since is None or (seen.needs_since is not None and case.needs_since > seen.needs_since):
        whose = session.get(Operator, case.turn_operator_id) if case.turn_operator_id is not None else None
        by = {"by": whose.name} if whose is not None and case.needs_since is None else {}
        raise Conflict(subject=Subject.CASE, now=case.state, needs=case.needs_why, **by)
    taken(session, case, desk.operator_id)
    return case


def taken(session: Writing, case: Case, operator_id: int) -> None:
    """An operator has seen what the case, which the caller holds, needs; one that nobody owned is hers."""
    why = case.needs_why
    met(case)
    if case.state in OPEN_STATES:
        case.turn, case.turn_operator_id = Turn.OPERATOR, operator_id
    if case.owner_id is None:
        case.owner_id = operator_id
    ladders.taken(session, case, operator_id)
    case.version += 1
    note(session, case, "acknowledged", Actor.operator(operator_id), why=why)


def close(session: Writing, desk: Desk, number: str, end: Close) -> Case:
    """Closes what has been served, or what nobody has to go for. Raises Conflict, ForbiddenMove."""
    case = held(session, desk, number)
    expect(session, case, end.expects)
    case.outcome = Reason(end.outcome)
    case.outcome_note = end.note
    if end.satisfaction is not None:  # else what the resident has said when she was asked stays
        case.satisfaction = Satisfaction(end.satisfaction)
    facts = {"outcome": str(case.outcome)}
    if case.satisfaction is not None:
        facts["satisfaction"] = str(case.satisfaction)
    end_case(session, case, CaseState.CLOSED, desk.actor, **facts)
    return case


def cancel(session: Writing, desk: Desk, number: str, end: Cancel) -> Case:
    """Calls the case off; who was asked or has accepted is told. Raises Conflict, ForbiddenMove."""
    case = held(session, desk, number)
    expect(session, case, end.expects)
    case.outcome, case.outcome_note = Reason.CANCELLED_BY_RESIDENT, end.note
    end_case(session, case, CaseState.CANCELLED, desk.actor)
    offers.call_off(session, case, desk.actor)
    return case


def reopen(session: Writing, desk: Desk, number: str, again: Reopen) -> Case:
    """Takes a closed or cancelled case up again; it is this desk's turn. Raises Conflict, ForbiddenMove."""
    case = held(session, desk, number)
    expect(session, case, again.expects)
    _only_one(session, case.centre_id, case.call_back)
    before = str(case.outcome) if case.outcome is not None else None
    case.outcome, case.outcome_note, case.satisfaction = None, again.note, None
    case.closed_at = case.served_at = None
    case.turn, case.turn_operator_id = Turn.OPERATOR, desk.operator_id
    move(session, case, CaseState.OPEN, desk.actor, outcome_before=before)
    watch_wanted(session, case)
    limits.watch_case(session, case, session.clock.now())
    return case


def open_emergency(session: Writing, call: Call) -> Case | None:
    """The open emergency case about this call's resident, or from this call's number; held."""
    same = [col(Call.id) == call.id]
    if call.number is not None:
        same.append(col(Call.number) == call.number)
    if call.resident_id is not None:
        same.append(col(Call.resident_id) == call.resident_id)
    calls_alike = select(col(Call.id)).where(col(Call.centre_id) == call.centre_id, or_(*same))
    case_id = session.scalar(
        select(col(Case.id))
        .join(CaseCall, col(CaseCall.case_id) == col(Case.id))
        .where(
            col(Case.centre_id) == call.centre_id,
            col(Case.priority) == Priority.EMERGENCY,
            col(Case.state).in_(OPEN_STATES),
            col(CaseCall.call_id).in_(calls_alike),
        )
        .order_by(col(Case.id).desc())
        .limit(1)
    )
    case = session.lock(Case, case_id) if case_id is not None else None
    return case if case is not None and case.state in OPEN_STATES else None


def _expect_open(session: Writing, case: Case) -> None:
    if case.state not in OPEN_STATES:
        expect(session, case, CaseState.OPEN)


def _only_one(session: Writing, centre_id: int, call_back: str | None) -> None:
    """Raises Conflict, with its number, when there is an open case to call this one back."""
    known = call_backs.held_open(session, centre_id, call_back) if call_back is not None else None
    if known is not None:
        raise Conflict(subject=Subject.CASE, now=known.state, number=known.number)
