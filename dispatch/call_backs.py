"""Cases to call back: one open for each resident, for each number of nobody known, for each hidden call.

They are opened by calls that nobody answered (`dispatch.unanswered`). A later call of the same person brings hers up;
only an operator's word settles it.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlmodel import col

from callbridge.events import CallEnd
from dispatch.casebook import OPEN_STATES
from dispatch.closing import end_case
from dispatch.models import Call, Case, CaseCall, CaseState, LinkWhy, Reason
from dispatch.models.transitions import key, note
from registry.store import Actor, Reading, Writing

SERVICE = "call_back"
UNANSWERED = frozenset(CallEnd) - {CallEnd.ANSWERED}


def whose(call: Call) -> str:
    """Whom a call-back for this call would be about."""
    if call.resident_id is not None:
        return f"resident:{call.resident_id}"
    return f"number:{call.number}" if call.number is not None else f"call:{call.id}"


def numbers_of_open(session: Reading | Writing, centre_id: int, calls: Sequence[Call]) -> dict[int, str]:
    """For each call of somebody who is to be called back: the number of that case."""
    wanted = {whose(call) for call in calls}
    rows = session.execute(
        select(col(Case.call_back), col(Case.number)).where(
            col(Case.centre_id) == centre_id, col(Case.call_back).in_(wanted), col(Case.state).in_(OPEN_STATES)
        )
    )
    number_of: dict[str, str] = {who: number for who, number in rows if who is not None}
    return {key(call): number_of[whose(call)] for call in calls if whose(call) in number_of}


def open_of(session: Writing, centre_id: int, who: str) -> int | None:
    """The open case to call `who` back; it has to be held, and looked at again, before it is changed."""
    return session.scalar(
        select(col(Case.id)).where(
            col(Case.centre_id) == centre_id, col(Case.call_back) == who, col(Case.state).in_(OPEN_STATES)
        )
    )


def led_to(session: Writing, call: Call) -> int | None:
    """The case to call somebody back that this call opened or joined."""
    return session.scalar(
        select(col(CaseCall.case_id)).where(col(CaseCall.call_id) == call.id, col(CaseCall.why) == LinkWhy.CALL_BACK)
    )


def held_open(session: Writing, centre_id: int, who: str) -> Case | None:
    """The open case to call `who` back, held."""
    case_id = open_of(session, centre_id, who)
    case = session.lock(Case, case_id) if case_id is not None else None
    return case if case is not None and case.state in OPEN_STATES and case.call_back == who else None


def count(session: Writing, case: Case) -> int:
    """Counts the calls of this case that nobody answered, and returns how many they are."""
    session.flush()
    case.attempts = (
        session.scalar(
            select(func.count())
            .select_from(CaseCall)
            .join(Call, col(Call.id) == col(CaseCall.call_id))
            .where(col(CaseCall.case_id) == case.id, col(Call.end).in_(UNANSWERED))
        )
        or 0
    )
    return case.attempts


def dealt_with(session: Writing, call: Call, actor: Actor) -> None:
    """An operator made a case of its own out of this unanswered call: nobody has to be called back for it."""
    case_id = led_to(session, call)
    case = session.lock(Case, case_id) if case_id is not None else None
    if case is not None and case.call_back is not None and case.state in OPEN_STATES:
        settle(session, case, actor, Reason.REFERRED)
        note(session, call, "settled", actor, case=case.id)


def settle(session: Writing, case: Case, actor: Actor, outcome: Reason, words: str = "") -> None:
    """Closes a call-back that the caller holds."""
    case.outcome, case.outcome_note = outcome, words
    end_case(session, case, CaseState.CLOSED, actor, outcome=str(outcome))


def is_of(session: Writing, call: Call, before: str, actor: Actor) -> None:
    """The call has turned out to be of somebody else than `before`, and so has its call-back.

    Where that person has one already, the two become one. The caller holds the call, and the call-backs of both.
    """
    case, now = held_open(session, call.centre_id, before), whose(call)
    if case is None or now == before or not _moves_with(session, case, call):
        return
    other = held_open(session, call.centre_id, now)
    if other is None:
        case.call_back, case.resident_id, case.area_id = now, call.resident_id, call.area_id
        case.version += 1
        note(session, case, "changed", actor, fields=["resident_id"], resident=call.resident_id)
        return
    for link in session.scalars(select(CaseCall).where(col(CaseCall.case_id) == case.id)).all():
        if session.get(CaseCall, (key(other), link.call_id)) is None:
            session.add(CaseCall(case_id=key(other), call_id=link.call_id, why=link.why))
    count(session, other)
    other.version += 1
    note(session, other, "changed", actor, fields=["calls"], attempts=other.attempts, merged=case.number)
    settle(session, case, actor, Reason.REFERRED, other.number)


def _moves_with(session: Writing, case: Case, call: Call) -> bool:
    """Whether the call-back goes where this call goes: all its calls are of one number, or this is the only one."""
    if case.call_back is not None and case.call_back.startswith("number:"):
        return True
    return list(session.scalars(select(col(CaseCall.call_id)).where(col(CaseCall.case_id) == case.id))) == [call.id]
