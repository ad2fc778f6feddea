"""The end of a case: whatever still runs for it ends in the same transaction."""

from typing import Any

from dispatch import incident_news, ladders, timers
from dispatch.attention import met
from dispatch.models import Case, CaseState, TimerKind, Turn
from dispatch.models.transitions import key, move
from registry.store import Actor, Subject, Writing


def end_case(session: Writing, case: Case, state: CaseState, actor: Actor, **facts: Any) -> None:
    """Closes or cancels the case, which the caller holds. Raises ForbiddenMove."""
    case.closed_at, case.late = session.clock.now(), None
    met(case)
    case.turn, case.turn_operator_id = Turn.NOBODY, None
    move(session, case, state, actor, **facts)
    timers.stop(session, Subject.CASE, key(case))
    ladders.over(session, case, actor)
    if case.incident:
        incident_news.set_clocks(session, case, TimerKind.SETTLE_INCIDENT)
