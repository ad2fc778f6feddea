"""What makes the bell ring: a case that needs an operator, until one says that she has seen it."""

from enum import StrEnum

from callbridge.events import CallEnd
from dispatch.models import Call, CallState, Case, Turn
from dispatch.models.transitions import note
from registry.store import Actor, Writing


class Need(StrEnum):
    """Why somebody is needed, as a message key."""

    EMERGENCY = "need.emergency"
    NOBODY_LEFT = "need.nobody_left"  # every candidate was asked
    ARRIVAL_LATE = "need.arrival_late"
    FINISH_LATE = "need.finish_late"
    WANTED_SOON = "need.wanted_soon"  # nobody has been asked and the time it is wanted for comes near
    UNKNOWN_FATE = "need.unknown_fate"  # whether a message went out cannot be found out
    DETAILS_FAILED = "need.details_failed"  # the merchant accepted and could not be told where
    NOT_TOLD_OFF = "need.not_told_off"  # the merchant could not be told that it need not come
    CALL_ME = "need.call_me"  # the merchant asks to be called
    UNREAD_SMS = "need.unread_sms"  # the merchant wrote something that only a person understands
    STUCK = "need.stuck"  # the auditor found that nothing moves it
    ABANDONED = "need.abandoned"  # these four are said of calls
    TIMED_OUT = "need.timed_out"
    CUT_OFF = "need.cut_off"


_OF_AN_END = {
    CallEnd.ABANDONED: Need.ABANDONED,
    CallEnd.TIMED_OUT: Need.TIMED_OUT,
    CallEnd.CUT_OFF: Need.CUT_OFF,
}


def need_of_call(call: Call) -> Need | None:
    """What an unanswered call needs while nobody has dealt with it."""
    if call.state is not CallState.ENDED or call.end is None or call.settled_at is not None:
        return None
    return _OF_AN_END.get(call.end)


def need(session: Writing, case: Case, why: Need, actor: Actor) -> None:
    """Puts a case that the caller holds before the operators: any of them may take the turn, while it is open."""
    case.needs_since = session.clock.now()
    case.needs_why = why
    if case.turn is not Turn.NOBODY:
        case.turn, case.turn_operator_id = Turn.OPERATOR, None
    case.version += 1
    note(session, case, "needs", actor, why=str(why))


def met(case: Case) -> None:
    """The case, which the caller holds, needs nobody's attention any more."""
    case.needs_since = case.needs_why = None
