"""What makes the bell ring: a case that needs an operator, until one says that she has seen it."""

from enum import StrEnum
from typing import Any

from dispatch import timers
from dispatch.models import Case, TimerKind, Turn
from dispatch.models.transitions import key, note
from dispatch.policy import offer_policy
from registry.store import Actor, Subject, Writing


class Need(StrEnum):
    """Why somebody is needed, as a message key."""

    EMERGENCY = "need.emergency"
    LADDER_HELD = "need.ladder_held"  # an emergency from a backup: nobody is called for it until it is released
    CARE_HELD = "need.care_held"  # the same of a care call that had reached nobody
    SILENT = "need.silent"  # answered, and the caller says nothing
    NO_DIGITS = "need.no_digits"  # a telephone that calls when it is lifted: nobody has dialled anything
    RESPONDER_LATE = "need.responder_late"  # whoever said "I am going" should have arrived
    NOBODY_LEFT = "need.nobody_left"  # every candidate was asked
    NO_CLINIC = "need.no_clinic"  # the same of a medical emergency: a person calls 120
    OFFER_HELD = "need.offer_held"  # its time ran out during the hold after a restore: who knows of it is not known
    ARRIVAL_LATE = "need.arrival_late"
    FINISH_LATE = "need.finish_late"
    PERSON_LEFT = "need.person_left"  # she has died or moved away, and the case is open
    STILL_NEEDED = "need.still_needed"  # the incident is over, and not for her
    CARD_DISPUTED = "need.card_disputed"  # a merchant says that its card is wrong; a supervisor decides
    CASE_DUE_SOON = "need.case_due_soon"  # one working day is left of those that it may take
    CASE_LATE = "need.case_late"  # its working days are over
    PROOF_MISSING = "need.proof_missing"  # reported as done, and what proves it has not come
    WRONG_WORD = "need.wrong_word"  # the merchant has said wrong words too often
    WANTED_SOON = "need.wanted_soon"  # nobody has been asked and the time it is wanted for comes near
    UNKNOWN_FATE = "need.unknown_fate"  # whether a message went out cannot be found out
    DETAILS_FAILED = "need.details_failed"  # the merchant accepted and could not be told where
    WORDS_FAILED = "need.words_failed"  # what an operator wrote did not arrive
    NOT_TOLD_OFF = "need.not_told_off"  # the merchant could not be told that it need not come
    CALL_ME = "need.call_me"  # the merchant asks to be called
    UNREAD_SMS = "need.unread_sms"  # the merchant wrote something that only a person understands
    RESIDENT_NOT_TOLD = "need.resident_not_told"  # she could not be told who comes and what word to give
    NOT_SATISFIED = "need.not_satisfied"  # the resident, when asked after the visit
    WANTS_TO_TALK = "need.wants_to_talk"  # the resident pressed 0 when she was asked
    ASK_RESIDENT = "need.ask_resident"  # the telephone could not ask her
    CARE_NOT_REACHED = "need.care_not_reached"  # the care call was not answered with a key
    STUCK = "need.stuck"  # the auditor found that nothing moves it
    ABANDONED = "need.abandoned"  # these three: nobody answered the call, who made it is to be called back
    TIMED_OUT = "need.timed_out"
    CUT_OFF = "need.cut_off"
    TOO_SHORT = "need.too_short"  # answered, and over before anything could be said
    FORWARDED = "need.forwarded"  # somebody outside talked to the caller; what was agreed has to be asked
    CALL_BACK_WANTED = "need.call_back_wanted"  # she asked for it by key and has kept her place
    MESSAGE_LEFT = "need.message_left"
    ORDERED = "need.ordered"  # by key, and nobody knows by whom or what


def need(session: Writing, case: Case, why: Need, actor: Actor, **facts: Any) -> None:
    """Puts a case that the caller holds before the operators: any of them may take the turn, while it is open.

    When none does in the time that the rule gives them it is the supervisor's turn, and then theirs again.
    """
    case.needs_since = session.clock.now()
    case.needs_why = why
    if case.turn is not Turn.NOBODY:
        case.turn, case.turn_operator_id = Turn.OPERATOR, None
    case.version += 1
    note(session, case, "needs", actor, why=str(why), **facts)
    timers.stop(session, Subject.CASE, key(case), TimerKind.UNATTENDED)
    if case.turn is Turn.OPERATOR:
        _watch(session, case)


def unattended(session: Writing, case: Case) -> None:
    """No operator has looked at what the case needs in all that time: it is the supervisor's turn. When nobody has
    looked in that of the supervisor either it is the operators' again, and so on until somebody does.
    """
    if case.needs_since is None or case.turn not in (Turn.OPERATOR, Turn.SUPERVISOR):
        return
    again = case.turn is Turn.SUPERVISOR
    case.turn, case.turn_operator_id = Turn.OPERATOR if again else Turn.SUPERVISOR, None
    case.version += 1
    note(session, case, "unattended_again" if again else "unattended", Actor.system(), why=case.needs_why)
    _watch(session, case)


def _watch(session: Writing, case: Case) -> None:
    patience = offer_policy(session, case.centre_id).unattended
    timers.arm(session, TimerKind.UNATTENDED, case, session.clock.now() + patience)


def met(case: Case) -> None:
    """The case, which the caller holds, needs nobody's attention any more."""
    case.needs_since = case.needs_why = None
