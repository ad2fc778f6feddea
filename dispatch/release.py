"""A person releases what was held after a restore: the outbox goes out again, and the ladders climb."""

from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlmodel import col

from dispatch import hold, ladders
from dispatch.errors import Conflict
from dispatch.models import Case, Hold, Ladder, LadderState, Operator
from registry.store import Actor, ActorKind, Entry, Subject, Writing

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Released:
    """How much was held until now."""

    messages: int
    ladders: int


def release(session: Writing, centre_id: int, actor: Actor) -> Released:
    """Ends the hold. Raises Conflict when there is none, with who ended it and when, if that was an operator."""
    seen = hold.current(session, centre_id)
    held = session.lock(Hold, seen.id or 0) if seen is not None else None
    if held is None or held.released_at is not None:
        raise Conflict(subject=Subject.CENTRE, now="released", **_first(session, centre_id))
    released = Released(*hold.count(session, centre_id))
    held.released_at = session.clock.now()
    held.released_by_id = actor.id if actor.kind is ActorKind.OPERATOR else None
    session.flush()
    standing = select(col(Ladder.case_id)).where(
        col(Ladder.centre_id) == centre_id, col(Ladder.state) == LadderState.HELD
    )
    for case_id in session.scalars(standing.order_by(col(Ladder.case_id))).all():
        case = session.lock(Case, case_id)
        if case is not None:
            ladders.go_on(session, case, actor)
    session.record(
        Entry(
            what="centre.released",
            subject=Subject.CENTRE,
            subject_id=centre_id,
            actor=actor,
            centre_id=centre_id,
            data={"messages": released.messages, "ladders": released.ladders},
        )
    )
    log.info("hold.released", messages=released.messages, ladders=released.ladders)
    return released


def _first(session: Writing, centre_id: int) -> dict[str, str]:
    last = session.execute(
        select(col(Operator.name), col(Hold.released_at))
        .join(Operator, col(Operator.id) == col(Hold.released_by_id))
        .where(col(Hold.centre_id) == centre_id)
        .order_by(col(Hold.id).desc())
        .limit(1)
    ).first()
    return {"by": last[0], "at": last[1].isoformat()} if last is not None else {}
