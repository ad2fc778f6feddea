"""Care calls: asking a resident at the time agreed whether she is well, and a case when nobody can tell.

Plans keep local time and zone, so that nine o'clock stays nine o'clock; each time that is due is one row, whatever
becomes of it. Held in the order plan, resident, check, message.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlmodel import col

from dispatch import asking, cases, ladders, timers
from dispatch.asking import Verdict
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES
from dispatch.decency import care_hours
from dispatch.messages import CARE_KEYS
from dispatch.models import (
    Attempt,
    AttemptResult,
    CareCheck,
    CarePlan,
    Case,
    CheckState,
    Message,
    MessageKind,
    MessageState,
    PlanState,
    Timer,
    TimerKind,
)
from dispatch.models.transitions import key, move, note
from dispatch.policy import care_policy
from registry.models import Hearing, Resident, RuleKind, Service
from registry.store import Actor, ActorKind, Subject, Writing

SERVICE = "care_check"
WELL, SOMEBODY = "1", "0"
_NOT_HAPPENED = (AttemptResult.AWAY, AttemptResult.NEVER_SEEN)


def next_due(plan: CarePlan, after: datetime) -> datetime:
    """The plan's first time after that moment. A time that a change of the clocks leaves out comes as much later."""
    zone = ZoneInfo(plan.zone)
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        moment = datetime.combine(day, plan.local_time, tzinfo=zone).astimezone(UTC)
        if moment > after and day.weekday() in plan.weekdays:
            return moment
        day += timedelta(days=1)


def set_clock(session: Writing, plan: CarePlan, after: datetime) -> None:
    """The plan's next time, and its only clock."""
    timers.stop(session, Subject.CARE_PLAN, key(plan), TimerKind.CARE_DUE)
    plan.due_at = next_due(plan, after)
    timers.arm(session, TimerKind.CARE_DUE, plan, plan.due_at)


def due(session: Writing, plan: CarePlan, timer: Timer) -> None:
    """The plan, which the caller holds, has come to its time: she is called, or it is written down why not."""
    if plan.state is not PlanState.ACTIVE or plan.due_at is None or plan.due_at != timer.due_at:
        return
    resident = session.lock(Resident, plan.resident_id)  # two plans of hers come one after the other
    if resident is None or resident.ended_at is not None:
        end(session, plan, Actor.system(), why="person_ended")
        return
    now = session.clock.now()
    check = CareCheck(
        centre_id=plan.centre_id,
        area_id=resident.area_id,
        plan_id=key(plan),
        resident_id=plan.resident_id,
        due_at=plan.due_at,
        call_until=plan.due_at + timedelta(minutes=care_policy(session, plan.centre_id).worth_minutes),
    )
    set_clock(session, plan, plan.due_at)
    hours = care_hours(session, plan.centre_id, on_holidays=plan.on_holidays)
    decent = hours.next(now)
    if not plan.on_holidays and hours.quiet.holiday(check.due_at.astimezone(hours.zone).date()):
        _not_called(session, check, CheckState.SKIPPED, "holiday")
    elif _is_asked(session, plan.resident_id):
        _not_called(session, check, CheckState.SKIPPED, "asked_already")
    elif decent is None or max(decent, now) >= check.call_until:
        _not_called(session, check, CheckState.MISSED, "too_late")
    else:
        session.add(check)
        note(session, check, "due", Actor.system(), plan=plan.id, late=round((now - check.due_at).total_seconds()))
        _call(session, check, resident, decent)


def verdict(session: Writing, check: CareCheck | None, message: Message) -> Verdict | datetime:
    """Whether to call now, later or not any more; the caller holds both."""
    if check is None or check.state is not CheckState.CALLING:
        return Verdict.NEVER
    plan, resident = session.get(CarePlan, check.plan_id), session.get(Resident, check.resident_id)
    if plan is None or plan.state is PlanState.ENDED or resident is None or resident.ended_at is not None:
        move(session, check, CheckState.CALLED_OFF, Actor.system())
        return Verdict.NEVER
    now = session.clock.now()
    decent = care_hours(session, check.centre_id, on_holidays=plan.on_holidays).next(now)
    if decent is None or max(decent, now) >= check.call_until:
        if _was_called(session, message):
            unreached(session, check, "no_answer")
        else:
            move(session, check, CheckState.MISSED, Actor.system(), why="too_late")
        return Verdict.NEVER
    return decent if decent > now else Verdict.NOW


def awaits(check: CareCheck, now: datetime) -> bool:
    """Whether the end of a call under way is still of interest, though a case may look after her already."""
    return check.state is CheckState.CALLING or (check.state is CheckState.NOT_REACHED and now < check.call_until)


def answered(session: Writing, check: CareCheck, pressed: str) -> None:
    """She has pressed a key; whoever wants somebody to talk to gets a case, whatever happened since."""
    actor = Actor(ActorKind.RESIDENT, check.resident_id)
    if pressed == SOMEBODY:
        case = _case(session, check, actor)
        need(session, case, Need.WANTS_TO_TALK, actor)
        _settle(session, check, CheckState.TALK, actor, case=case.number)
    elif pressed == WELL:
        found = _open_case(session, check)
        if found is not None:  # nobody else is asked, and an operator has the last word
            ladders.over(session, found, actor)
        _settle(session, check, CheckState.WELL, actor)


def unreached(session: Writing, check: CareCheck, why: str) -> None:
    """Nobody knows how she is: a case, before an operator, for the check that the caller holds."""
    if check.state is not CheckState.CALLING:
        return
    case = _case(session, check, Actor.system())
    move(session, check, CheckState.NOT_REACHED, Actor.system(), why=why, case=case.number)
    deaf = why in (Hearing.DEAF, "no_number")  # no call can tell how she is, and that is nothing new
    need(session, case, Need.ASK_RESIDENT if deaf else Need.CARE_NOT_REACHED, Actor.system())
    if not deaf:
        session.flush()
        ladders.climb(session, case, Actor.system(), RuleKind.CARE)


def end_all(session: Writing, resident_id: int, actor: Actor) -> None:
    """She is not called any more."""
    mine = select(col(CarePlan.id)).where(
        col(CarePlan.resident_id) == resident_id, col(CarePlan.state) == PlanState.ACTIVE
    )
    for plan in session.lock_all(CarePlan, (plan_id or 0 for plan_id in session.scalars(mine))):
        if plan.state is PlanState.ACTIVE:
            end(session, plan, actor, why="person_ended")


def end(session: Writing, plan: CarePlan, actor: Actor, **facts: Any) -> None:
    """Ends a plan that the caller holds; a call that is under way for it is looked at by the sender at once."""
    plan.ended_at, plan.due_at = session.clock.now(), None
    move(session, plan, PlanState.ENDED, actor, resident=plan.resident_id, **facts)
    timers.stop(session, Subject.CARE_PLAN, key(plan))
    calling = select(col(CareCheck.id)).where(
        col(CareCheck.plan_id) == plan.id, col(CareCheck.state) == CheckState.CALLING
    )
    for check_id in session.scalars(calling).all():
        check = session.lock(CareCheck, check_id or 0)
        if check is None or check.state is not CheckState.CALLING:
            continue
        move(session, check, CheckState.CALLED_OFF, actor)
        session.flush()
        session.execute(
            update(Message)
            .where(
                col(Message.care_check_id) == check.id,
                col(Message.state) == MessageState.HANDED_OVER,
            )
            .values(claimed_until=session.clock.now())
            .execution_options(synchronize_session="fetch")
        )


def _call(session: Writing, check: CareCheck, resident: Resident, at: datetime) -> None:
    number = asking.number_of(session, resident)
    if number is None:
        unreached(session, check, "deaf" if resident.hearing is Hearing.DEAF else "no_number")
        return
    body = asking.said_to(session, resident, "call.care")
    session.flush()
    message = asking.put(session, MessageKind.CARE, resident, number, body, CARE_KEYS)
    message.care_check_id, message.not_before = check.id, at
    asking.wanted(session, message)


def _not_called(session: Writing, check: CareCheck, state: CheckState, why: str) -> None:
    check.state = state  # a new row begins there
    session.add(check)
    note(session, check, str(state), Actor.system(), plan=check.plan_id, why=why)


def _settle(session: Writing, check: CareCheck, state: CheckState, actor: Actor, **facts: Any) -> None:
    if state in check.moves[check.state]:
        move(session, check, state, actor, **facts)
    else:
        note(session, check, "heard_late", actor, said=str(state), **facts)


def _is_asked(session: Writing, resident_id: int) -> bool:
    calling = select(col(CareCheck.id)).where(
        col(CareCheck.resident_id) == resident_id, col(CareCheck.state) == CheckState.CALLING
    )
    return session.scalar(calling.limit(1)) is not None


def _was_called(session: Writing, message: Message) -> bool:
    results = session.scalars(select(col(Attempt.result)).where(col(Attempt.message_id) == message.id)).all()
    return any(result not in _NOT_HAPPENED for result in results)


def _open_case(session: Writing, check: CareCheck) -> Case | None:
    """The open case about how this resident is, held."""
    case_id = session.scalar(
        select(col(Case.id))
        .where(
            col(Case.centre_id) == check.centre_id,
            col(Case.resident_id) == check.resident_id,
            col(Case.service_code) == SERVICE,
            col(Case.state).in_(OPEN_STATES),
        )
        .order_by(col(Case.id).desc())
        .limit(1)
    )
    case = session.lock(Case, case_id) if case_id is not None else None
    return case if case is not None and case.state in OPEN_STATES else None


def _case(session: Writing, check: CareCheck, actor: Actor) -> Case:
    """The open case about how this resident is, or a new one; held."""
    case = _open_case(session, check)
    if case is None:
        resident = session.get(Resident, check.resident_id)
        service = session.scalar(  # also when a centre has taken it off its list: somebody has to look after her
            select(Service)
            .where(col(Service.centre_id) == check.centre_id, col(Service.code) == SERVICE)
            .order_by(col(Service.version).desc())
            .limit(1)
        )
        assert service is not None
        case = cases.begin(session, service, actor, call=None, resident=resident)
    check.case_id = key(case)
    return case
