"""The ladder of an emergency, as its case shows it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from dispatch.models import (
    Attempt,
    Case,
    Ladder,
    LadderCall,
    LadderState,
    Message,
    Operator,
    Timer,
    TimerKind,
    TimerState,
)
from dispatch.policy import ladder_by
from dispatch.views.desk import known
from dispatch.wire.ladders import ActorLine, LadderCallView, LadderView
from registry.models import Contact, Merchant, Rule
from registry.store import Reading, Subject, Writing


def ladder_of(session: Reading | Writing, case: Case) -> LadderView | None:
    """The last one of this case, with everybody it has asked; None when there was none."""
    ladder = session.exec(
        select(Ladder).where(Ladder.case_id == case.id).order_by(col(Ladder.id).desc()).limit(1)
    ).first()
    if ladder is None:
        return None
    calls = _calls(session, col(LadderCall.ladder_id) == ladder.id)
    (view,) = _views(session, [ladder], calls)
    return view.model_copy(update={"calls": list(calls.values()), "doubles": doubles(session, [ladder.id or 0])})


def ladders_of(session: Reading | Writing, case_ids: Sequence[int]) -> dict[int, LadderView]:
    """Those of these cases that are not over, as a board shows them."""
    ladders = session.exec(
        select(Ladder).where(col(Ladder.case_id).in_(case_ids), Ladder.state != LadderState.OVER)
    ).all()
    if not ladders:
        return {}
    going = _calls(session, col(LadderCall.id).in_(known(ladder.ladder_call_id for ladder in ladders)))
    views = _views(session, ladders, going)
    return {ladder.case_id: view for ladder, view in zip(ladders, views, strict=True)}


def _views(
    session: Reading | Writing, ladders: Sequence[Ladder], calls: Mapping[int, LadderCallView]
) -> list[LadderView]:
    """In the order given; `calls` holds at least those of the people who are going."""
    rules = session.exec(select(Rule).where(col(Rule.id).in_(known(ladder.rule_id for ladder in ladders)))).all()
    steps = {rule.id: [step.who.value for step in ladder_by(rule).steps] for rule in rules}
    by = session.exec(select(Operator).where(col(Operator.id).in_(known(ladder.operator_id for ladder in ladders))))
    operators = {operator.id: ActorLine(kind="operator", id=operator.id, name=operator.name) for operator in by.all()}
    due: dict[int, datetime] = dict(
        session.exec(
            select(Timer.subject_id, Timer.due_at).where(
                Timer.subject == Subject.LADDER,
                col(Timer.subject_id).in_(known(ladder.id for ladder in ladders)),
                Timer.kind == TimerKind.LADDER_STEP,
                Timer.state == TimerState.ARMED,
            )
        ).all()
    )
    return [
        LadderView(
            state=ladder.state.value,
            steps=steps[ladder.rule_id],
            step=ladder.step,
            round=ladder.round,
            started_at=ladder.started_at,
            due_at=due.get(ladder.id or 0),
            acknowledged_at=ladder.acknowledged_at,
            by=operators.get(ladder.operator_id),
            going=calls.get(ladder.ladder_call_id or 0),
            arrival_due_at=ladder.arrival_due_at,
        )
        for ladder in ladders
    ]


def doubles(session: Reading | Writing, ladder_ids: Sequence[int]) -> int:
    """Calls of these ladders that were made again without knowing whether the one before had rung."""
    counted = (
        select(func.count())
        .select_from(Attempt)
        .join(LadderCall, col(LadderCall.message_id) == Attempt.message_id)
        .where(col(LadderCall.ladder_id).in_(ladder_ids), col(Attempt.repeated))
    )
    return session.exec(counted).one()


def _calls(session: Reading | Writing, which: ColumnElement[bool]) -> dict[int, LadderCallView]:
    rows = session.exec(
        select(LadderCall, Message, Contact, Merchant)
        .join(Message, col(Message.id) == LadderCall.message_id)
        .outerjoin(Contact, col(Contact.id) == LadderCall.contact_id)
        .outerjoin(Merchant, col(Merchant.id) == LadderCall.merchant_id)
        .where(which)
        .order_by(col(LadderCall.id))
    ).all()
    attempts = session.exec(
        select(Attempt)
        .where(col(Attempt.message_id).in_([message.id for _, message, *_ in rows]))
        .order_by(col(Attempt.try_number))
    ).all()
    last = {attempt.message_id: attempt for attempt in attempts}
    first = {attempt.message_id: attempt for attempt in reversed(attempts)}
    return {
        call.id or 0: LadderCallView(
            id=call.id or 0,
            rung=call.rung.value,
            round=call.round,
            step=call.step,
            name=contact.name if contact is not None else merchant.name if merchant is not None else "",
            relation=contact.relation if contact is not None else "",
            number=message.number,
            state=message.state.value,
            result=last[message.id or 0].result if message.id in last else None,
            answer=call.answer.value if call.answer is not None else None,
            called_at=first[message.id or 0].handed_over_at if message.id in first else None,
            ended_at=last[message.id or 0].ended_at if message.id in last else None,
            answered_at=call.answered_at,
        )
        for call, message, contact, merchant in rows
    }
