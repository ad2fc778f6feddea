"""Whom an export is about: what residents and merchants are filtered by. Everything that is said has to hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlmodel import col, select

from registry.due_visits import is_due
from registry.home_visits import HomeVisitDays
from registry.models import (
    Contact,
    Contract,
    Group,
    Hearing,
    Line,
    Merchant,
    MerchantKind,
    Resident,
    ResidentGroup,
    Sight,
    UsualMerchant,
)


class Lack(StrEnum):
    """What a resident may be without."""

    CONSENT = "consent"
    NUMBER = "number"  # a telephone or a button
    CONTACT = "contact"
    KEY = "key"  # a contact who has it


@dataclass(frozen=True, slots=True)
class ResidentsWanted:
    """Any of `groups`, and without each of what is lacking; days are the centre's, both ages are included.

    Of whom no birthday is known has no age, and is not among those chosen by it.
    """

    groups: tuple[Group, ...] = ()
    care_level: int = 0  # or higher
    consented: bool = False
    without: tuple[Lack, ...] = ()
    without_usual: tuple[MerchantKind, ...] = ()
    not_visited_since: date | None = None
    visit_due: HomeVisitDays | None = None  # by this rule
    age_from: int | None = None
    age_to: int | None = None
    hearing: Hearing | None = None
    sight: Sight | None = None
    speaks: str | None = None
    dialect: str | None = None
    community: str | None = None
    building: str | None = None
    changed_since: datetime | None = None

    def who(self, today: date, zone: ZoneInfo) -> ColumnElement[bool]:
        """On that day of the centre's zone."""
        return and_(true(), *self._conditions(today, zone))

    def _conditions(self, today: date, zone: ZoneInfo) -> Iterator[ColumnElement[bool]]:
        yield col(Resident.care_level) >= self.care_level
        if self.groups:
            of_them = select(ResidentGroup.resident_id).where(col(ResidentGroup.group).in_(self.groups))
            yield col(Resident.id).in_(of_them)
        if self.consented:
            yield col(Resident.consented_on).is_not(None)
        yield from (_without(lack) for lack in self.without)
        yield from (_without_usual(kind) for kind in self.without_usual)
        if self.not_visited_since is not None:
            visited = col(Resident.visited_on)
            yield or_(visited.is_(None), visited < self.not_visited_since)
        if self.visit_due is not None:
            yield is_due(self.visit_due, today, zone)
        if self.age_from is not None:
            yield col(Resident.born) <= _years_before(today, self.age_from)
        if self.age_to is not None:
            yield col(Resident.born) > _years_before(today, self.age_to + 1)
        for column, said in (
            (Resident.hearing, self.hearing),
            (Resident.sight, self.sight),
            (Resident.language, self.speaks),
            (Resident.dialect, self.dialect),
            (Resident.community, self.community),
            (Resident.building, self.building),
        ):
            if said is not None:
                yield col(column) == said
        if self.changed_since is not None:
            yield col(Resident.updated_at) >= self.changed_since


def _without(lack: Lack) -> ColumnElement[bool]:
    contacts = (col(Contact.resident_id) == col(Resident.id)) & col(Contact.rank).is_not(None)
    match lack:
        case Lack.CONSENT:
            return col(Resident.consented_on).is_(None)
        case Lack.NUMBER:
            return ~exists().where(col(Line.resident_id) == col(Resident.id), col(Line.ended_at).is_(None))
        case Lack.CONTACT:
            return ~exists().where(contacts)
        case Lack.KEY:
            return ~exists().where(contacts, col(Contact.has_key))


def _without_usual(kind: MerchantKind) -> ColumnElement[bool]:
    usual = col(UsualMerchant.resident_id) == col(Resident.id)
    return ~exists().where(usual, col(UsualMerchant.kind) == kind.value)


def _years_before(day: date, years: int) -> date:
    """Whoever was born on it or earlier is that many years old; 28 February stands for a 29th that is not."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


@dataclass(frozen=True, slots=True)
class MerchantsWanted:
    """Any of the kinds (none: of whatever kind); what ends before a day ends on an earlier one."""

    kinds: tuple[MerchantKind, ...] = ()
    licence_before: date | None = None
    contract_before: date | None = None  # its last one

    def who(self) -> ColumnElement[bool]:
        return and_(true(), *self._conditions())

    def _conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.kinds:
            yield col(Merchant.kind).in_(self.kinds)
        if self.licence_before is not None:
            yield col(Merchant.licence_expires) < self.licence_before
        if self.contract_before is not None:
            its = col(Contract.merchant_id) == col(Merchant.id)
            yield exists().where(its)
            yield ~exists().where(its, col(Contract.valid_until) >= self.contract_before)
