"""A resident has died or moved away: she is recognised no more and found only as one who has left; her row and her
history stay.

What was done by mistake, or somebody who comes back, is undone by `come_back`: what ended with her lives again.
"""

from sqlmodel import col, select

from registry import search
from registry.errors import Problem, Refused
from registry.models import Left, Line, Resident
from registry.people import Happened, held, note
from registry.store import Actor, Scope, Writing


def leave(
    session: Writing, scope: Scope, resident_id: int, why: Left, *, seen_version: int, actor: Actor
) -> Resident:
    """Ends her lines. Raises NotFound outside the scope, StaleVersion, Refused for somebody who has ended already."""
    resident = held(session, scope, resident_id, seen_version)
    if resident.ended_at is not None:
        raise Refused([Problem("why", "has_ended")])
    resident.ended_at, resident.ended_why = session.clock.now(), why
    for line in session.exec(select(Line).where(Line.resident_id == resident_id, col(Line.ended_at).is_(None))):
        line.ended_at = resident.ended_at
    _noted(session, resident, "ended", actor, why=str(why))
    return resident


def come_back(session: Writing, scope: Scope, resident_id: int, *, seen_version: int, actor: Actor) -> Resident:
    """She is in the register again, with the lines that ended with her. Raises as `leave` does, and Refused for
    somebody who has not left so.
    """
    resident = held(session, scope, resident_id, seen_version)
    if resident.ended_why not in set(Left):
        raise Refused([Problem("version", "has_not_left")])
    for line in session.exec(select(Line).where(Line.resident_id == resident_id)):
        if line.ended_at == resident.ended_at:
            line.ended_at = None
    resident.ended_at = resident.ended_why = None
    search.index(session, resident)  # a change made meanwhile has taken her numbers out of it
    _noted(session, resident, "came_back", actor)
    return resident


def _noted(session: Writing, resident: Resident, what: Happened, actor: Actor, **data: str) -> None:
    resident.version += 1
    resident.updated_at = session.clock.now()
    note(session, resident, what, actor, **data)
