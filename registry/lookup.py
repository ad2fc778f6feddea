"""Who is calling: everyone whose number it is, in one statement."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Select, String, bindparam, cast, literal, null, select, union_all
from sqlmodel import col

from registry.models import Contact, Line, LineKind, Merchant, MerchantKind, MerchantNumber, Resident
from registry.store import Reading, Writing

MOST = 50  # of each kind: a care home's switchboard is shared by hundreds


@dataclass(frozen=True, slots=True)
class KnownResident:
    """A resident on this line; `kind` tells a button from a telephone."""

    id: int
    area_id: int | None
    kind: LineKind


@dataclass(frozen=True, slots=True)
class KnownContact:
    """Somebody who calls about `resident_id`."""

    id: int
    resident_id: int
    area_id: int | None
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class KnownMerchant:
    id: int
    area_id: int | None
    name: str
    kind: MerchantKind


@dataclass(frozen=True, slots=True)
class Recognised:
    """Everyone whose number it is. Several residents on one line are all offered, and the operator picks."""

    number: str | None
    residents: tuple[KnownResident, ...] = ()
    contacts: tuple[KnownContact, ...] = ()
    merchants: tuple[KnownMerchant, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.residents or self.contacts or self.merchants)


_NUMBER = bindparam("number", type_=String())
_CENTRE = bindparam("centre_id", type_=Integer())
Rows = Select[*tuple[Any, ...]]

_RESIDENTS: Rows = (
    select(
        literal("resident").label("who"),
        col(Resident.id).label("id"),
        col(Resident.id).label("resident_id"),
        col(Resident.area_id).label("area_id"),
        cast(null(), String).label("name"),
        cast(col(Line.kind), String).label("detail"),
    )
    .join(Resident, col(Resident.id) == Line.resident_id)
    .where(col(Line.number) == _NUMBER, col(Line.ended_at).is_(None))
    .where(col(Resident.centre_id) == _CENTRE, col(Resident.ended_at).is_(None))
    .limit(MOST)
)
_CONTACTS: Rows = (
    select(
        literal("contact"),
        col(Contact.id),
        col(Resident.id),
        col(Resident.area_id),
        col(Contact.name),
        col(Contact.relation),
    )
    .join(Resident, col(Resident.id) == Contact.resident_id)
    .where(col(Contact.number) == _NUMBER, col(Contact.rank).is_not(None))
    .where(col(Resident.centre_id) == _CENTRE, col(Resident.ended_at).is_(None))
    .limit(MOST)
)
_MERCHANTS: Rows = (
    select(
        literal("merchant"),
        col(Merchant.id),
        cast(null(), Integer),
        col(Merchant.area_id),
        col(Merchant.name),
        cast(col(Merchant.kind), String),
    )
    .join(MerchantNumber, col(MerchantNumber.merchant_id) == Merchant.id)
    .where(col(MerchantNumber.number) == _NUMBER)
    .where(col(Merchant.centre_id) == _CENTRE, col(Merchant.ended_at).is_(None))
    .distinct()
    .limit(MOST)
)
_EVERYONE = union_all(*(select(part.subquery()) for part in (_RESIDENTS, _CONTACTS, _MERCHANTS)))


def who_calls(session: Reading | Writing, centre_id: int, number: str | None) -> Recognised:
    """Everyone of the centre whose living line, contact's number or merchant's number `number` is.

    `number` is as `NumberPlan.read` gives it; None and unknown ones are recognised as nobody. One statement along
    three indexes, whatever the number of lines.
    """
    if not number:
        return Recognised(None)
    residents: dict[int, KnownResident] = {}
    contacts, merchants = [], []
    rows = session.execute(_EVERYONE, {"number": number, "centre_id": centre_id})
    for who, row_id, resident_id, area_id, name, detail in rows:
        if who == "resident":
            residents[row_id] = KnownResident(row_id, area_id, LineKind(detail))
        elif who == "contact":
            contacts.append(KnownContact(row_id, resident_id, area_id, name, detail))
        else:
            merchants.append(KnownMerchant(row_id, area_id, name, MerchantKind(detail)))
    return Recognised(
        number,
        tuple(sorted(residents.values(), key=lambda one: one.id)),
        tuple(sorted(contacts, key=lambda one: one.id)),
        tuple(sorted(merchants, key=lambda one: one.id)),
    )
