"""What is told about a resident: the few facts of a board's line, and the whole card."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col
from sqlmodel import select as rows_of

from registry import among, centres
from registry.address import Address
from registry.consent import HEALTH
from registry.errors import NotFound
from registry.models import (
    AccessLog,
    Area,
    Contact,
    Gender,
    Group,
    Hearing,
    Left,
    Line,
    LineKind,
    Merchant,
    MerchantKind,
    Resident,
    ResidentGroup,
    Sight,
    UsualMerchant,
)
from registry.store import Reading, Scope, Writing
from registry.vault import Vault

_LEFT = frozenset(Left)
GRAND = 60  # years: from here on a resident is addressed as a grandparent


@dataclass(frozen=True, slots=True)
class ResidentSummary:
    """One resident on a board: who, and what to know before saying hello."""

    id: int
    area_id: int | None
    name: str
    called: str | None
    gender: Gender | None
    age: int | None
    address: Address
    groups: tuple[Group, ...]
    hearing: Hearing
    sight: Sight
    care_level: int
    left: Left | None  # she has died or moved away
    version: int

    def addressed(self, language: str = "zh") -> str:
        """How she is spoken to: her own wish, else 王秀英奶奶, from 60 on, or 王秀英女士; in English Ms and Mr."""
        if self.called:
            return self.called
        if self.gender is None:
            return self.name
        female = self.gender is Gender.FEMALE
        if language != "zh":
            return f"{'Ms' if female else 'Mr'} {self.name}"
        if self.age is not None and self.age >= GRAND:
            return self.name + ("奶奶" if female else "爷爷")
        return self.name + ("女士" if female else "先生")


@dataclass(frozen=True, slots=True)
class LineFacts:
    id: int
    number: str
    kind: LineKind
    device_id: str | None
    ended_at: datetime | None = None  # it was hers until then


@dataclass(frozen=True, slots=True)
class ContactFacts:
    id: int
    rank: int
    name: str
    relation: str
    number: str
    has_key: bool
    note: str


@dataclass(frozen=True, slots=True)
class UsualFacts:
    kind: MerchantKind
    merchant_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentCard:
    """Everything an operator sees of a resident. Of her health is None what is not noted or whose key was deleted."""

    summary: ResidentSummary
    born: date | None
    entrance_note: str
    lift: bool | None
    lock: str
    dog: str
    latitude: float | None
    longitude: float | None
    position_source: str | None
    position_at: datetime | None
    language: str
    dialect: str | None
    health_note: str | None
    medicines: str | None
    allergies: str | None
    consented_on: date | None
    consented_by: str
    visited_on: date | None
    visited_by: str
    registered_at: datetime
    has_identity_number: bool
    ended_at: datetime | None
    ended_why: str | None
    lines: tuple[LineFacts, ...]
    past_lines: tuple[LineFacts, ...]  # given up, the last one first
    contacts: tuple[ContactFacts, ...]
    usual_merchants: tuple[UsualFacts, ...]


def age(born: date | None, on: date) -> int | None:
    """Full years; somebody born on 29 February has her birthday on 1 March in other years."""
    return None if born is None else on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def summaries(
    session: Reading | Writing, scope: Scope, resident_ids: Iterable[int], now: datetime
) -> dict[int, ResidentSummary]:
    """The residents of those ids that the scope covers; two statements however many there are."""
    ids = list(dict.fromkeys(resident_ids))
    if not ids:
        return {}
    # By key alone, and the scope looked at here: without statistics SQLite would rather read all of the centre.
    rows = [
        row
        for row in session.rows(_SUMMARIES, ids=among.ids(ids))
        if row.centre_id == scope.centre_id and scope.sees(row.path)
    ]
    groups: dict[int, list[Group]] = {}
    for resident_id, group in session.rows(_GROUPS, ids=among.ids(ids)):
        groups.setdefault(resident_id, []).append(group)
    today = centres.today(session, scope.centre_id, now)
    return {row.id: _summary(row, groups.get(row.id, []), today) for row in rows}


def summary(session: Reading | Writing, scope: Scope, resident_id: int, now: datetime) -> ResidentSummary:
    """Raises NotFound outside the scope."""
    found = summaries(session, scope, [resident_id], now).get(resident_id)
    if found is None:
        raise NotFound(subject="resident", id=resident_id)
    return found


def card(
    session: Writing,
    scope: Scope,
    resident_id: int,
    *,
    vault: Vault,
    operator_id: int | None,
    call_id: int | None = None,
    case_id: int | None = None,
) -> ResidentCard:
    """The whole card, her health opened; the opening is in the access log when the transaction commits.

    Raises NotFound outside the scope. Whoever's telephone is offered a call may see that caller's card: give the
    scope of the whole centre then.
    """
    now = session.clock.now()
    resident = session.exec(rows_of(Resident).where(Resident.id == resident_id, scope.covers(Resident))).one_or_none()
    if resident is None:
        raise NotFound(subject="resident", id=resident_id)
    health = {name: vault.open(session, resident_id, name, getattr(resident, name)) for name in HEALTH}
    lines = _lines(session, resident_id)
    opened = ["card", *(name for name, text in health.items() if text is not None)]
    session.add_all(
        AccessLog(
            at=now,
            centre_id=scope.centre_id,
            operator_id=operator_id,
            resident_id=resident_id,
            what=what,
            call_id=call_id,
            case_id=case_id,
        )
        for what in opened
    )
    return ResidentCard(
        summary=summary(session, scope, resident_id, now),
        born=resident.born,
        entrance_note=resident.entrance_note,
        lift=resident.lift,
        lock=resident.lock,
        dog=resident.dog,
        latitude=resident.latitude,
        longitude=resident.longitude,
        position_source=resident.position_source,
        position_at=resident.position_at,
        language=resident.language,
        dialect=resident.dialect,
        **health,
        consented_on=resident.consented_on,
        consented_by=resident.consented_by,
        visited_on=resident.visited_on,
        visited_by=resident.visited_by,
        registered_at=resident.created_at,
        has_identity_number=resident.identity_number is not None,
        ended_at=resident.ended_at,
        ended_why=resident.ended_why,
        lines=tuple(line for line in lines if line.ended_at is None),
        past_lines=_given_up(lines),
        contacts=_contacts(session, resident_id),
        usual_merchants=_usual_merchants(session, resident_id),
    )


_SUMMARIES: Select[*tuple[Any, ...]] = (
    select(
        col(Resident.id),
        col(Resident.centre_id),
        col(Resident.area_id),
        col(Area.path),
        col(Resident.name),
        col(Resident.called),
        col(Resident.gender),
        col(Resident.born),
        col(Resident.community),
        col(Resident.building),
        col(Resident.unit),
        col(Resident.door),
        col(Resident.hearing),
        col(Resident.sight),
        col(Resident.care_level),
        col(Resident.ended_why),
        col(Resident.version),
    )
    .outerjoin(Area, col(Area.id) == Resident.area_id)
    .where(among.among(col(Resident.id), "ids"))
)
_GROUPS = select(col(ResidentGroup.resident_id), col(ResidentGroup.group)).where(
    among.among(col(ResidentGroup.resident_id), "ids")
)


def _summary(row: Any, groups: list[Group], today: date) -> ResidentSummary:
    return ResidentSummary(
        id=row.id,
        area_id=row.area_id,
        name=row.name,
        called=row.called,
        gender=row.gender,
        age=age(row.born, today),
        address=Address(row.community, row.building, row.unit, row.door),
        groups=tuple(group for group in Group if group in groups),
        hearing=row.hearing,
        sight=row.sight,
        care_level=row.care_level,
        left=Left(row.ended_why) if row.ended_why in _LEFT else None,
        version=row.version,
    )


def _lines(session: Writing, resident_id: int) -> tuple[LineFacts, ...]:
    hers = rows_of(Line).where(Line.resident_id == resident_id).order_by(col(Line.id))
    return tuple(
        LineFacts(line.id or 0, line.number, line.kind, line.device_id, line.ended_at) for line in session.exec(hers)
    )


def _given_up(lines: Iterable[LineFacts]) -> tuple[LineFacts, ...]:
    ended = ((line.ended_at, line) for line in lines if line.ended_at is not None)
    return tuple(line for _, line in sorted(ended, key=lambda each: (each[0], each[1].id), reverse=True))


def _contacts(session: Writing, resident_id: int) -> tuple[ContactFacts, ...]:
    ranked = rows_of(Contact).where(Contact.resident_id == resident_id, col(Contact.rank).is_not(None))
    return tuple(
        ContactFacts(one.id or 0, one.rank or 0, one.name, one.relation, one.number, one.has_key, one.note)
        for one in session.exec(ranked.order_by(col(Contact.rank)))
    )


def _usual_merchants(session: Writing, resident_id: int) -> tuple[UsualFacts, ...]:
    named = (
        rows_of(UsualMerchant.kind, Merchant.id, Merchant.name)
        .join(Merchant, col(Merchant.id) == UsualMerchant.merchant_id)
        .where(UsualMerchant.resident_id == resident_id, col(Merchant.ended_at).is_(None))
        .order_by(col(UsualMerchant.kind))
    )
    return tuple(
        UsualFacts(MerchantKind(kind), merchant_id or 0, name) for kind, merchant_id, name in session.exec(named)
    )
