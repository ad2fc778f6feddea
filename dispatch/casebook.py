"""Finding a case and holding it, its number, its own clock, and whether it is as its sender saw it.

Whatever a transaction holds, it takes in one order, so that no two wait for each other on PostgreSQL: the exchange's
position, calls, operators, cases, the day's count of cases, and then what belongs to a case: offers, care checks,
messages, visits, ladders, clocks. Several of a kind are taken by their ids, the lowest first; who needs several cases
takes all of them at once (`hold_all`). Several events of an exchange in one transaction cannot know beforehand what
they will need: `Store.write` begins again whatever met another one crosswise.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from dispatch import timers
from dispatch.desk import Desk
from dispatch.errors import Conflict, NotFound, StaleVersion
from dispatch.models import Case, CaseState, Offer, OfferState, TimerKind
from dispatch.models.cases import CaseSequence
from registry.models import Centre, Merchant, Service
from registry.store import Reading, Scope, Subject, Writing

OPEN_STATES = frozenset(CaseState) - {CaseState.CLOSED, CaseState.CANCELLED}


def seen_by(desk: Desk | Scope) -> ColumnElement[bool]:
    """The cases of the desk's area, of nobody's area, and those that are hers wherever they are."""
    if isinstance(desk, Scope):
        return desk.covers(Case)
    hers = or_(col(Case.owner_id) == desk.operator_id, col(Case.turn_operator_id) == desk.operator_id)
    return or_(desk.scope.covers(Case), hers)


def held(session: Writing, desk: Desk | Scope, number: str, *others: int | None) -> Case:
    """The case of that number, held until the transaction ends, and with it the `others` that will be needed.

    Raises NotFound when the desk may not see it.
    """
    case_id = session.scalar(select(col(Case.id)).where(col(Case.number) == number, seen_by(desk)))
    if others:
        hold_all(session, (case_id, *others))
    case = session.lock(Case, case_id) if case_id is not None else None
    if case is None or case.centre_id != desk.centre_id:
        raise NotFound(subject=Subject.CASE, id=number)
    return case


def hold_all(session: Writing, case_ids: Iterable[int | None]) -> None:
    """Holds several cases, in the order in which everybody takes them; each is looked at once it is held."""
    session.lock_all(Case, {case_id for case_id in case_ids if case_id is not None})


def expect(session: Writing, case: Case, expected: StrEnum | str) -> None:
    """Raises Conflict, with who was first where somebody was, unless the case is in the state its sender saw."""
    if case.state != expected:
        raise Conflict(subject=Subject.CASE, now=case.state, expected=str(expected), **first(session, case))


def expect_version(case: Case, seen: int) -> None:
    if case.version != seen:
        raise StaleVersion(subject=Subject.CASE, now=case.version, seen=seen)


def first(session: Writing, case: Case) -> dict[str, str]:
    """Which merchant has accepted the case (`by`) and when (`at`); nothing when none has."""
    found = session.rows(_FIRST, case_id=case.id).first()
    if found is None:
        return {}
    name, at = found
    return {"by": name, "at": at.isoformat() if at is not None else ""}


_FIRST = (
    select(col(Merchant.name), col(Offer.answered_at))
    .join(Merchant, col(Merchant.id) == col(Offer.merchant_id))
    .where(col(Offer.case_id) == bindparam("case_id"), col(Offer.state) == OfferState.ACCEPTED)
)


def service_of(session: Writing | Reading, case: Case) -> Service:
    """The service in the version that was in force when the case was opened."""
    service = session.get(Service, case.service_id)
    assert service is not None
    return service


def watch_wanted(session: Writing, case: Case) -> None:
    """Somebody has to be asked in time for a case that is wanted later, as long as nobody is."""
    timers.stop(session, Subject.CASE, case.id or 0, TimerKind.WANTED_SOON)
    if case.wanted_at is None or case.state is not CaseState.OPEN:
        return
    service = service_of(session, case)
    ask_by = case.wanted_at - timedelta(minutes=service.accept_minutes + service.arrive_minutes)
    if ask_by > session.clock.now():
        timers.arm(session, TimerKind.WANTED_SOON, case, ask_by)


def next_number(session: Writing, centre: Centre, now: datetime) -> str:
    """CODE-YYYYMMDD-NNNN in the centre's own day; the database counts, so that no two are alike."""
    day = now.astimezone(ZoneInfo(centre.time_zone)).strftime("%Y%m%d")
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    counted = (
        insert(CaseSequence)
        .values(centre_id=centre.id, day=day, last=1)
        .on_conflict_do_update(index_elements=["centre_id", "day"], set_={"last": col(CaseSequence.last) + 1})
        .returning(col(CaseSequence.last))
    )
    return f"{centre.code}-{day}-{session.execute(counted).scalar_one():04d}"
