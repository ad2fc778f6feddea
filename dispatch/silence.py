"""Answered, and nobody speaks, or nobody dialled: an emergency, unless the operator who hears it says it is none."""

from sqlmodel import col, select

from dispatch import cases
from dispatch.attention import Need
from dispatch.calls import held
from dispatch.closing import end_case
from dispatch.desk import Desk
from dispatch.errors import Conflict
from dispatch.models import Call, Case, CaseCall, CaseState, LinkWhy, Reason
from dispatch.models.transitions import note
from dispatch.wire.calls import ClearSilence
from registry.models.centre import Priority
from registry.store import Subject, Writing


def clear(session: Writing, desk: Desk, call_id: int, word: ClearSilence) -> Call:
    """The case that the silence alone, or a receiver that was only lifted, had opened is closed. One that was an
    emergency before stays one: the silence is answered, and the case is this desk's.

    Raises NotFound, and Conflict when no silence waits for a word.
    """
    call = held(session, desk, call_id)
    case = cases.open_emergency(session, call)
    if case is None or case.needs_why not in (Need.SILENT, Need.NO_DIGITS):
        raise Conflict(subject=Subject.CALL, now=call.state, reached="cleared")
    note(session, call, "cleared", desk.actor, case=case.id)
    no_other_sign = call.priority is not Priority.EMERGENCY or case.needs_why == Need.NO_DIGITS
    if no_other_sign and _opened_by(session, case, call):
        case.outcome, case.outcome_note = Reason(word.outcome), word.note
        if case.owner_id is None:
            case.owner_id = desk.operator_id
        end_case(session, case, CaseState.CLOSED, desk.actor, outcome=str(case.outcome))
    else:
        cases.taken(session, case, desk.operator_id)
    return call


def _opened_by(session: Writing, case: Case, call: Call) -> bool:
    why = select(CaseCall.why).where(CaseCall.case_id == case.id, col(CaseCall.call_id) == call.id)
    return session.exec(why).first() is LinkWhy.OPENED
