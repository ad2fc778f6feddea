"""What makes the bell ring: a case that needs an operator, until one says that she has seen it."""

from enum import StrEnum
from typing import Any

from dispatch.models import Case, Turn
from dispatch.models.transitions import note
from registry.store import Actor, Writing


class Need(StrEnum):
    """Why somebody is needed, as a message key."""

    EMERGENCY = "need.emergency"
    SILENT = "need.silent"  # answered, and the caller says nothing
    RESPONDER_LATE = "need.responder_late"  # whoever said "I am going" should have arrived
    NOBODY_LEFT = "need.nobody_left"  # every candidate was asked
    ARRIVAL_LATE = "need.arrival_late"
    FINISH_LATE = "need.finish_late"
    WANTED_SOON = "need.wanted_soon"  # nobody has been asked and the time it is wanted for comes near
    UNKNOWN_FATE = "need.unknown_fate"  # whether a message went out cannot be found out
    DETAILS_FAILED = "need.details_failed"  # the merchant accepted and could not be told where
    NOT_TOLD_OFF = "need.not_told_off"  # the merchant could not be told that it need not come
    CALL_ME = "need.call_me"  # the merchant asks to be called
    UNREAD_SMS = "need.unread_sms"  # the merchant wrote something that only a person understands
    NOT_SATISFIED = "need.not_satisfied"  # the resident, when asked after the visit
    WANTS_TO_TALK = "need.wants_to_talk"  # the resident pressed 0 when she was asked
    ASK_RESIDENT = "need.ask_resident"  # the telephone could not ask her
    CARE_NOT_REACHED = "need.care_not_reached"  # the care call was not answered with a key
    STUCK = "need.stuck"  # the auditor found that nothing moves it
    ABANDONED = "need.abandoned"  # these three: nobody answered the call, who made it is to be called back
    TIMED_OUT = "need.timed_out"
    CUT_OFF = "need.cut_off"
    CALL_BACK_WANTED = "need.call_back_wanted"  # she asked for it by key and has kept her place
    MESSAGE_LEFT = "need.message_left"
    ORDERED = "need.ordered"  # by key, and nobody knows by whom or what


def need(session: Writing, case: Case, why: Need, actor: Actor, **facts: Any) -> None:
    """Puts a case that the caller holds before the operators: any of them may take the turn, while it is open."""
    case.needs_since = session.clock.now()
    case.needs_why = why
    if case.turn is not Turn.NOBODY:
        case.turn, case.turn_operator_id = Turn.OPERATOR, None
    case.version += 1
    note(session, case, "needs", actor, why=str(why), **facts)


def met(case: Case) -> None:
    """The case, which the caller holds, needs nobody's attention any more."""
    case.needs_since = case.needs_why = None
