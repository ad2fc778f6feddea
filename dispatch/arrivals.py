"""A call arrives: its row, who it may be, how urgent it is, and a case at once when it is an emergency."""

from dataclasses import dataclass

import structlog

from callbridge.events import CallArrived, CallDialled, CallRecord
from dispatch import call_backs, cases, ladders, legs, visit_reports
from dispatch.attention import Need, need
from dispatch.models import Call, CallMatch, Direction, Leg, LegRole, LinkWhy, Operator, ProvedBy, Speaker
from dispatch.models.transitions import key, note
from dispatch.operators import with_extension
from registry.cards import ResidentSummary, summaries
from registry.centres import current_services
from registry.lookup import Recognised, who_calls
from registry.models import LineKind, Resident
from registry.models.centre import Priority
from registry.numbers import NumberPlan
from registry.store import Actor, Scope, Writing
from registry.text import plain

log = structlog.get_logger()

IN_QUEUE = {
    Priority.EMERGENCY: 100,
    Priority.URGENT: 10,
}  # Asterisk's queue priority; routine callers keep their place
URGENT_FROM = 3  # care level: severely dependent (GB/T 42195-2022)
LONGEST_HEARD = 400  # characters kept of what the network said
LONGEST_NAME = 60  # characters on an operator's telephone


@dataclass(frozen=True, slots=True)
class Recognition:
    """What the exchange is told about a caller: her priority in the queue, and the name for the operators'
    telephones; None for what stays as it is.
    """

    uniqueid: str
    priority: int | None
    name: str | None


class Arrivals:
    """Arrivals at one centre."""

    def __init__(self, centre_id: int, plan: NumberPlan) -> None:
        self._centre_id = centre_id
        self._plan = plan

    def arrive(
        self, session: Writing, event: CallArrived | CallRecord, *, recovered: bool
    ) -> tuple[Call, Recognition | None]:
        """Writes down a call that has no row yet, with everything that is known from its number."""
        heard = plain(event.number, LONGEST_HEARD)
        number = self._plan.read(heard).number
        who = who_calls(session, self._centre_id, number[:40] if number is not None else None)
        residents = summaries(session, Scope(self._centre_id), _about(who), session.clock.now())
        call = Call(
            centre_id=self._centre_id,
            exchange=event.exchange,
            priority=_priority(event, who, residents),
            number_heard=heard,
            name_heard=plain(event.name, LONGEST_HEARD),
            number=who.number,
            dialled=plain(event.dialled, 40),
            arrived_at=event.at,
            recovered=recovered,
        )
        _speaker(call, who)
        areas = {resident.area_id for resident in residents.values()}
        call.area_id = areas.pop() if len(areas) == 1 else None  # people of two areas: both desks have to see it
        if len(residents) == 1:
            call.resident_id = next(iter(residents))
        session.add(call)
        session.flush()
        legs.add(
            session,
            Leg(
                call_id=key(call),
                exchange=event.exchange,
                uniqueid=event.uniqueid,
                linkedid=event.linkedid[:150],
                channel=event.channel[:200],
                role=LegRole.CALLER,
                started_at=event.at,
            ),
        )
        session.add_all(CallMatch(call_id=key(call), resident_id=resident_id) for resident_id in residents)
        note(
            session, call, "arrived", Actor.exchange(), at=event.at, priority=str(call.priority), recovered=recovered
        )
        if who:
            note(session, call, "recognised", Actor.system(), residents=list(residents), speaker=str(call.speaker))
        if who.residents:
            by_button = any(one.kind is LineKind.BUTTON for one in who.residents)
            by = ProvedBy.BUTTON if by_button else ProvedBy.CALL
            visit_reports.called_from_home(session, call, [one.id for one in who.residents], event.at, by)
        if call.priority is Priority.EMERGENCY:
            lifted = not call.dialled and not any(one.kind is LineKind.BUTTON for one in who.residents)
            self.emergency(session, call, Need.NO_DIGITS if lifted else Need.EMERGENCY)
        log.info("call.arrived", call=call.id, known=bool(who), priority=str(call.priority), recovered=recovered)
        priority, name = IN_QUEUE.get(call.priority), _name(who, residents)
        told = Recognition(event.uniqueid, priority, name) if priority is not None or name is not None else None
        return call, told

    def dialled_by_hand(self, session: Writing, event: CallDialled | CallRecord, *, recovered: bool) -> Call:
        """Writes down that somebody has dialled on an operator's telephone: a call of hers, to whoever has that
        number. Where that person is to be called back, it belongs to that case.
        """
        number = self._plan.read(event.number).number
        who = who_calls(session, self._centre_id, number[:40] if number is not None else None)
        operator = with_extension(session, self._centre_id, event.extension)
        call = Call(
            centre_id=self._centre_id,
            exchange=event.exchange,
            direction=Direction.OUT,
            number_heard=event.number[:LONGEST_HEARD],
            number=who.number,
            dialled=event.number[:40],
            operator_id=operator.id if operator is not None else None,
            arrived_at=event.at,
            recovered=recovered,
        )
        _speaker(call, who)
        about = [session.get(Resident, resident_id) for resident_id in _about(who)]
        if len(about) == 1 and about[0] is not None:
            call.resident_id, call.area_id = about[0].id, about[0].area_id
        session.add(call)
        session.flush()
        leg = Leg(
            call_id=key(call),
            exchange=event.exchange,
            uniqueid=event.uniqueid,
            linkedid=event.linkedid[:150],
            channel=event.channel[:200],
            role=LegRole.OPERATOR,
            extension=event.extension,
            operator_id=call.operator_id,
            started_at=event.at,
        )
        legs.add(session, leg)
        actor = Actor.operator(operator.id) if operator is not None and operator.id is not None else Actor.exchange()
        case = call_backs.held_open(session, self._centre_id, call_backs.whose(call))
        if case is not None:
            cases.link(session, case, call, LinkWhy.ABOUT)
        case_ids = [case.id] if case is not None else []
        note(session, call, "dialled", actor, at=event.at, extension=event.extension, by_hand=True, cases=case_ids)
        return call

    def emergency(self, session: Writing, call: Call, why: Need = Need.EMERGENCY) -> None:
        """A case before anybody answers, or because nobody speaks; a press while one is open joins it."""
        case = cases.open_emergency(session, call)
        if case is not None and why is Need.SILENT:
            cases.link(session, case, call, LinkWhy.ABOUT)
            why = Need.NO_DIGITS if case.needs_why == Need.NO_DIGITS else why
        elif case is not None:
            cases.reminded(session, case, call, Actor.exchange())
        else:
            services = current_services(session, self._centre_id)
            service = next((each for each in services if each.priority is Priority.EMERGENCY), None)
            if service is None:
                log.error("call.no_emergency_service", call=call.id)
                return
            resident = session.get(Resident, call.resident_id) if call.resident_id is not None else None
            case = cases.begin(session, service, Actor.exchange(), call=call, resident=resident)
        need(session, case, why, Actor.exchange())
        ladders.climb(session, case, Actor.exchange())


def answered(session: Writing, call: Call, operator: Operator) -> None:
    """An operator is talking to the caller, whose call is held: the emergency that rang is in her hands."""
    assert operator.id is not None
    case = cases.open_emergency(session, call) if call.priority is Priority.EMERGENCY else None
    if case is not None and case.needs_why in (Need.EMERGENCY, Need.LADDER_HELD):
        cases.taken(session, case, operator.id)
    elif case is not None and case.needs_why == Need.NO_DIGITS:  # she still has to say what it is
        ladders.taken(session, case, operator.id)


def answered_outside(session: Writing, call: Call) -> None:
    """The exchange has found somebody outside who talks to the caller, whose call is held."""
    case = cases.open_emergency(session, call) if call.priority is Priority.EMERGENCY else None
    if case is not None:
        ladders.answered_outside(session, case)


def _about(who: Recognised) -> list[int]:
    """Who is on the line, or else about whom this number's owner would call."""
    return [one.id for one in who.residents] or [one.resident_id for one in who.contacts]


def _priority(event: CallArrived | CallRecord, who: Recognised, residents: dict[int, ResidentSummary]) -> Priority:
    if event.emergency or any(one.kind is LineKind.BUTTON for one in who.residents):
        return Priority.EMERGENCY
    if who.residents and any(resident.care_level >= URGENT_FROM for resident in residents.values()):
        return Priority.URGENT
    return Priority.ROUTINE


def _speaker(call: Call, who: Recognised) -> None:
    if who.residents:
        call.speaker = Speaker.RESIDENT
    elif who.contacts:
        call.speaker = Speaker.CONTACT
        call.speaker_contact_id, call.speaker_name = who.contacts[0].id, who.contacts[0].name
    elif who.merchants:
        call.speaker = Speaker.MERCHANT
        call.speaker_merchant_id, call.speaker_name = who.merchants[0].id, who.merchants[0].name


def _name(who: Recognised, residents: dict[int, ResidentSummary]) -> str | None:
    """王秀英奶奶; several are joined; a contact's relation stands behind; a merchant has its own name."""
    names = "/".join(resident.addressed() for resident in list(residents.values())[:3])
    if names and not who.residents and who.contacts[0].relation:
        names = f"{names} {who.contacts[0].relation}"
    if not names and who.merchants:
        names = who.merchants[0].name
    return plain(names, LONGEST_NAME) or None
