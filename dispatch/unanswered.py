"""Not answered is not finished: a call that ended without an answer becomes, or joins, a case to call back.

In the same transaction as the call's end, whether AMI told it or CEL after a gap. An emergency that nobody answered
stays the emergency it became when the call arrived; the attempt is counted there.
"""

from datetime import datetime, timedelta

import structlog

from callbridge.events import CallEnd
from dispatch import call_backs, cases, ladders
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES, next_number
from dispatch.models import Call, CallState, Case, Direction, LinkWhy, Reason, Timer
from dispatch.models.transitions import note
from registry.centres import centre, service
from registry.errors import NotFound
from registry.models import Resident
from registry.models.centre import Priority
from registry.store import Actor, Writing

log = structlog.get_logger()

TOO_SHORT = timedelta(seconds=2)  # of a call that was answered: nobody can have said what is needed
INSISTS = 2  # unanswered calls from which somebody who calls again and again is urgent

_NEEDS = {
    CallEnd.TOO_SHORT: Need.TOO_SHORT,
    CallEnd.ABANDONED: Need.ABANDONED,
    CallEnd.TIMED_OUT: Need.TIMED_OUT,
    CallEnd.CUT_OFF: Need.CUT_OFF,
    CallEnd.FORWARDED: Need.FORWARDED,
    CallEnd.CALL_BACK: Need.CALL_BACK_WANTED,
    CallEnd.MESSAGE: Need.MESSAGE_LEFT,
}


def end_of(call: Call, told: CallEnd, at: datetime) -> CallEnd:
    """How the call, which came in and was over at that moment, has ended for us when the exchange has told it so."""
    lasted = at - call.answered_at if call.answered_at is not None else None
    answered = told is CallEnd.ANSWERED and call.direction is Direction.IN
    return CallEnd.TOO_SHORT if answered and lasted is not None and lasted < TOO_SHORT else told


def ended(session: Writing, call: Call) -> None:
    """The call, which the caller holds, has ended: unless somebody answered it, somebody has to be called back."""
    if call.state is not CallState.ENDED or call.end is None or call.end not in _NEEDS:
        return
    if call.direction is not Direction.IN:  # an operator called somebody who did not answer: she knows
        return
    if call.priority is Priority.EMERGENCY and (emergency := cases.open_emergency(session, call)) is not None:
        cases.link(session, emergency, call, LinkWhy.REMINDER)
        call_backs.count(session, emergency)
        if call.end is CallEnd.TOO_SHORT:  # whoever lifted the receiver has heard nothing of what it is
            need(session, emergency, Need.TOO_SHORT, Actor.exchange(), call=call.id)
            ladders.climb(session, emergency, Actor.exchange())
        return
    to_call_back(session, call, _NEEDS[call.end], Actor.exchange())


def still_open(session: Writing, timer: Timer) -> None:
    """A call of the time before there were cases to call back, which nobody had dealt with: now it leads to one."""
    call = session.lock(Call, timer.subject_id)
    if call is not None:
        ended(session, call)


def to_call_back(session: Writing, call: Call, why: Need, actor: Actor) -> Case | None:
    """The case to call this caller back, opened or found again, with this call in it and before the operators.

    The caller holds the call. The same call twice counts once. None when the centre has no such service.
    """
    case = call_backs.held_open(session, call.centre_id, call_backs.whose(call))
    if case is None:
        try:
            kind = service(session, call.centre_id, call_backs.SERVICE)
        except NotFound:
            log.error("call.no_call_back_service", call=call.id)  # noqa: TRY400 - the traceback says nothing
            return None
        # Whoever opens the same at this moment on another exchange waits for the number, and then finds this one.
        number = next_number(session, centre(session, call.centre_id), session.clock.now())
        case = call_backs.held_open(session, call.centre_id, call_backs.whose(call))
        if case is None:
            resident = session.get(Resident, call.resident_id) if call.resident_id is not None else None
            case = cases.begin(
                session,
                kind,
                actor,
                call=call,
                resident=resident,
                priority=Priority.ROUTINE if call.priority is Priority.ROUTINE else Priority.URGENT,
                number=number,
                call_back=call_backs.whose(call),
                why=LinkWhy.CALL_BACK,
            )
        else:
            cases.link(session, case, call, LinkWhy.CALL_BACK)
    else:
        cases.link(session, case, call, LinkWhy.CALL_BACK)
    before = case.attempts
    if call_backs.count(session, case) == before:
        return case
    if case.attempts >= INSISTS and case.priority is Priority.ROUTINE:
        case.priority = Priority.URGENT
        note(session, case, "changed", actor, fields=["priority"], priority=str(case.priority))
    need(session, case, why, actor, attempts=case.attempts, call=call.id)
    if why is Need.CALL_BACK_WANTED and call.queued_at is not None:
        case.needs_since = call.queued_at  # she has kept her place among those who wait
    return case


def put_right(session: Writing, call: Call) -> None:
    """CEL has corrected how the call, which the caller holds, ended: what it had led to follows."""
    if call.end in _NEEDS:
        ended(session, call)
        return
    case_id = call_backs.led_to(session, call)
    case = session.lock(Case, case_id) if case_id is not None else None
    if case is None or case.state not in OPEN_STATES:
        return
    if call_backs.count(session, case) == 0:
        call_backs.settle(session, case, Actor.exchange(), Reason.INFORMATION)
