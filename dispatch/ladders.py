"""The urgency ladder of an emergency: all operators, the supervisor's mobile, the on-call list, the resident's own
people, and then from the beginning again, until one human has acknowledged.

Its steps are the centre's rule `ladder`. The first acknowledgement wins: an operator answers the call or acknowledges
the case, or somebody called presses 1; whatever else still rings is hung up. Who said "I am going" has a clock for
the arrival. Everything here runs in a transaction of the caller's that holds the case.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlmodel import col

from dispatch import messages, timers
from dispatch.attention import Need, met, need
from dispatch.models import (
    Case,
    Ladder,
    LadderAnswer,
    LadderCall,
    LadderState,
    Message,
    Rung,
    TimerKind,
)
from dispatch.models.transitions import key, move, note
from dispatch.policy import LadderPolicy, LadderStep, ladder_policy
from dispatch.texts import Alarm, alarm_of
from registry.centres import current_rule
from registry.models import Centre, Contact, Resident, Rule, RuleKind
from registry.store import Actor, Subject, Writing

log = structlog.get_logger()

GOING, CANNOT = "1", "2"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is asked by telephone."""

    number: str
    language: str
    contact_id: int | None = None


def climb(session: Writing, case: Case, actor: Actor) -> None:
    """An emergency has come in: its ladder starts; one that climbs goes on; one acknowledged starts again."""
    ladder = of_case(session, case)
    if ladder is not None and ladder.state is LadderState.CLIMBING:
        return
    rule = current_rule(session, case.centre_id, RuleKind.LADDER)
    assert rule.id is not None
    if ladder is None:
        ladder = Ladder(
            centre_id=case.centre_id,
            area_id=case.area_id,
            case_id=key(case),
            rule_id=rule.id,
            started_at=session.clock.now(),
        )
        session.add(ladder)
        note(session, ladder, "climbing", actor, round=ladder.round)
    else:
        _again(session, ladder, actor)
    _step(session, case, ladder)


def next_step(session: Writing, case: Case, ladder: Ladder) -> None:
    """Nobody has acknowledged in time: the next step, and after the last one the first again."""
    if ladder.state is not LadderState.CLIMBING:
        return
    timers.stop(session, Subject.LADDER, key(ladder), TimerKind.LADDER_STEP)
    ladder.step += 1
    ladder.version += 1
    _step(session, case, ladder)


def arrival_due(session: Writing, case: Case, ladder: Ladder) -> None:
    """Whoever was going should have arrived, and nobody has closed the case: it is climbed again."""
    if ladder.state is not LadderState.ACKNOWLEDGED or ladder.arrival_due_at is None:
        return
    need(session, case, Need.RESPONDER_LATE, Actor.system())
    _again(session, ladder, Actor.system())
    _step(session, case, ladder)


def taken(session: Writing, case: Case, operator_id: int) -> None:
    """An operator has the emergency in hand."""
    ladder = of_case(session, case)
    if ladder is None or ladder.state is not LadderState.CLIMBING:
        return
    ladder.operator_id = operator_id
    _acknowledged(session, ladder, Actor.operator(operator_id), by="operator")


def pressed(session: Writing, case: Case, message: Message, digit: str) -> None:
    """Somebody called by the ladder pressed a key; the first who is going wins, and a second one comes as well."""
    found = asked_by(session, message)
    if found is None or found[1].answer is not None or digit not in (GOING, CANNOT):
        return
    ladder, call = found
    call.answer = LadderAnswer.GOING if digit == GOING else LadderAnswer.CANNOT
    call.answered_at = session.clock.now()
    ladder.version += 1
    facts: dict[str, Any] = {"rung": str(call.rung), "contact": call.contact_id, "ladder_call": call.id}
    note(session, ladder, str(call.answer), Actor.system(), **facts)
    if ladder.state is not LadderState.CLIMBING:
        return
    if call.answer is LadderAnswer.CANNOT:
        if _everyone_cannot(session, ladder):
            next_step(session, case, ladder)
        return
    ladder.ladder_call_id = call.id
    ladder.arrival_due_at = session.clock.now() + timedelta(seconds=_policy(session, ladder).arrival_seconds)
    timers.arm(session, TimerKind.RESPONDER_DUE, ladder, ladder.arrival_due_at)
    if case.needs_why in (Need.EMERGENCY, Need.RESPONDER_LATE):
        met(case)
        case.version += 1
    _acknowledged(session, ladder, Actor.system(), by=str(call.rung), contact=call.contact_id)


def over(session: Writing, case: Case, actor: Actor) -> None:
    """The case is closed, or no emergency any more: nobody is asked for it."""
    ladder = of_case(session, case)
    if ladder is None:
        return
    timers.stop(session, Subject.LADDER, key(ladder))
    move(session, ladder, LadderState.OVER, actor)
    _hush(session, ladder)


def asked_by(session: Writing, message: Message) -> tuple[Ladder, LadderCall] | None:
    """The ladder that wants this call, and whom it asks by it."""
    call = session.scalar(select(LadderCall).where(col(LadderCall.message_id) == key(message)))
    ladder = session.lock(Ladder, call.ladder_id) if call is not None else None
    return (ladder, call) if call is not None and ladder is not None else None


def wants(ladder: Ladder, call: LadderCall, *, call_under_way: bool) -> bool:
    """Whether a call of it still makes sense: nobody has acknowledged, and its step is the one that is asked now.

    A telephone that rings already may go on ringing while the next step is asked.
    """
    if ladder.state is not LadderState.CLIMBING or call.answer is not None:
        return False
    return call_under_way or (call.round, call.step) == (ladder.round, ladder.step)


def pause(session: Writing, ladder: Ladder) -> timedelta:
    """Between two calls of the same person while her step is asked."""
    return timedelta(seconds=_policy(session, ladder).pause_seconds)


def of_case(session: Writing, case: Case) -> Ladder | None:
    """The case's ladder, held, unless it is over."""
    ladder_id = session.scalar(
        select(col(Ladder.id)).where(col(Ladder.case_id) == case.id, col(Ladder.state) != LadderState.OVER)
    )
    return session.lock(Ladder, ladder_id) if ladder_id is not None else None


def _again(session: Writing, ladder: Ladder, actor: Actor) -> None:
    """Starts again after it had been acknowledged, by the rule that is in force now."""
    timers.stop(session, Subject.LADDER, key(ladder))
    rule = current_rule(session, ladder.centre_id, RuleKind.LADDER)
    ladder.rule_id = rule.id or ladder.rule_id
    ladder.step, ladder.round = 0, ladder.round + 1
    ladder.acknowledged_at = ladder.operator_id = ladder.ladder_call_id = ladder.arrival_due_at = None
    move(session, ladder, LadderState.CLIMBING, actor, round=ladder.round)


def _step(session: Writing, case: Case, ladder: Ladder) -> None:
    """Asks those of the present step, passing over steps with nobody to call, and sets the clock of the next."""
    policy = _policy(session, ladder)
    while True:
        if ladder.step >= len(policy.steps):
            note(session, ladder, "exhausted", Actor.system(), round=ladder.round)
            ladder.step, ladder.round = 0, ladder.round + 1
        step = policy.steps[ladder.step]
        people = _people(session, case, step)
        if people or step.who is Rung.OPERATORS or ladder.step == 0:
            break
        note(session, ladder, "passed_over", Actor.system(), step=ladder.step, rung=str(step.who))
        ladder.step += 1
    asked = [_ask(session, case, ladder, step, person) for person in people]
    due = session.clock.now() + timedelta(seconds=step.seconds)
    timers.arm(session, TimerKind.LADDER_STEP, ladder, due)
    note(
        session,
        ladder,
        "step",
        Actor.system(),
        step=ladder.step,
        rung=str(step.who),
        round=ladder.round,
        people=len(asked),
        until=due.isoformat(),
    )


def _people(session: Writing, case: Case, step: LadderStep) -> list[Person]:
    if step.who is Rung.OPERATORS:
        return []
    centre = session.get(Centre, case.centre_id)
    assert centre is not None
    if step.who is not Rung.CONTACTS:
        return [Person(number, centre.language) for number in step.numbers]
    resident = session.get(Resident, case.resident_id) if case.resident_id is not None else None
    contacts = session.scalars(
        select(Contact)
        .where(col(Contact.resident_id) == case.resident_id, col(Contact.rank).is_not(None))
        .order_by(col(Contact.rank))
    ).all()
    language = resident.language if resident is not None else centre.language
    return [Person(each.number, language, each.id) for each in contacts]


def _ask(session: Writing, case: Case, ladder: Ladder, step: LadderStep, person: Person) -> LadderCall:
    language = "en" if person.language.startswith("en") else "zh"
    alarm: Alarm = alarm_of(session, case, language)
    message = messages.ask_for_help(session, case, person.number, alarm)
    session.flush()
    call = LadderCall(
        ladder_id=key(ladder),
        message_id=key(message),
        round=ladder.round,
        step=ladder.step,
        rung=step.who,
        contact_id=person.contact_id,
    )
    session.add(call)
    session.flush()
    return call


def _everyone_cannot(session: Writing, ladder: Ladder) -> bool:
    answers = session.scalars(
        select(col(LadderCall.answer)).where(
            col(LadderCall.ladder_id) == ladder.id,
            col(LadderCall.round) == ladder.round,
            col(LadderCall.step) == ladder.step,
        )
    ).all()
    return bool(answers) and all(answer is LadderAnswer.CANNOT for answer in answers)


def _acknowledged(session: Writing, ladder: Ladder, actor: Actor, **facts: Any) -> None:
    ladder.acknowledged_at = session.clock.now()
    timers.stop(session, Subject.LADDER, key(ladder), TimerKind.LADDER_STEP)
    move(session, ladder, LadderState.ACKNOWLEDGED, actor, round=ladder.round, step=ladder.step, **facts)
    _hush(session, ladder)


def _hush(session: Writing, ladder: Ladder) -> None:
    """Telephones that still ring for it are looked at by the sender at once, which hangs them up."""
    ids = select(col(LadderCall.message_id)).where(col(LadderCall.ladder_id) == ladder.id)
    messages.look_at_once(session, col(Message.id).in_(ids))


def _policy(session: Writing, ladder: Ladder) -> LadderPolicy:
    rule = session.get(Rule, ladder.rule_id)
    return LadderPolicy.model_validate(rule.body) if rule is not None else ladder_policy(session, ladder.centre_id)
