"""Care plans, each with what became of its calls of the last days."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from dispatch.models import CareCheck, CarePlan, Case, PlanState
from dispatch.wire.care import CareCheckView, CarePlanView
from registry.store import Reading, Writing

CHECKS_SHOWN = timedelta(days=14)


def care_plan_views(session: Reading | Writing, plans: Sequence[CarePlan], now: datetime) -> list[CarePlanView]:
    """In the order given."""
    rows = session.exec(
        select(CareCheck, Case.number)
        .outerjoin(Case, col(Case.id) == CareCheck.case_id)
        .where(
            col(CareCheck.plan_id).in_([plan.id for plan in plans]),
            col(CareCheck.due_at) > now - CHECKS_SHOWN,
        )
        .order_by(col(CareCheck.due_at).desc())
    ).all()
    checks: dict[int, list[CareCheckView]] = defaultdict(list)
    for check, number in rows:
        checks[check.plan_id].append(CareCheckView(due_at=check.due_at, state=check.state.value, case_number=number))
    return [_view(plan, checks[plan.id or 0]) for plan in plans]


def plans_of(session: Reading | Writing, resident_id: int, now: datetime) -> list[CarePlanView]:
    """Those of a resident that go on, by their time of day."""
    plans = session.exec(
        select(CarePlan)
        .where(CarePlan.resident_id == resident_id, CarePlan.state == PlanState.ACTIVE)
        .order_by(col(CarePlan.local_time), col(CarePlan.id))
    ).all()
    return care_plan_views(session, plans, now) if plans else []


def _view(plan: CarePlan, checks: list[CareCheckView]) -> CarePlanView:
    assert plan.id is not None
    return CarePlanView(
        id=plan.id,
        resident_id=plan.resident_id,
        local_time=plan.local_time,
        weekdays=plan.weekdays,
        zone=plan.zone,
        on_holidays=plan.on_holidays,
        state=plan.state.value,
        due_at=plan.due_at,
        ended_at=plan.ended_at,
        checks=checks,
        version=plan.version,
    )
