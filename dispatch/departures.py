"""A resident has died or moved away: her care calls end, and what is open for her is put before the operators."""

from sqlmodel import col, select

from dispatch import care
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES
from dispatch.desk import Desk
from dispatch.models import Case
from dispatch.wire.people import Leave
from registry import leaving
from registry.models import Left
from registry.models.centre import Priority
from registry.store import Writing


def leave(session: Writing, desk: Desk, resident_id: int, told: Leave) -> None:
    """An emergency is left as it is: its ladder climbs until a person settles it.

    Raises the registry's NotFound, StaleVersion and Refused.
    """
    care.end_all(session, resident_id, desk.actor)
    cases = select(Case.id).where(
        Case.resident_id == resident_id,
        Case.priority != Priority.EMERGENCY,
        col(Case.state).in_(OPEN_STATES),
    )
    for case in session.lock_all(Case, (case_id or 0 for case_id in session.exec(cases))):
        if case.state in OPEN_STATES:
            need(session, case, Need.PERSON_LEFT, desk.actor)
    why = Left(told.why)
    leaving.leave(session, desk.scope, resident_id, why, seen_version=told.version, actor=desk.actor)
