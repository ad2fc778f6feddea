"""What a caller decided by key while everybody was talking (系统应答): an order becomes a case by itself.

To be called back and a message come before the operators as every call does that nobody answered
(`dispatch.unanswered`), when the call ends.
"""

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlmodel import col

from callbridge.events import Choice
from dispatch import cases, offers, recordings, unanswered
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES
from dispatch.models import Call, Case, LinkWhy, RecordingKind
from dispatch.models.transitions import note
from registry.centres import current_services
from registry.models import Resident, Service
from registry.models.centre import Priority
from registry.store import Actor, Reading, Writing

log = structlog.get_logger()


def orderable(session: Reading | Writing, centre_id: int) -> list[Service]:
    """What may be ordered by key: services with a digit that somebody goes out for, except emergencies."""
    return [
        service
        for service in current_services(session, centre_id)
        if service.keypad_digit is not None
        and service.keypad_digit != "0"  # leads back to the waiting
        and service.needs_visit
        and service.priority is not Priority.EMERGENCY
    ]


def chose(session: Writing, call: Call, choice: Choice, digit: str, file: str, at: datetime) -> None:
    """The caller, whose call is held, has decided; told again it changes nothing."""
    if call.choice is not None:
        return
    call.choice, call.choice_digit = choice, digit[:1]
    call.version += 1
    note(session, call, "chose", Actor.exchange(), at=at, choice=str(choice), digit=call.choice_digit)
    log.info("call.chose", call=call.id, choice=str(choice))
    if file:
        recordings.keep(session, call, RecordingKind.MESSAGE, file, at)
    if choice is Choice.ORDER:
        _order(session, call)


def _order(session: Writing, call: Call) -> None:
    """A case of that service, offered at once as an operator would; asked for again while it is open, a reminder."""
    service = next(
        (each for each in orderable(session, call.centre_id) if each.keypad_digit == call.choice_digit), None
    )
    if service is None:  # changed since the exchange was told: a person asks what was meant
        log.warning("call.ordered_nothing_known", call=call.id)
        case = unanswered.to_call_back(session, call, Need.ORDERED, Actor.exchange())
        if case is not None:
            need(session, case, Need.ORDERED, Actor.exchange(), call=call.id)
        return
    if (before := _open_order(session, call, service)) is not None:
        cases.reminded(session, before, call, Actor.exchange())
        return
    resident = session.get(Resident, call.resident_id) if call.resident_id is not None else None
    case = cases.begin(session, service, Actor.exchange(), call=call, resident=resident, why=LinkWhy.OPENED)
    if resident is None:  # nobody knows where to send a merchant
        need(session, case, Need.ORDERED, Actor.exchange(), call=call.id)
    else:
        offers.move_on(session, case)


def _open_order(session: Writing, call: Call, service: Service) -> Case | None:
    """The open case of that service about her, held."""
    if call.resident_id is None:
        return None
    case_id = session.scalar(
        select(col(Case.id))
        .where(
            col(Case.centre_id) == call.centre_id,
            col(Case.resident_id) == call.resident_id,
            col(Case.service_code) == service.code,
            col(Case.state).in_(OPEN_STATES),
        )
        .order_by(col(Case.id).desc())
        .limit(1)
    )
    case = session.lock(Case, case_id) if case_id is not None else None
    return case if case is not None and case.state in OPEN_STATES else None
