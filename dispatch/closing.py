"""The end of a case: whatever still runs for it ends in the same transaction."""

from typing import Any

from dispatch import ladders, timers
from dispatch.attention import met
from dispatch.models import Case, CaseState, Turn
from dispatch.models.transitions import key, move
from registry.store import Actor, Subject, Writing


def end_case(session: Writing, case: Case, state: CaseState, actor: Actor, **facts: Any) -> None:
    """Closes or cancels the case, which the caller holds. Raises ForbiddenMove."""
    case.closed_at = session.clock.now()
    met(case)
    case.turn, case.turn_operator_id = Turn.NOBODY, None
    move(session, case, state, actor, **facts)
    timers.stop(session, Subject.CASE, key(case))
    ladders.over(session, case, actor)
