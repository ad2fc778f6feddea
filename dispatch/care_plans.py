"""Care plans as an operator agrees them with a resident: made, changed, ended."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from dispatch import care
from dispatch.decency import care_hours
from dispatch.desk import Desk
from dispatch.errors import BadValue, Conflict, NotFound, StaleVersion
from dispatch.models import CarePlan, PlanState
from dispatch.models.transitions import note
from dispatch.policy import care_policy
from dispatch.wire.care import CarePlanChange, CarePlanEnd, NewCarePlan
from registry.centres import centre
from registry.models import AccessLog, Resident
from registry.store import Subject, Writing


def plans(session: Writing, desk: Desk, resident_id: int) -> Sequence[CarePlan]:
    """Hers, those that go on first; that somebody looked is in the access log. Raises NotFound."""
    resident = _resident(session, desk, resident_id)
    session.add(
        AccessLog(
            at=session.clock.now(),
            centre_id=desk.centre_id,
            operator_id=desk.operator_id,
            resident_id=resident_id,
            what="care_plans",
        )
    )
    mine = select(CarePlan).where(col(CarePlan.resident_id) == resident.id)
    return session.scalars(mine.order_by(col(CarePlan.ended_at).is_not(None), col(CarePlan.id))).all()


def make(session: Writing, desk: Desk, resident_id: int, new: NewCarePlan) -> CarePlan:
    """Agreed now, first due at its next time. Raises NotFound, BadValue for a time at which nobody is called."""
    resident = _resident(session, desk, resident_id)
    if resident.ended_at is not None:
        raise Conflict(subject=Subject.RESIDENT, now="ended")
    now = session.clock.now()
    plan = CarePlan(
        centre_id=resident.centre_id,
        area_id=resident.area_id,
        resident_id=resident_id,
        local_time=new.local_time,
        weekdays=sorted(set(new.weekdays)),
        zone=new.zone or centre(session, desk.centre_id).time_zone,
        on_holidays=new.on_holidays,
        created_at=now,
    )
    _expect_decent(session, plan)
    session.add(plan)
    session.flush()
    care.set_clock(session, plan, now)
    note(session, plan, "made", desk.actor, resident=resident_id)
    return plan


def change(session: Writing, desk: Desk, resident_id: int, plan_id: int, change: CarePlanChange) -> CarePlan:
    """Changes the fields that were sent; a call that is due already goes out.

    Raises NotFound, StaleVersion, Conflict, BadValue.
    """
    plan = _held(session, desk, resident_id, plan_id)
    if plan.state is not PlanState.ACTIVE:
        raise Conflict(subject=Subject.CARE_PLAN, now=plan.state)
    if plan.version != change.version:
        raise StaleVersion(subject=Subject.CARE_PLAN, now=plan.version, seen=change.version)
    sent = change.model_fields_set - {"version"}
    for field in sent:
        value = getattr(change, field)
        if value is not None:
            setattr(plan, field, sorted(set(value)) if field == "weekdays" else value)
    _expect_decent(session, plan)
    plan.version += 1
    care.set_clock(session, plan, session.clock.now())
    note(session, plan, "changed", desk.actor, resident=resident_id, fields=sorted(sent))
    return plan


def end(session: Writing, desk: Desk, resident_id: int, plan_id: int, how: CarePlanEnd) -> CarePlan:
    """Nobody calls for this plan any more. Raises NotFound, Conflict."""
    plan = _held(session, desk, resident_id, plan_id)
    if plan.state != how.expects:
        raise Conflict(subject=Subject.CARE_PLAN, now=plan.state, expected=how.expects)
    care.end(session, plan, desk.actor)
    return plan


def _expect_decent(session: Writing, plan: CarePlan) -> None:
    first = care.next_due(plan, session.clock.now())
    hours = care_hours(session, plan.centre_id, on_holidays=True)
    worth = timedelta(minutes=care_policy(session, plan.centre_id).worth_minutes)
    decent = hours.next(first)
    if decent is None or decent >= first + worth:
        raise BadValue(field="local_time", found=plan.local_time.isoformat("minutes"), right="care_plan.decent")


def _resident(session: Writing, desk: Desk, resident_id: int) -> Resident:
    resident = session.scalar(select(Resident).where(col(Resident.id) == resident_id, desk.scope.covers(Resident)))
    if resident is None:
        raise NotFound(subject=Subject.RESIDENT, id=resident_id)
    return resident


def _held(session: Writing, desk: Desk, resident_id: int, plan_id: int) -> CarePlan:
    _resident(session, desk, resident_id)
    plan = session.lock(CarePlan, plan_id)
    if plan is None or plan.resident_id != resident_id:
        raise NotFound(subject=Subject.CARE_PLAN, id=plan_id)
    return plan
