"""Clocks as rows: armed and stopped with the decision they belong to, claimed when due.

Nothing is done here when one is due; `dispatch.ticker` does that, each in a transaction of its own.
"""

from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Update, bindparam, or_, select, update
from sqlmodel import col

from dispatch.models import Timer, TimerKind, TimerState
from dispatch.models.transitions import Stateful, key
from registry.store import Store, Subject, Writing

CLAIM = timedelta(seconds=60)  # how long a claimed clock is left to its claimer
LONGEST_PAUSE = timedelta(minutes=10)  # between tries of one that fails


def arm(session: Writing, kind: TimerKind, row: Stateful, due_at: datetime, *, fenced: bool = False) -> Timer:
    """Sets a clock on `row`. A `fenced` one is void once the row has moved on; others look when they are due."""
    if row.id is None:
        session.flush()
    timer = Timer(
        centre_id=row.timeline().centre_id,
        kind=kind,
        subject=row.subject,
        subject_id=key(row),
        due_at=due_at,
        fence=row.version if fenced else None,
    )
    session.add(timer)
    return timer


def stop(session: Writing, subject: Subject, subject_id: int, *kinds: TimerKind) -> None:
    """Stops the armed clocks of a row: those of `kinds`, or all of them."""
    session.flush()
    session.execute(_stopping(kinds), {"of": subject, "of_id": subject_id, "now": session.clock.now()})


@lru_cache
def _stopping(kinds: tuple[TimerKind, ...]) -> Update:
    statement = (
        update(Timer)
        .where(
            col(Timer.subject) == bindparam("of"),
            col(Timer.subject_id) == bindparam("of_id"),
            col(Timer.state) == TimerState.ARMED,
        )
        .values(state=TimerState.STOPPED, settled_at=bindparam("now"))
        .execution_options(synchronize_session="fetch")
    )
    return statement.where(col(Timer.kind).in_(kinds)) if kinds else statement


def due_now(store: Store, instance: str, limit: int = 50) -> list[int]:
    """Claims clocks that are due for `instance` and returns their ids, the one that is due longest first.

    Several instances never get the same one, and one whose claimer died is due again after `CLAIM`.
    """
    now = store.clock.now()
    due = (
        select(col(Timer.id))
        .where(
            col(Timer.state) == TimerState.ARMED,
            col(Timer.due_at) <= now,
            or_(col(Timer.claimed_until).is_(None), col(Timer.claimed_until) <= now),
        )
        .order_by(col(Timer.due_at), col(Timer.id))
        .limit(limit)
    )
    with store.reading() as session:
        if not session.execute(due.limit(1)).all():
            return []  # most ticks find nothing, and need no pen for that
    with store.writing() as session:
        unclaimed = due.with_for_update(skip_locked=True, key_share=True)
        ids = [id_ for id_ in session.scalars(unclaimed) if id_ is not None]
        session.execute(
            update(Timer)
            .where(col(Timer.id).in_(ids))
            .values(claimed_by=instance, claimed_until=now + CLAIM, tries=col(Timer.tries) + 1)
            .execution_options(synchronize_session=False)
        )
    return ids


def put_off(store: Store, timer_id: int) -> None:
    """After a failure: the clock stays armed and is looked at again later, each time a little later."""
    with store.writing() as session:
        timer = session.lock(Timer, timer_id)
        if timer is not None and timer.state is TimerState.ARMED:
            pause = min(timedelta(seconds=10) * 2 ** min(timer.tries, 10), LONGEST_PAUSE)
            timer.claimed_until = session.clock.now() + pause
