"""Merchants: registered, changed, found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select

from registry import centres, past
from registry.areas import path_of
from registry.drafts import MerchantChange, MerchantDraft, number_problem
from registry.errors import InUse, NotFound, Problem, Refused, StaleVersion
from registry.models import (
    Area,
    Contract,
    ContractService,
    Merchant,
    MerchantKind,
    MerchantNumber,
    MerchantPast,
    OpeningHours,
    Service,
    StaffMember,
)
from registry.newcomers import came_with
from registry.staff import set_staff, staff_of
from registry.store import Actor, Entry, Reading, Scope, Subject, Writing
from registry.store.bulk import next_ids
from registry.terms import ContractCard, contract_cards, set_contracts, set_hours, set_numbers
from registry.text import folded

_COLUMNS = (
    "name",
    "kind",
    "area_id",
    "address",
    "latitude",
    "longitude",
    "language",
    "licence_number",
    "licence_expires",
    "capacity",
    "capacity_plan",
    "first_channel",
    "channel_plan",
    "special_hours",
)


@dataclass(frozen=True, slots=True)
class MerchantCard:
    """Everything about a merchant: its row and what belongs to it, numbers by channel and rank, hours by weekday."""

    merchant: Merchant
    numbers: tuple[MerchantNumber, ...]
    staff: tuple[StaffMember, ...]
    hours: tuple[OpeningHours, ...]
    contracts: tuple[ContractCard, ...]


def create_merchant(
    session: Writing, scope: Scope, draft: MerchantDraft, *, actor: Actor, import_id: int | None = None
) -> Merchant:
    """Registers a merchant; the journal names the import that it came with. Raises Refused with every problem."""
    now = session.clock.now()
    check(session, scope, draft)
    (merchant_id,) = next_ids(session, Merchant, 1)
    merchant = Merchant(
        id=merchant_id, centre_id=scope.centre_id, kind=draft.kind, name=draft.name, created_at=now, updated_at=now
    )
    for field in _COLUMNS:
        setattr(merchant, field, getattr(draft, field))
    session.add(merchant)
    session.flush()
    _write(session, merchant, draft, now)
    session.flush()
    _record(session, merchant, "created", actor, **came_with(import_id))
    return merchant


def change_merchant(
    session: Writing,
    scope: Scope,
    merchant_id: int,
    change: MerchantChange,
    *,
    seen_version: int,
    actor: Actor,
    import_id: int | None = None,
) -> Merchant:
    """Changes what is set in `change`; one that changes nothing leaves no trace.

    Raises NotFound outside the scope, StaleVersion when somebody else changed it since, Refused.
    """
    now = session.clock.now()
    merchant = held_merchant(session, scope, merchant_id)
    if merchant.version != seen_version:
        raise StaleVersion(subject="merchant", now=merchant.version, seen=seen_version)
    check(session, scope, change)
    before = past.as_it_is(session, merchant)
    changed = [
        field
        for field in _COLUMNS
        if field in change.model_fields_set and getattr(merchant, field) != getattr(change, field)
    ]
    for field in changed:
        setattr(merchant, field, getattr(change, field))
    changed += _write(session, merchant, change, now)
    if changed:
        session.add(before)
        merchant.version += 1
        merchant.updated_at = now
        session.flush()
        facts = {"fields": sorted(changed), "version": merchant.version} | came_with(import_id)
        _record(session, merchant, "changed", actor, **facts)
    return merchant


def suspend(
    session: Writing, merchant: Merchant, why: str, until: datetime | None, actor: Actor, *, by_rule: bool = False
) -> None:
    """Nothing new is offered to the merchant, which the caller holds, until then, or until somebody ends it."""
    session.add(past.as_it_is(session, merchant))
    merchant.suspended_at, merchant.suspended_why = session.clock.now(), why
    merchant.suspended_until, merchant.suspended_by_rule = until, by_rule
    merchant.version, merchant.updated_at = merchant.version + 1, session.clock.now()
    ends = until.isoformat() if until is not None else None
    _record(session, merchant, "suspended", actor, until=ends, by_rule=by_rule)


def resume(session: Writing, merchant: Merchant, actor: Actor) -> None:
    """Ends the suspension of a merchant that the caller holds."""
    session.add(past.as_it_is(session, merchant))
    merchant.suspended_at = merchant.suspended_why = merchant.suspended_until = None
    merchant.suspended_by_rule = False
    merchant.version, merchant.updated_at = merchant.version + 1, session.clock.now()
    _record(session, merchant, "resumed", actor)


def held_merchant(session: Writing, scope: Scope, merchant_id: int) -> Merchant:
    """Raises NotFound outside the scope."""
    merchant = session.lock(Merchant, merchant_id)
    if merchant is None or not _in_scope(session, scope, merchant):
        raise NotFound(subject="merchant", id=merchant_id)
    return merchant


def withdraw_merchant(
    session: Writing, scope: Scope, merchant_id: int, *, seen_version: int, actor: Actor, import_id: int
) -> None:
    """Takes away a merchant that an import has brought and nobody has used: no offer, no resident's usual one.

    Raises NotFound outside the scope, StaleVersion when somebody changed it since, InUse.
    """
    merchant = held_merchant(session, scope, merchant_id)
    if merchant.version != seen_version:
        raise StaleVersion(subject="merchant", now=merchant.version, seen=seen_version)
    try:
        with session.begin_nested():
            for table in (MerchantNumber, StaffMember, OpeningHours, MerchantPast):
                session.execute(delete(table).where(col(table.merchant_id) == merchant_id))
            set_contracts(session, merchant_id, ())
            session.delete(merchant)
    except IntegrityError as error:
        raise InUse(subject="merchant", id=merchant_id) from error
    _record(session, merchant, "withdrawn", actor, **came_with(import_id))


def merchant_card(session: Reading | Writing, scope: Scope, merchant_id: int) -> MerchantCard:
    """Raises NotFound outside the scope."""
    merchant = session.exec(select(Merchant).where(Merchant.id == merchant_id, scope.covers(Merchant))).one_or_none()
    if merchant is None:
        raise NotFound(subject="merchant", id=merchant_id)
    numbers = select(MerchantNumber).where(MerchantNumber.merchant_id == merchant_id)
    hours = select(OpeningHours).where(OpeningHours.merchant_id == merchant_id)
    return MerchantCard(
        merchant,
        tuple(session.exec(numbers.order_by(col(MerchantNumber.channel), col(MerchantNumber.rank)))),
        tuple(staff_of(session, merchant_id)),
        tuple(session.exec(hours.order_by(col(OpeningHours.weekday), col(OpeningHours.opens)))),
        tuple(contract_cards(session, merchant_id)),
    )


def find_merchants(
    session: Reading | Writing,
    scope: Scope,
    q: str = "",
    *,
    kind: MerchantKind | None = None,
    service_code: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Merchant]]:
    """Merchants in scope by part of a name or address or a whole number, of a kind, contracted for a service at any
    time: how many there are, and some of them by name.
    """
    wanted: list[ColumnElement[bool]] = [scope.covers(Merchant), col(Merchant.ended_at).is_(None)]
    if kind is not None:
        wanted.append(col(Merchant.kind) == kind)
    if service_code is not None:
        wanted.append(
            col(Merchant.id).in_(
                select(Contract.merchant_id)
                .join(ContractService, col(ContractService.contract_id) == Contract.id)
                .where(ContractService.service_code == service_code)
            )
        )
    if text := folded(q, 64):
        numbers = centres.plan(session, scope.centre_id).read(text).candidates
        by_number = select(MerchantNumber.merchant_id).where(col(MerchantNumber.number).in_(numbers))
        wanted.append(
            or_(
                func.lower(col(Merchant.name)).contains(text, autoescape=True),
                func.lower(col(Merchant.address)).contains(text, autoescape=True),
                col(Merchant.id).in_(by_number),
            )
        )
    total = session.exec(select(func.count()).select_from(Merchant).where(*wanted)).one()
    found = select(Merchant).where(*wanted).order_by(col(Merchant.name), col(Merchant.id)).limit(limit).offset(offset)
    return total, list(session.exec(found))


def merchants_by_number(session: Reading | Writing, centre_id: int, number: str) -> list[Merchant]:
    """The merchants of the centre that are reached by `number` (as `NumberPlan.read` gives it): often one, several
    where one owner has several shops.
    """
    return list(session.scalars(_BY_NUMBER, {"centre_id": centre_id, "number": number}))


_BY_NUMBER = (
    select(Merchant)
    .where(
        col(Merchant.centre_id) == bindparam("centre_id"),
        col(Merchant.id).in_(
            select(col(MerchantNumber.merchant_id)).where(col(MerchantNumber.number) == bindparam("number"))
        ),
        col(Merchant.ended_at).is_(None),
    )
    .order_by(col(Merchant.id))
)


def _in_scope(session: Writing, scope: Scope, merchant: Merchant) -> bool:
    if merchant.centre_id != scope.centre_id:
        return False
    try:
        path_of(session, scope, merchant.area_id)
    except NotFound:
        return False
    return True


def check(session: Reading | Writing, scope: Scope, change: MerchantChange) -> None:
    """What only the database knows. Raises Refused with every problem."""
    plan = centres.plan(session, scope.centre_id)
    problems = [
        problem
        for place, draft in enumerate(change.numbers)
        if (problem := number_problem(plan, f"numbers.{place}.number", draft.number))
    ]
    for place, member in enumerate(change.staff):
        if member.number is not None and (problem := number_problem(plan, f"staff.{place}.number", member.number)):
            problems.append(problem)
    try:
        path_of(session, scope, change.area_id)
    except NotFound:
        problems.append(Problem("area_id", "unknown"))
    services = set(session.exec(select(Service.code).where(Service.centre_id == scope.centre_id)))
    areas = {area for draft in change.contracts for area in draft.areas}
    known = session.exec(select(Area.id).where(Area.centre_id == scope.centre_id, col(Area.id).in_(areas)))
    unknown_areas = areas.difference(known) if areas else set()
    for place, draft in enumerate(change.contracts):
        if strange := sorted(draft.services - services):
            problems.append(Problem(f"contracts.{place}.services", "unknown", {"services": ", ".join(strange)}))
        if draft.areas & unknown_areas:
            problems.append(Problem(f"contracts.{place}.areas", "unknown"))
    if problems:
        raise Refused(problems)


def _write(session: Writing, merchant: Merchant, change: MerchantChange, now: datetime) -> list[str]:
    """Everything of `change` that is not a plain column; returns the fields that changed."""
    assert merchant.id is not None
    given, changed = change.model_fields_set, []
    if "suspended_why" in given and change.suspended_why != merchant.suspended_why:
        merchant.suspended_at = None if change.suspended_why is None else merchant.suspended_at or now
        merchant.suspended_why = change.suspended_why
        merchant.suspended_until, merchant.suspended_by_rule = None, False
        changed.append("suspended")
    plan = centres.plan(session, merchant.centre_id)
    if "numbers" in given and set_numbers(session, merchant.id, change.numbers, plan):
        changed.append("numbers")
    if "staff" in given and set_staff(session, merchant.id, change.staff, plan):
        changed.append("staff")
    if "hours" in given and set_hours(session, merchant.id, change.hours):
        changed.append("hours")
    if "contracts" in given and set_contracts(session, merchant.id, change.contracts):
        changed.append("contracts")
    return changed


def _record(session: Writing, merchant: Merchant, what: str, actor: Actor, **data: Any) -> None:
    assert merchant.id is not None
    session.record(
        Entry(
            what=f"merchant.{what}",
            subject=Subject.MERCHANT,
            subject_id=merchant.id,
            actor=actor,
            centre_id=merchant.centre_id,
            area_id=merchant.area_id,
            data=data,
        )
    )
