"""Gathers what a match is decided from: the need's own facts, and the merchants that may come into question.

A handful of statements whatever the number of merchants. Merchants are looked for in the whole centre, not only in
the operator's branch of it: who may come is a matter of the contract.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Select,
    String,
    bindparam,
    cast,
    exists,
    func,
    select,
    union,
)
from sqlmodel import col

from registry.among import among, ids
from registry.areas import lineage
from registry.centres import centre, days_off
from registry.errors import NotFound
from registry.geo import Box, distance
from registry.hours import Span
from registry.matching import CandidateFacts, ContractFacts, Need
from registry.models import (
    Area,
    Channel,
    Contract,
    ContractArea,
    ContractService,
    Merchant,
    MerchantKind,
    MerchantNumber,
    OpeningHours,
    Resident,
    Service,
    UsualMerchant,
)
from registry.special_hours import goes_by_calendar
from registry.store import Reading, Scope, Writing

Rows = Select[*tuple[Any, ...]]

FARTHER = 50  # merchants that are told to be too far: each costs as much as one who can come


def need_for(
    session: Reading | Writing,
    scope: Scope,
    service: Service,
    at: datetime,
    *,
    resident_id: int | None = None,
    elsewhere: bool = False,
    latitude: float | None = None,
    longitude: float | None = None,
    declined: frozenset[int] = frozenset(),
    load: Mapping[int, int] | None = None,
) -> Need:
    """The need for `service` at the instant `at`, at the resident's home or, `elsewhere`, at the position given.

    Raises NotFound when the resident is outside the scope.
    """
    area_path, usual = None, frozenset[int]()
    kinds = tuple(MerchantKind(kind) for kind in service.merchant_kinds)
    if resident_id is not None:
        row = session.rows(_HOME, resident_id=resident_id).one_or_none()
        if row is None or row.centre_id != scope.centre_id or not scope.sees(row.path):
            raise NotFound(subject="resident", id=resident_id)
        area_path = row.path
        if not elsewhere and latitude is None:
            latitude, longitude = row.latitude, row.longitude
        usual = frozenset(session.rows(_USUAL, resident_id=resident_id, kinds=kinds).scalars())
    return Need(
        service_code=service.code,
        merchant_kinds=kinds,
        at=at,
        time_zone=centre(session, scope.centre_id).time_zone,
        latitude=latitude,
        longitude=longitude,
        areas=lineage(area_path),
        usual=usual,
        declined=declined,
        load=dict(load or {}),
    )


def gather(session: Reading | Writing, scope: Scope, need: Need) -> list[CandidateFacts]:
    """The merchants of the kinds that serve the need and may be near enough, and the nearest of the others.

    That is: those within the largest radius that any of them is contracted for, those whose contract names the
    place's area or no place at all, those without a position, and beyond that radius, up to twice as far, the nearest
    ones, so that they can be told why not.
    """
    session.flush()
    return facts_of(session, _in_question(session.connection(), scope, need), need.load)


def with_calendar(session: Reading | Writing, scope: Scope, need: Need, merchants: Iterable[CandidateFacts]) -> Need:
    """The need with the centre's calendar, where one of the merchants goes by it."""
    if not any(goes_by_calendar(each.special_hours) for each in merchants):
        return need
    return replace(need, days_off=days_off(session, scope.centre_id))


def facts_of(
    session: Reading | Writing, merchant_ids: Iterable[int], load: Mapping[int, int] | None = None
) -> list[CandidateFacts]:
    """These merchants as they stand now; `load` is how many accepted jobs each has under way."""
    session.flush()
    database, jobs = session.connection(), load or {}
    these = {"ids": ids(sorted(merchant_ids))}
    contracts: dict[int, list[ContractFacts]] = {}
    for merchant_id, valid_from, valid_until, radius, services, areas in database.execute(_CONTRACTS, these).all():
        facts = ContractFacts(valid_from, valid_until, radius, _words(services or ""), _area_ids(areas or ""))
        contracts.setdefault(merchant_id, []).append(facts)
    numbers: dict[int, dict[Channel, str]] = {}
    for merchant_id, channel, number in database.execute(_NUMBERS, these).all():
        numbers.setdefault(merchant_id, {}).setdefault(channel, number)
    weeks = {row[0]: row[1] for row in database.execute(_WEEKS, these).all()}
    return [
        CandidateFacts._make(
            (
                *row[:_COUNTED],
                jobs.get(row[0], 0),
                numbers.get(row[0], {}),
                _week(weeks.get(row[0], "")),
                tuple(contracts.get(row[0], ())),
                row[_COUNTED],
                *map(_lines, row[_COUNTED + 1 :]),
            )
        )
        for row in database.execute(_MERCHANTS, these).all()
    ]


def _in_question(database: Connection, scope: Scope, need: Need) -> list[int]:
    """The ids of the merchants to look at."""
    of_kind = {"centre_id": scope.centre_id, "kinds": need.merchant_kinds, "areas": need.areas}
    reached = set(database.execute(_NAMED_OR_NOWHERE, of_kind).scalars())
    if need.latitude is None or need.longitude is None:
        here = need.areas[-1] if need.areas else None
        return sorted(reached.union(database.execute(_OF_AREA, of_kind | {"area_id": here}).scalars()))
    largest = database.execute(_LARGEST_RADIUS, of_kind).scalar() or 0
    box = Box.around(need.latitude, need.longitude, 2 * largest)
    around = sorted(
        (distance(need.latitude, need.longitude, latitude, longitude), merchant_id)
        for merchant_id, latitude, longitude in database.execute(_IN_BOX, of_kind | asdict(box)).all()
    )
    within = [merchant_id for metres, merchant_id in around if metres <= largest]
    beyond = [merchant_id for metres, merchant_id in around if largest < metres <= 2 * largest]
    return sorted(reached.union(within, beyond[:FARTHER]))


# The statements are built once: building them takes longer than running them.

_HOME: Rows = (
    select(col(Resident.centre_id), col(Resident.latitude), col(Resident.longitude), col(Area.path))
    .outerjoin(Area, col(Area.id) == Resident.area_id)
    .where(col(Resident.id) == bindparam("resident_id"))
)
_USUAL = select(col(UsualMerchant.merchant_id)).where(
    col(UsualMerchant.resident_id) == bindparam("resident_id"),
    col(UsualMerchant.kind).in_(bindparam("kinds", expanding=True)),
)
_OF_KIND = (
    col(Merchant.centre_id) == bindparam("centre_id"),
    col(Merchant.kind).in_(bindparam("kinds", expanding=True)),
    col(Merchant.ended_at).is_(None),
)
_LARGEST_RADIUS = (  # read from the largest on, until one is of that kind: all of them are a whole city's
    select(col(Contract.radius))
    .where(
        col(Contract.radius).is_not(None), exists().where(col(Merchant.id) == col(Contract.merchant_id), *_OF_KIND)
    )
    .order_by(col(Contract.radius).desc())
    .limit(1)
)
_IN_BOX: Rows = select(col(Merchant.id), col(Merchant.latitude), col(Merchant.longitude)).where(
    *_OF_KIND,
    col(Merchant.latitude).between(bindparam("south"), bindparam("north")),
    col(Merchant.longitude).between(bindparam("west"), bindparam("east")),
)
_OF_AREA: Rows = select(col(Merchant.id)).where(
    *_OF_KIND, col(Merchant.area_id).is_not_distinct_from(bindparam("area_id"))
)
# Three arms, each along an index of its own: one condition with an OR reads every contract of the kind.
_NAMED_OR_NOWHERE: CompoundSelect[*tuple[Any, ...]] = union(
    select(col(Merchant.id))
    .join(Contract, col(Contract.merchant_id) == Merchant.id)
    .join(ContractArea, col(ContractArea.contract_id) == Contract.id)
    .where(*_OF_KIND, col(ContractArea.area_id).in_(bindparam("areas", expanding=True))),
    select(col(Merchant.id)).where(
        *_OF_KIND,
        col(Merchant.id).in_(
            select(col(Contract.merchant_id)).where(
                col(Contract.radius).is_(None), ~exists().where(col(ContractArea.contract_id) == Contract.id)
            )
        ),
    ),
    select(col(Merchant.id)).where(*_OF_KIND, col(Merchant.latitude).is_(None)),
)

_MERCHANTS: Rows = select(  # in the order of CandidateFacts; the version and the plans come last
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
    col(Merchant.version),
    cast(col(Merchant.special_hours), String),
    cast(col(Merchant.capacity_plan), String),
).where(among(col(Merchant.id), "ids"))
_COUNTED = 13  # its columns before those that are counted or gathered
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
).where(among(col(Contract.merchant_id), "ids"))
# One row for each merchant: a week's hours as one text, and most merchants share theirs with others.
_WEEKS = (
    select(
        col(OpeningHours.merchant_id),
        func.aggregate_strings(
            cast(col(OpeningHours.weekday), String)
            + " "
            + cast(col(OpeningHours.opens), String)
            + " "
            + cast(col(OpeningHours.closes), String),
            ",",
        ),
    )
    .where(among(col(OpeningHours.merchant_id), "ids"))
    .group_by(col(OpeningHours.merchant_id))
)
_NUMBERS = (
    select(col(MerchantNumber.merchant_id), col(MerchantNumber.channel), col(MerchantNumber.number))
    .where(among(col(MerchantNumber.merchant_id), "ids"), col(MerchantNumber.wrong_since).is_(None))
    .order_by(col(MerchantNumber.rank))
)


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
