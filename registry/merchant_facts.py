"""Merchants as a decision sees them, read together: two statements whatever their number."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, time
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, case, cast, func, select
from sqlmodel import col

from registry.absences import Absence
from registry.among import among, ids
from registry.hours import Span
from registry.matching import CandidateFacts, ContractFacts
from registry.models import (
    Channel,
    Contract,
    ContractArea,
    ContractService,
    Merchant,
    MerchantNumber,
    OpeningHours,
    StaffMember,
)
from registry.store import Reading, Writing

Rows = Select[*tuple[Any, ...]]


def _each_as_text(*columns: Any, between: str) -> ColumnElement[str]:
    """Rows as one text: a row's columns with a space between them."""
    first, *others = (cast(column, String) for column in columns)
    return func.aggregate_strings(sum((" " + each for each in others), first), between)


def facts_of(
    session: Reading | Writing, merchant_ids: Iterable[int], load: Mapping[int, int] | None = None
) -> list[CandidateFacts]:
    """These merchants as they stand now; `load` is how many accepted jobs each has under way."""
    session.flush()
    database, jobs = session.connection(), load or {}
    these = {"ids": ids(sorted(merchant_ids))}
    contracts: dict[int, list[ContractFacts]] = {}
    for merchant_id, *when_and_how_far, services, areas, fee, conditions in database.execute(_CONTRACTS, these).all():
        covers = (_words(services or ""), _area_ids(areas or ""))
        facts = ContractFacts._make((*when_and_how_far, *covers, fee, conditions))
        contracts.setdefault(merchant_id, []).append(facts)
    rows = database.execute(_MERCHANTS, these).all()
    return [
        CandidateFacts._make(
            (
                *row,
                jobs.get(row[0], 0),
                _numbers(numbers or ""),
                _week(week or ""),
                tuple(contracts.get(row[0], ())),
                version,
                _lines(special_hours),
                _lines(capacity_plan),
                _absences(staff or ""),
            )
        )
        for *row, numbers, week, version, special_hours, capacity_plan, staff in rows
    ]


_THERE = "-"  # of somebody who is not away
_NUMBERS = (
    select(
        _each_as_text(col(MerchantNumber.rank), col(MerchantNumber.channel), col(MerchantNumber.number), between="\n")
    )
    .where(col(MerchantNumber.merchant_id) == Merchant.id, col(MerchantNumber.wrong_since).is_(None))
    .correlate(Merchant)
)
_WEEK = (  # as one text, and most merchants share theirs with others
    select(_each_as_text(col(OpeningHours.weekday), col(OpeningHours.opens), col(OpeningHours.closes), between=","))
    .where(col(OpeningHours.merchant_id) == Merchant.id)
    .correlate(Merchant)
)
_STAFF = (
    select(
        func.aggregate_strings(
            case(
                (
                    col(StaffMember.away),
                    func.coalesce(cast(col(StaffMember.away_first), String), "")
                    + "/"
                    + func.coalesce(cast(col(StaffMember.away_last), String), ""),
                ),
                else_=_THERE,
            ),
            " ",
        )
    )
    .where(col(StaffMember.merchant_id) == Merchant.id)
    .correlate(Merchant)
)
_MERCHANTS: Rows = select(  # in the order of CandidateFacts, but for what has to be read from a text
    col(Merchant.id),
    col(Merchant.kind),
    col(Merchant.name),
    col(Merchant.address),
    col(Merchant.area_id),
    col(Merchant.latitude),
    col(Merchant.longitude),
    col(Merchant.licence_expires),
    col(Merchant.capacity),
    col(Merchant.suspended_at).is_not(None),
    func.coalesce(col(Merchant.suspended_why), ""),
    col(Merchant.suspended_until),
    col(Merchant.first_channel),
    _NUMBERS.scalar_subquery(),
    _WEEK.scalar_subquery(),
    col(Merchant.version),
    cast(col(Merchant.special_hours), String),
    cast(col(Merchant.capacity_plan), String),
    _STAFF.scalar_subquery(),
).where(among(col(Merchant.id), "ids"))
_CONTRACTS = select(
    col(Contract.merchant_id),
    col(Contract.valid_from),
    col(Contract.valid_until),
    col(Contract.radius),
    select(func.aggregate_strings(col(ContractService.service_code), " "))
    .where(col(ContractService.contract_id) == Contract.id)
    .correlate(Contract)
    .scalar_subquery(),
    select(func.aggregate_strings(cast(col(ContractArea.area_id), String), " "))
    .where(col(ContractArea.contract_id) == Contract.id)
    .correlate(Contract)
    .scalar_subquery(),
    col(Contract.fee),
    col(Contract.conditions),
).where(among(col(Contract.merchant_id), "ids"))


def _numbers(text: str) -> dict[Channel, str]:
    """The first of each channel."""
    found: dict[Channel, str] = {}
    ranked = (line.split(" ", 2) for line in text.splitlines())
    for _, channel, number in sorted(ranked, key=lambda one: (int(one[0]), one[1])):
        found.setdefault(Channel(channel), number)
    return found


@lru_cache(maxsize=4096)
def _week(text: str) -> tuple[Span, ...]:
    spans = []
    for part in text.split(",") if text else ():
        weekday, opens, closes = part.split(" ")
        spans.append(Span.of(int(weekday), time.fromisoformat(opens), time.fromisoformat(closes)))
    return tuple(sorted(spans))


@lru_cache(maxsize=4096)
def _lines(text: str) -> tuple[str, ...]:
    """A plan; as JSON of the database's own it would be read anew for each merchant."""
    return tuple(json.loads(text))


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@lru_cache(maxsize=4096)
def _area_ids(text: str) -> frozenset[int]:
    return frozenset(map(int, text.split()))


@lru_cache(maxsize=4096)
def _absences(text: str) -> tuple[Absence | None, ...]:
    found = []
    for part in sorted(text.split()):
        days = [date.fromisoformat(day) if day else None for day in part.split("/")] if part != _THERE else None
        found.append(Absence(*days) if days is not None else None)
    return tuple(found)
