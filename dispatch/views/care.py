"""Care plans, each with what became of its last call."""

from collections.abc import Sequence

from sqlmodel import col, func, select

from dispatch.models import CareCheck, CarePlan
from dispatch.wire.care import CareCheckView, CarePlanView
from registry.store import Reading, Writing


def care_plan_views(session: Reading | Writing, plans: Sequence[CarePlan]) -> list[CarePlanView]:
    """In the order given."""
    ids = [plan.id for plan in plans]
    newest = (
        select(CareCheck.plan_id, func.max(col(CareCheck.due_at)).label("due_at"))
        .where(col(CareCheck.plan_id).in_(ids))
        .group_by(col(CareCheck.plan_id))
        .subquery()
    )
    rows = session.exec(
        select(CareCheck).join(
            newest, (col(CareCheck.plan_id) == newest.c.plan_id) & (col(CareCheck.due_at) == newest.c.due_at)
        )
    ).all()
    last = {check.plan_id: check for check in rows}
    return [_view(plan, last.get(plan.id or 0)) for plan in plans]


def _view(plan: CarePlan, check: CareCheck | None) -> CarePlanView:
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
        last_check=(
            CareCheckView(due_at=check.due_at, state=check.state.value, case_id=check.case_id)
            if check is not None
            else None
        ),
        version=plan.version,
    )
