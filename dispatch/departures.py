"""A resident has died or moved away: her care calls end, and what is open for her is put before the operators."""

from sqlmodel import col, select

from dispatch import care
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES
from dispatch.desk import Desk
from dispatch.models import CarePlan, Case, PlanState
from dispatch.wire.people import Leave
from registry import leaving
from registry.store import Writing


def leave(session: Writing, desk: Desk, resident_id: int, told: Leave) -> None:
    """Raises the registry's NotFound, StaleVersion and Refused."""
    plans = select(CarePlan.id).where(CarePlan.resident_id == resident_id, CarePlan.state == PlanState.ACTIVE)
    for plan in session.lock_all(CarePlan, (plan_id or 0 for plan_id in session.exec(plans))):
        if plan.state is PlanState.ACTIVE:
            care.end(session, plan, desk.actor, why="person_ended")
    cases = select(Case.id).where(Case.resident_id == resident_id, col(Case.state).in_(OPEN_STATES))
    for case in session.lock_all(Case, (case_id or 0 for case_id in session.exec(cases))):
        if case.state in OPEN_STATES:
            need(session, case, Need.PERSON_LEFT, desk.actor)
    why = leaving.Left(told.why)
    leaving.leave(session, desk.scope, resident_id, why, seen_version=told.version, actor=desk.actor)
