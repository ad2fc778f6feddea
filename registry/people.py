"""Residents, written: registered, changed, their lines remembered. Reading them is `registry.cards`.

Everything that a person can be found by is indexed in the same transaction, and the journal learns which fields
changed, never what they hold.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from registry import before, centres, consent, search
from registry.areas import path_of
from registry.drafts import ResidentChange, ResidentDraft, number_problem
from registry.errors import InUse, NotFound, Problem, Refused, StaleVersion
from registry.models import (
    Contact,
    DataKey,
    Line,
    LineKind,
    Merchant,
    Resident,
    ResidentBefore,
    ResidentGroup,
    UsualMerchant,
)
from registry.newcomers import COLUMNS, SEALED, came_with, newcomer, register
from registry.store import Actor, Entry, Reading, Scope, Subject, Writing
from registry.ties import kind_of, living_line, set_contacts, set_groups, set_lines, set_usual_merchants
from registry.vault import Vault

OLDEST = 130  # years
_PAST_DAYS = ("born", "consented_on", "visited_on")

# What the journal says of her record: each has words on the screen of her history.
Happened = Literal[
    "created", "changed", "confirmed", "ended", "came_back", "merged", "kept_apart", "withdrawn", "deleted"
]


def create_resident(
    session: Writing,
    scope: Scope,
    draft: ResidentDraft,
    *,
    actor: Actor,
    vault: Vault,
    import_id: int | None = None,
) -> Resident:
    """Registers a resident; the journal names the import that she came with. Raises Refused with every problem."""
    health = {name: getattr(draft, name) for name in consent.HEALTH}
    check(session, scope, draft, session.clock.now(), consent.lacking(health, draft.consented_on))
    new = newcomer(draft, centres.plan(session, scope.centre_id))
    (resident_id,) = register(session, scope, [new], actor=actor, vault=vault, import_id=import_id)
    resident = session.get(Resident, resident_id)
    assert resident is not None
    return resident


def change_resident(
    session: Writing,
    scope: Scope,
    resident_id: int,
    change: ResidentChange,
    *,
    seen_version: int,
    actor: Actor,
    vault: Vault,
    import_id: int | None = None,
    putting_back: bool = False,
) -> Resident:
    """Changes what is set in `change`; one that changes nothing leaves no trace. Consent that is withdrawn takes what
    is noted of her health with it, unless this puts back what was before consent was entered by mistake.

    Raises NotFound outside the scope, StaleVersion when somebody else changed her since, Refused.
    """
    now = session.clock.now()
    resident = held(session, scope, resident_id, seen_version)
    check(session, scope, change, now, () if putting_back else _without_consent(session, resident, change, vault))
    were = before.held_by(session, resident, before.touched_by(change), vault)
    changed = [
        field
        for field in COLUMNS
        if field in change.model_fields_set and getattr(resident, field) != getattr(change, field)
    ]
    for field in changed:
        setattr(resident, field, getattr(change, field))
    moved = not {"community", "building"}.isdisjoint(changed)
    changed += _write(session, resident, change, vault, now, moved=moved)
    withdrawn = "consented_on" in changed and resident.consented_on is None and not putting_back
    changed += consent.withdraw(session, resident) if withdrawn else []
    if changed:
        left = {name: were[name] for name in changed if name in were}
        before.keep(session, resident, left, vault, sensitive=not withdrawn)
        _changed(session, resident, actor, now, changed, import_id)
    return resident


def withdraw_resident(
    session: Writing, scope: Scope, resident_id: int, *, seen_version: int, actor: Actor, import_id: int
) -> None:
    """Takes away a resident whom that import has brought and nobody has used: no call, no case, no care plan.

    Raises NotFound outside the scope, StaleVersion when somebody changed her since, InUse.
    """
    resident = held(session, scope, resident_id, seen_version)
    mine = (Line, Contact, ResidentGroup, UsualMerchant, DataKey, ResidentBefore)
    try:
        with session.begin_nested():
            search.forget(session, resident_id)
            for table in mine:
                session.execute(delete(table).where(col(table.resident_id) == resident_id))
            session.delete(resident)
    except IntegrityError as error:
        raise InUse(subject="resident", id=resident_id) from error
    note(session, resident, "withdrawn", actor, **came_with(import_id))


def remember_line(
    session: Writing,
    scope: Scope,
    resident_id: int,
    number: str,
    *,
    actor: Actor,
    kind: LineKind | None = None,
) -> tuple[Line, bool]:
    """The resident's line with that number in any spelling, and whether it is new; done twice, it is done once.

    Raises NotFound outside the scope, Refused when the number cannot be read.
    """
    resident = _in_scope(session, scope, resident_id)
    plan = centres.plan(session, scope.centre_id)
    heard = plan.read(number)
    if heard.number is None:
        raise Refused([Problem("number", "no_number")])
    line = session.exec(
        select(Line).where(Line.resident_id == resident_id, Line.number == heard.number)
    ).one_or_none()
    if line is not None and line.ended_at is None:
        return line, False
    now = session.clock.now()
    line = living_line(session, resident_id, line, heard.number, kind or kind_of(heard.number, plan), now)
    _changed(session, resident, actor, now, ["lines"])
    return line, True


def held(session: Writing, scope: Scope, resident_id: int, seen_version: int) -> Resident:
    """The row as it was seen. Raises NotFound outside the scope, StaleVersion when somebody changed her since."""
    resident = _in_scope(session, scope, resident_id)
    if resident.version != seen_version:
        raise StaleVersion(subject="resident", now=resident.version, seen=seen_version)
    return resident


def _in_scope(session: Writing, scope: Scope, resident_id: int) -> Resident:
    """The row, held until the transaction ends. Raises NotFound outside the scope."""
    resident = session.lock(Resident, resident_id)
    if resident is None or resident.centre_id != scope.centre_id:
        raise NotFound(subject="resident", id=resident_id)
    try:
        path_of(session, scope, resident.area_id)
    except NotFound:
        raise NotFound(subject="resident", id=resident_id) from None
    return resident


def _changed(
    session: Writing,
    resident: Resident,
    actor: Actor,
    now: datetime,
    fields: list[str],
    import_id: int | None = None,
) -> None:
    resident.version += 1
    resident.updated_at = now
    search.index(session, resident)
    facts = {"fields": sorted(fields), "version": resident.version} | came_with(import_id)
    note(session, resident, "changed", actor, **facts)


def note(session: Writing, resident: Resident, what: Happened, actor: Actor, **data: Any) -> None:
    """The journal's entry about her."""
    assert resident.id is not None
    session.record(
        Entry(
            what=f"resident.{what}",
            subject=Subject.RESIDENT,
            subject_id=resident.id,
            actor=actor,
            centre_id=resident.centre_id,
            area_id=resident.area_id,
            data=data,
        )
    )


def check(
    session: Reading | Writing, scope: Scope, change: ResidentChange, now: datetime, known: Iterable[Problem] = ()
) -> None:
    """What only the database and the clock know. Raises Refused with every problem, those `known` already too."""
    problems = list(known)
    plan = centres.plan(session, scope.centre_id)
    numbers = [(f"lines.{place}.number", draft.number) for place, draft in enumerate(change.lines)]
    numbers += [(f"contacts.{place}.number", draft.number) for place, draft in enumerate(change.contacts)]
    problems += [problem for field, number in numbers if (problem := number_problem(plan, field, number))]
    days = {name: day for name in _PAST_DAYS if (day := getattr(change, name)) is not None}
    if days:
        today = centres.today(session, scope.centre_id, now)
        first = date(today.year - OLDEST, 1, 1)
        problems += (Problem(name, "out_of_range") for name, day in days.items() if not first <= day <= today)
    try:
        path_of(session, scope, change.area_id)
    except NotFound:
        problems.append(Problem("area_id", "unknown"))
    for kind, merchant_id in change.usual_merchants.items():
        merchant = session.get(Merchant, merchant_id)
        if merchant is None or merchant.centre_id != scope.centre_id or merchant.kind is not kind:
            problems.append(Problem(f"usual_merchants.{kind}", "unknown"))
    if problems:
        raise Refused(problems)


def _write(
    session: Writing, resident: Resident, change: ResidentChange, vault: Vault, now: datetime, *, moved: bool = False
) -> list[str]:
    """Everything of `change` that is not a plain column; returns the fields that changed."""
    assert resident.id is not None
    plan = centres.plan(session, resident.centre_id)
    given, changed = change.model_fields_set, []
    if _write_position(session, resident, change, now, moved):
        changed.append("position")
    for field in SEALED:
        if field in given and _write_sealed(session, resident, field, getattr(change, field) or "", vault):
            changed.append(field)
    if "lines" in given and set_lines(session, resident.id, change.lines, plan, now):
        changed.append("lines")
    if "contacts" in given and set_contacts(session, resident.id, change.contacts, plan):
        changed.append("contacts")
    if "groups" in given and set_groups(session, resident.id, change.groups):
        changed.append("groups")
    if "usual_merchants" in given and set_usual_merchants(session, resident.id, change.usual_merchants):
        changed.append("usual_merchants")
    return changed


def _without_consent(session: Writing, resident: Resident, change: ResidentChange, vault: Vault) -> list[Problem]:
    health = {name: text for name in consent.HEALTH if (text := getattr(change, name))}
    if not health:
        return []
    given = "consented_on" in change.model_fields_set
    consented_on = change.consented_on if given else resident.consented_on
    withdrawn = given and consented_on is None and resident.consented_on is not None
    stands = {} if withdrawn else health
    before = {name: vault.open(session, resident.id or 0, name, getattr(resident, name)) for name in stands}
    return consent.lacking(health, consented_on, before)


def _write_sealed(session: Writing, resident: Resident, field: str, text: str, vault: Vault) -> bool:
    assert resident.id is not None
    before = vault.open(session, resident.id, field, getattr(resident, field))
    if (before or "") == text:
        return False
    setattr(resident, field, vault.seal(session, resident.id, field, text) if text else None)
    if field == "identity_number":
        resident.identity_hash = vault.identity_hash(session, resident.id, text) if text else None
    return True


def _write_position(session: Writing, resident: Resident, change: ResidentChange, now: datetime, moved: bool) -> bool:
    """The position given; where none is known of this house, that of a neighbour in the same building."""
    before = resident.latitude, resident.longitude, resident.position_source
    latitude, longitude, source = before
    if change.latitude is not None:
        latitude, longitude, source = change.latitude, change.longitude, "operator"
    elif moved or latitude is None or "latitude" in change.model_fields_set:
        latitude, longitude = _neighbour(session, resident)
        source = None if latitude is None else "neighbour"
    if (latitude, longitude, source) == before:
        return False
    resident.latitude, resident.longitude, resident.position_source = latitude, longitude, source
    resident.position_at = None if latitude is None else now
    return True


def _neighbour(session: Writing, resident: Resident) -> tuple[float | None, float | None]:
    if not resident.community or not resident.building:
        return None, None
    found = session.exec(
        select(Resident.latitude, Resident.longitude)
        .where(
            Resident.centre_id == resident.centre_id,
            Resident.community == resident.community,
            Resident.building == resident.building,
            Resident.id != resident.id,
            col(Resident.latitude).is_not(None),
        )
        .limit(1)
    ).first()
    return found or (None, None)
