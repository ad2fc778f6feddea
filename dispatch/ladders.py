"""The urgency ladder of an emergency, or of a care call that reached nobody: all operators, the supervisor's mobile,
the on-call list, the resident's own people, and then from the beginning again, until one human has acknowledged.

Its steps are those of the centre's rule `ladder`, or `care`. The first acknowledgement wins: an operator answers the
call or acknowledges the case, or somebody called presses 1; whatever else still rings is hung up. Who said "I am
going" has a clock for the arrival. Everything here runs in a transaction of the caller's that holds the case.

One that comes out of a backup stands still (`dispatch.hold`), and its case says so on the board: until it is
released, or acknowledged, or the resident presses again.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlmodel import col

from dispatch import hold, messages, timers
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
from dispatch.policy import ladder_by
from dispatch.rule_bodies import LadderPolicy, LadderStep
from dispatch.texts import Alarm, alarm_of
from registry.centres import current_rule
from registry.models import Centre, Contact, Resident, Rule, RuleKind
from registry.store import Actor, Subject, Writing

log = structlog.get_logger()

GOING, CANNOT = "1", "2"
CALLS = {RuleKind.LADDER: "call.ladder", RuleKind.CARE: "call.ladder.care"}
WHY = {RuleKind.LADDER: Need.EMERGENCY, RuleKind.CARE: Need.CARE_NOT_REACHED}
HELD = {RuleKind.LADDER: Need.LADDER_HELD, RuleKind.CARE: Need.CARE_HELD}
TOGETHER_TRIES = 3  # calls of each of those who are called at once
NOT_IN_HAND = frozenset({LadderState.CLIMBING, LadderState.HELD})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is asked by telephone."""

    number: str
    language: str
    contact_id: int | None = None
    merchant_id: int | None = None


def climb(session: Writing, case: Case, actor: Actor, kind: RuleKind = RuleKind.LADDER) -> None:
    """An emergency has come in: its ladder starts; one that climbs goes on; one acknowledged or held starts again.

    `kind` is the rule whose steps are climbed.
    """
    ladder = of_case(session, case)
    if ladder is not None and ladder.state is LadderState.CLIMBING:
        return
    if ladder is None:
        rule = current_rule(session, case.centre_id, kind)
        assert rule.id is not None
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
    on_hold = hold.current(session, ladder.centre_id)
    if on_hold is not None and ladder.acknowledged_at is not None and ladder.acknowledged_at < on_hold.since:
        stand_still(session, case, ladder)
        return
    need(session, case, Need.RESPONDER_LATE, Actor.system())
    _again(session, ladder, Actor.system())
    _step(session, case, ladder)


def stand_still(session: Writing, case: Case, ladder: Ladder) -> None:
    """After a restore: nobody is called for it, and its case says so."""
    timers.stop(session, Subject.LADDER, key(ladder))
    move(session, ladder, LadderState.HELD, Actor.system(), step=ladder.step, round=ladder.round)
    need(session, case, HELD[_rule(session, ladder).kind], Actor.system())


def go_on(session: Writing, case: Case, actor: Actor) -> None:
    """The ladder of this case has been released: it climbs from the beginning."""
    ladder = of_case(session, case)
    if ladder is None or ladder.state is not LadderState.HELD:
        return
    _again(session, ladder, actor)
    _step(session, case, ladder)
    need(session, case, WHY[_rule(session, ladder).kind], actor)


def taken(session: Writing, case: Case, operator_id: int) -> None:
    """An operator has the emergency in hand."""
    ladder = of_case(session, case)
    if ladder is None or ladder.state not in NOT_IN_HAND:
        return
    ladder.operator_id = operator_id
    _acknowledged(session, ladder, Actor.operator(operator_id), by="operator")


def answered_outside(session: Writing, case: Case) -> None:
    """Somebody whom the exchange itself called talks to her. Who that is and whether she goes is not known here:
    nobody else is called, and when the case is not closed in the time for an arrival, it is climbed again.
    """
    ladder = of_case(session, case)
    if ladder is not None and ladder.state is LadderState.CLIMBING:
        _awaits_arrival(session, ladder)
        _acknowledged(session, ladder, Actor.exchange(), by="outside")


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
    if ladder.state not in NOT_IN_HAND:
        return
    if call.answer is LadderAnswer.CANNOT:
        if _everyone_cannot(session, ladder):
            next_step(session, case, ladder)
        return
    ladder.ladder_call_id = call.id
    _awaits_arrival(session, ladder)
    if case.needs_why in (*WHY.values(), *HELD.values(), Need.RESPONDER_LATE):
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

    A telephone that rings already may go on ringing while the next step is asked. Who is called together with others
    is asked whoever has it in hand.
    """
    if call.together:
        return ladder.state is not LadderState.OVER and call.answer is None
    if ladder.state not in NOT_IN_HAND or call.answer is not None:
        return False
    now = ladder.state is LadderState.CLIMBING and (call.round, call.step) == (ladder.round, ladder.step)
    return call_under_way or now


def pause(session: Writing, ladder: Ladder) -> timedelta:
    """Between two calls of the same person while her step is asked."""
    return timedelta(seconds=_policy(session, ladder).pause_seconds)


def may_be_called_again(call: LadderCall, tries: int) -> bool:
    """Whether somebody who was not reached is called once more: again and again while her step is asked, and a few
    times when she is called together with others.
    """
    return not call.together or tries < TOGETHER_TRIES


def has_called_together(session: Writing, ladder: Ladder) -> bool:
    called = select(col(LadderCall.id)).where(col(LadderCall.ladder_id) == ladder.id, col(LadderCall.together))
    return session.scalar(called.limit(1)) is not None


def ask_together(session: Writing, case: Case, ladder: Ladder, rung: Rung, people: list[Person]) -> None:
    """Calls all of them now, beside whatever step is asked."""
    if not people:
        return
    for person in people:
        _ask(session, case, ladder, rung, person, together=True)
    note(session, ladder, "together", Actor.system(), rung=str(rung), people=len(people))


def of_case(session: Writing, case: Case) -> Ladder | None:
    """The case's ladder, held, unless it is over."""
    ladder_id = session.scalar(
        select(col(Ladder.id)).where(col(Ladder.case_id) == case.id, col(Ladder.state) != LadderState.OVER)
    )
    return session.lock(Ladder, ladder_id) if ladder_id is not None else None


def _again(session: Writing, ladder: Ladder, actor: Actor) -> None:
    """Starts again after it had been acknowledged or held, by the rule that is in force now."""
    timers.stop(session, Subject.LADDER, key(ladder))
    rule = current_rule(session, ladder.centre_id, _rule(session, ladder).kind)
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
    asked = [_ask(session, case, ladder, step.who, person) for person in people]
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
    return contacts(session, case)


def contacts(session: Writing, case: Case) -> list[Person]:
    """The resident's own people, in their order."""
    resident = session.get(Resident, case.resident_id) if case.resident_id is not None else None
    if resident is None:
        return []
    listed = session.scalars(
        select(Contact)
        .where(col(Contact.resident_id) == case.resident_id, col(Contact.rank).is_not(None))
        .order_by(col(Contact.rank))
    ).all()
    return [Person(each.number, resident.language, each.id) for each in listed]


def _ask(
    session: Writing, case: Case, ladder: Ladder, rung: Rung, person: Person, *, together: bool = False
) -> LadderCall:
    language = "en" if person.language.startswith("en") else "zh"
    alarm: Alarm = alarm_of(session, case, language, CALLS[_rule(session, ladder).kind])
    message = messages.ask_for_help(session, case, person.number, alarm)
    session.flush()
    call = LadderCall(
        ladder_id=key(ladder),
        message_id=key(message),
        round=ladder.round,
        step=ladder.step,
        rung=rung,
        contact_id=person.contact_id,
        merchant_id=person.merchant_id,
        together=together,
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
            col(LadderCall.together).is_(False),
        )
    ).all()
    return bool(answers) and all(answer is LadderAnswer.CANNOT for answer in answers)


def _awaits_arrival(session: Writing, ladder: Ladder) -> None:
    ladder.arrival_due_at = session.clock.now() + timedelta(seconds=_policy(session, ladder).arrival_seconds)
    timers.arm(session, TimerKind.RESPONDER_DUE, ladder, ladder.arrival_due_at)


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
    return ladder_by(_rule(session, ladder))


def _rule(session: Writing, ladder: Ladder) -> Rule:
    rule = session.get(Rule, ladder.rule_id)
    assert rule is not None
    return rule
