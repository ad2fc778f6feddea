"""The ladder of an emergency, as its case shows it."""

from collections.abc import Sequence

from sqlmodel import col, func, select

from dispatch.models import (
    Attempt,
    AttemptResult,
    Case,
    Ladder,
    LadderCall,
    Message,
    Operator,
    Timer,
    TimerKind,
    TimerState,
)
from dispatch.policy import LadderPolicy
from dispatch.wire.work import ActorLine, LadderCallView, LadderView
from registry.models import Contact, Rule
from registry.store import Reading, Subject, Writing


def ladder_of(session: Reading | Writing, case: Case) -> LadderView | None:
    """The last one of this case; None when there was none."""
    ladder = session.exec(
        select(Ladder).where(Ladder.case_id == case.id).order_by(col(Ladder.id).desc()).limit(1)
    ).first()
    if ladder is None:
        return None
    rule = session.get(Rule, ladder.rule_id)
    assert rule is not None
    calls = _calls(session, ladder)
    operator = session.get(Operator, ladder.operator_id) if ladder.operator_id is not None else None
    due = session.exec(
        select(Timer.due_at).where(
            Timer.subject == Subject.LADDER,
            Timer.subject_id == ladder.id,
            Timer.kind == TimerKind.LADDER_STEP,
            Timer.state == TimerState.ARMED,
        )
    ).first()
    return LadderView(
        state=ladder.state.value,
        steps=[step.who.value for step in LadderPolicy.model_validate(rule.body).steps],
        step=ladder.step,
        round=ladder.round,
        started_at=ladder.started_at,
        due_at=due,
        acknowledged_at=ladder.acknowledged_at,
        by=ActorLine(kind="operator", id=operator.id, name=operator.name) if operator is not None else None,
        going=calls.get(ladder.ladder_call_id or 0),
        arrival_due_at=ladder.arrival_due_at,
        doubles=doubles(session, [ladder.id or 0]),
        calls=list(calls.values()),
    )


def doubles(session: Reading | Writing, ladder_ids: Sequence[int]) -> int:
    """Calls of these ladders that were made again without knowing whether the one before had rung."""
    counted = (
        select(func.count())
        .select_from(Attempt)
        .join(LadderCall, col(LadderCall.message_id) == Attempt.message_id)
        .where(col(LadderCall.ladder_id).in_(ladder_ids), Attempt.result == AttemptResult.REPEATED)
    )
    return session.exec(counted).one()


def _calls(session: Reading | Writing, ladder: Ladder) -> dict[int, LadderCallView]:
    rows = session.exec(
        select(LadderCall, Message, Contact)
        .join(Message, col(Message.id) == LadderCall.message_id)
        .outerjoin(Contact, col(Contact.id) == LadderCall.contact_id)
        .where(LadderCall.ladder_id == ladder.id)
        .order_by(col(LadderCall.id))
    ).all()
    attempts = session.exec(
        select(Attempt)
        .where(col(Attempt.message_id).in_([message.id for _, message, _ in rows]))
        .order_by(col(Attempt.try_number))
    ).all()
    last = {attempt.message_id: attempt for attempt in attempts}
    first = {attempt.message_id: attempt for attempt in reversed(attempts)}
    return {
        call.id or 0: LadderCallView(
            rung=call.rung.value,
            round=call.round,
            step=call.step,
            name=contact.name if contact is not None else "",
            relation=contact.relation if contact is not None else "",
            number=message.number,
            state=message.state.value,
            result=last[message.id or 0].result if message.id in last else None,
            answer=call.answer.value if call.answer is not None else None,
            called_at=first[message.id or 0].handed_over_at if message.id in first else None,
            answered_at=call.answered_at,
        )
        for call, message, contact in rows
    }
