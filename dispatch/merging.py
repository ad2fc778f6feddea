"""Two records of one person become one while the service runs: the register's part at once, then her history.

The register's part is one short transaction (`registry.joining`). Her calls, cases, care calls and messages follow a
few rows at a time; said again after a crash, or by a service that starts, it goes on with what is left.
"""

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import delete, exists, or_, select, update
from sqlmodel import col

from dispatch import care
from dispatch.casebook import OPEN_STATES
from dispatch.deletion import resting
from dispatch.errors import BadValue, Conflict, NotFound
from dispatch.models import (
    Call,
    CallMatch,
    CallState,
    Card,
    CareCheck,
    CarePlan,
    Case,
    CheckState,
    Inbound,
    Message,
    PlanState,
)
from dispatch.models.transitions import note
from registry import doubles, joining, people
from registry.models import Resident
from registry.models.centre import Priority
from registry.sealed import settle
from registry.store import Actor, Scope, Store, Subject, Writing
from registry.vault import Vault

log = structlog.get_logger()

AT_ONCE = 100  # rows in one transaction
CASES_AT_ONCE = 5  # a case is sealed anew with all that was written about it
SEALED_AT_ONCE = 20  # SMS and calls
_HISTORY: tuple[Any, ...] = (Call, CareCheck)
_MOVED = (Case, CallMatch, Message, *_HISTORY)


def merge_people(store: Store, scope: Scope, keep_id: int, other_id: int, vault: Vault, actor: Actor) -> list[str]:
    """Everything of `other_id` is `keep_id`'s from now on; the fields of the kept record that changed.

    Raises NotFound outside the scope, BadValue for one record with itself or one that has ended, Conflict while one
    of the two has an open emergency or somebody is on the line about the other one.
    """
    changed = store.write(lambda session: begin(session, scope, keep_id, other_id, vault, actor))
    follow(store, keep_id, other_id)
    log.info("resident.merged", resident=keep_id, other=other_id)
    return changed


def begin(session: Writing, scope: Scope, keep_id: int, other_id: int, vault: Vault, actor: Actor) -> list[str]:
    """The register's part, and her care plans; nothing when it has been done already."""
    keep, other = _two(session, scope, keep_id, other_id)
    if other.merged_into == keep_id:
        return []
    _expect_living(keep_id=keep, other_id=other)
    _expect_quiet(session, keep_id, other_id)
    changed = joining.join(session, keep, other, vault, actor)
    _care_plans(session, keep_id, other_id, actor)
    return changed


def keep_apart(session: Writing, scope: Scope, one_id: int, other_id: int, actor: Actor) -> None:
    """Somebody says that these are two people; said twice it is said once, in the journal too.

    Raises NotFound outside the scope, BadValue for one record with itself or one that has ended.
    """
    one, other = _two(session, scope, one_id, other_id)
    _expect_living(one_id=one, other_id=other)
    if doubles.keep_apart(session, one_id, other_id):
        people.note(session, one, "kept_apart", actor, other=other_id)


def follow(store: Store, keep_id: int, other_id: int) -> None:
    """Her history, from wherever it stopped."""
    for move in (_cases, _matches, *(_moves(table) for table in _HISTORY)):
        left = True
        while left:
            with resting(store) as session:
                left = move(session, keep_id, other_id)
    _reseal(store, keep_id, other_id)


def follow_all(store: Store) -> None:
    """What a crash has left: of every record that went into another one."""
    left = (exists().where(table.resident_id == col(Resident.id)) for table in _MOVED)
    with store.reading() as session:
        rows = session.execute(
            select(col(Resident.merged_into), col(Resident.id)).where(
                col(Resident.merged_into).is_not(None), or_(*left)
            )
        ).all()
    for keep_id, other_id in rows:
        follow(store, keep_id, other_id)


def _two(session: Writing, scope: Scope, one_id: int, other_id: int) -> tuple[Resident, Resident]:
    """Both records, held until the end of the transaction."""
    if one_id == other_id:
        raise BadValue(field="other_id", found=other_id, right="resident.another")
    rows = {row.id: row for row in session.lock_all(Resident, (one_id, other_id))}
    for resident_id in (one_id, other_id):
        if resident_id not in rows or not session.scalar(
            select(scope.covers(Resident)).where(col(Resident.id) == resident_id)
        ):
            raise NotFound(subject=Subject.RESIDENT, id=resident_id)
    return rows[one_id], rows[other_id]


def _expect_living(**named: Resident) -> None:
    for field, row in named.items():
        if row.ended_at is not None:
            raise BadValue(field=field, found=row.id, right="resident.living")


def _expect_quiet(session: Writing, keep_id: int, other_id: int) -> None:
    emergencies = select(col(Case.number)).where(
        col(Case.resident_id).in_([keep_id, other_id]),
        col(Case.priority) == Priority.EMERGENCY,
        col(Case.state).in_(OPEN_STATES),
    )
    if numbers := list(session.scalars(emergencies.order_by(col(Case.id)))):
        raise Conflict(subject=Subject.CASE, now="open", cases=numbers)
    talking = select(col(Call.id)).where(col(Call.resident_id) == other_id, col(Call.state) != CallState.ENDED)
    calling = select(col(CareCheck.id)).where(
        col(CareCheck.resident_id) == other_id, col(CareCheck.state) == CheckState.CALLING
    )
    if session.scalar(talking.limit(1)) is not None or session.scalar(calling.limit(1)) is not None:
        raise Conflict(subject=Subject.CALL, now="going_on")


def _care_plans(session: Writing, keep_id: int, other_id: int, actor: Actor) -> None:
    """Of two that call at the same time on the same days one goes on."""
    active = col(CarePlan.state) == PlanState.ACTIVE
    mine = session.scalars(select(CarePlan).where(col(CarePlan.resident_id) == keep_id, active)).all()
    known = {(plan.local_time, tuple(sorted(plan.weekdays))) for plan in mine}
    theirs = session.scalars(select(col(CarePlan.id)).where(col(CarePlan.resident_id) == other_id))
    for plan in session.lock_all(CarePlan, (plan_id or 0 for plan_id in theirs)):
        plan.resident_id = keep_id
        if plan.state is PlanState.ACTIVE and (plan.local_time, tuple(sorted(plan.weekdays))) in known:
            care.end(session, plan, actor, why="merged")


def _cases(session: Writing, keep_id: int, other_id: int) -> bool:
    """Those that are open are seen to change at every desk."""
    mine = select(col(Case.id)).where(col(Case.resident_id) == other_id).order_by(col(Case.id)).limit(CASES_AT_ONCE)
    cases = session.lock_all(Case, (id_ or 0 for id_ in session.scalars(mine)))
    for case in cases:
        case.resident_id = keep_id
        if case.state in OPEN_STATES:
            case.version += 1
            note(session, case, "changed", Actor.system(), fields=["resident_id"])
    return bool(cases)


def _reseal(store: Store, keep_id: int, other_id: int) -> None:
    """SMS and calls to her, and whatever else lies under the key of the other record."""
    for table in (Message, Inbound, Card):
        which = col(table.sealed_for) == other_id
        if table is Message:
            which = or_(which, col(Message.resident_id) == other_id)
        with store.reading() as session:  # nobody waits while the table is looked through
            found = list(session.scalars(select(col(table.id)).where(which).order_by(col(table.id))))
        for place in range(0, len(found), SEALED_AT_ONCE):
            with resting(store) as session:
                for row in session.lock_all(table, (id_ or 0 for id_ in found[place : place + SEALED_AT_ONCE])):
                    if isinstance(row, Message) and row.resident_id == other_id:
                        row.resident_id = keep_id
                    if row.sealed_for == other_id:
                        settle(session, row, keep_id)


def _matches(session: Writing, keep_id: int, other_id: int) -> bool:
    """Calls that may have been hers: each once."""
    some = list(
        session.scalars(select(col(CallMatch.call_id)).where(col(CallMatch.resident_id) == other_id).limit(AT_ONCE))
    )
    known = set(
        session.scalars(
            select(col(CallMatch.call_id)).where(
                col(CallMatch.resident_id) == keep_id, col(CallMatch.call_id).in_(some)
            )
        )
    )
    session.execute(delete(CallMatch).where(col(CallMatch.resident_id) == other_id, col(CallMatch.call_id).in_(some)))
    session.add_all(CallMatch(call_id=call_id, resident_id=keep_id) for call_id in some if call_id not in known)
    return bool(some)


def _moves(table: Any) -> Callable[[Writing, int, int], bool]:
    def move(session: Writing, keep_id: int, other_id: int) -> bool:
        some = list(session.scalars(select(table.id).where(table.resident_id == other_id).limit(AT_ONCE)))
        session.execute(
            update(table)
            .where(table.id.in_(some))
            .values(resident_id=keep_id)
            .execution_options(synchronize_session=False)
        )
        return bool(some)

    return move
