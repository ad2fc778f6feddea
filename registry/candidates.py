"""Gathers what a match is decided from: the need's own facts, and the merchants that may come into question.

A handful of statements whatever the number of merchants. Merchants are looked for in the whole centre, not only in
the operator's branch of it: who may come is a matter of the contract.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, String, cast, func, or_, select, union
from sqlmodel import col

from registry.areas import lineage
from registry.centres import centre
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
from registry.store import Reading, Scope, Writing


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
        row = session.execute(
            select(col(Resident.latitude), col(Resident.longitude), col(Area.path))
            .outerjoin(Area, col(Area.id) == Resident.area_id)
            .where(col(Resident.id) == resident_id, scope.covers(Resident))
        ).one_or_none()
        if row is None:
            raise NotFound(subject="resident", id=resident_id)
        area_path = row.path
        if not elsewhere and latitude is None:
            latitude, longitude = row.latitude, row.longitude
        usual = frozenset(
            session.execute(
                select(col(UsualMerchant.merchant_id)).where(
                    col(UsualMerchant.resident_id) == resident_id, col(UsualMerchant.kind).in_(kinds)
                )
            ).scalars()
        )
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
    """The merchants of the kinds that serve the need: those within twice the largest radius that any of them is
    contracted for, those whose contract names the place's area, and those without a position.
    """
    reach = 2 * (session.execute(_largest_radius(scope, need)).scalar() or 0)
    rows = session.execute(_in_question(scope, need, reach)).all()
    ids = [row.id for row in rows]
    if not ids:
        return []
    contracts, spans, numbers = _contracts(session, ids), _spans(session, ids), _numbers(session, ids)
    facts = (
        CandidateFacts(
            merchant_id=row.id,
            kind=row.kind,
            name=row.name,
            address=row.address,
            area_id=row.area_id,
            latitude=row.latitude,
            longitude=row.longitude,
            licence_expires=row.licence_expires,
            capacity=row.capacity,
            suspended=row.suspended_at is not None,
            suspended_why=row.suspended_why or "",
            first_channel=row.first_channel,
            numbers=numbers.get(row.id, {}),
            spans=spans.get(row.id, ()),
            contracts=tuple(contracts.get(row.id, ())),
            load=need.load.get(row.id, 0),
        )
        for row in rows
    )
    return [one for one in facts if not _in_a_corner(need, one, reach)]


def _largest_radius(scope: Scope, need: Need) -> Select[Any]:
    return (
        select(func.max(col(Contract.radius)))
        .join(Merchant, col(Merchant.id) == Contract.merchant_id)
        .where(*_of_kind(scope, need))
    )


def _of_kind(scope: Scope, need: Need) -> tuple[Any, ...]:
    return (
        col(Merchant.centre_id) == scope.centre_id,
        col(Merchant.kind).in_(need.merchant_kinds),
        col(Merchant.ended_at).is_(None),
    )


def _in_question(scope: Scope, need: Need, reach: float) -> Select[*tuple[Any, ...]]:
    """Three searches, each along an index: by box, by the area a contract names, and without a position."""
    of_kind = _of_kind(scope, need)
    here = select(col(Merchant.id)).where(*of_kind)
    if need.latitude is None or need.longitude is None:
        near = here.where(col(Merchant.area_id) == need.areas[-1] if need.areas else col(Merchant.area_id).is_(None))
    else:
        box = Box.around(need.latitude, need.longitude, reach)
        near = here.where(
            col(Merchant.latitude).between(box.south, box.north), col(Merchant.longitude).between(box.west, box.east)
        )
    by_area = (
        here.join(Contract, col(Contract.merchant_id) == Merchant.id)
        .outerjoin(ContractArea, col(ContractArea.contract_id) == Contract.id)
        .where(
            or_(
                col(ContractArea.area_id).in_(need.areas),
                col(Contract.radius).is_(None) & col(ContractArea.area_id).is_(None),
            )
        )
    )
    nowhere = here.where(col(Merchant.latitude).is_(None))
    found = union(near, by_area, nowhere).subquery()
    return select(
        col(Merchant.id),
        col(Merchant.kind),
        col(Merchant.name),
        col(Merchant.address),
        col(Merchant.area_id),
        col(Merchant.latitude),
        col(Merchant.longitude),
        col(Merchant.licence_expires),
        col(Merchant.capacity),
        col(Merchant.suspended_at),
        col(Merchant.suspended_why),
        col(Merchant.first_channel),
    ).join(found, found.c.id == Merchant.id)


def _in_a_corner(need: Need, merchant: CandidateFacts, reach: float) -> bool:
    """Whether it lies in the box but not in the circle, and only distance counts in its contracts."""
    if need.latitude is None or need.longitude is None or merchant.latitude is None or merchant.longitude is None:
        return False
    if any(contract.areas or contract.radius is None for contract in merchant.contracts):
        return False
    return distance(need.latitude, need.longitude, merchant.latitude, merchant.longitude) > reach


def _contracts(session: Reading | Writing, ids: Sequence[int]) -> dict[int, list[ContractFacts]]:
    services = (
        select(func.aggregate_strings(col(ContractService.service_code), " "))
        .where(col(ContractService.contract_id) == Contract.id)
        .correlate(Contract)
        .scalar_subquery()
    )
    areas = (
        select(func.aggregate_strings(cast(col(ContractArea.area_id), String), " "))
        .where(col(ContractArea.contract_id) == Contract.id)
        .correlate(Contract)
        .scalar_subquery()
    )
    statement = select(
        col(Contract.merchant_id),
        col(Contract.valid_from),
        col(Contract.valid_until),
        col(Contract.radius),
        services.label("services"),
        areas.label("areas"),
    ).where(col(Contract.merchant_id).in_(ids))
    found: dict[int, list[ContractFacts]] = {}
    for row in session.execute(statement):
        facts = ContractFacts(
            row.valid_from, row.valid_until, row.radius, _words(row.services or ""), _area_ids(row.areas or "")
        )
        found.setdefault(row.merchant_id, []).append(facts)
    return found


def _spans(session: Reading | Writing, ids: Sequence[int]) -> dict[int, tuple[Span, ...]]:
    """One row for each merchant: a week's hours as one text, most of which are the same text."""
    one = (
        cast(col(OpeningHours.weekday), String)
        + " "
        + cast(col(OpeningHours.opens), String)
        + " "
        + cast(col(OpeningHours.closes), String)
    )
    statement = (
        select(col(OpeningHours.merchant_id), func.aggregate_strings(one, ",").label("week"))
        .where(col(OpeningHours.merchant_id).in_(ids))
        .group_by(col(OpeningHours.merchant_id))
    )
    return {row.merchant_id: _week(row.week) for row in session.execute(statement)}


def _numbers(session: Reading | Writing, ids: Sequence[int]) -> dict[int, dict[Channel, str]]:
    """The first number of each channel."""
    statement = (
        select(col(MerchantNumber.merchant_id), col(MerchantNumber.channel), col(MerchantNumber.number))
        .where(col(MerchantNumber.merchant_id).in_(ids))
        .order_by(col(MerchantNumber.rank))
    )
    found: dict[int, dict[Channel, str]] = {}
    for merchant_id, channel, number in session.execute(statement):
        found.setdefault(merchant_id, {}).setdefault(channel, number)
    return found


@lru_cache(maxsize=4096)
def _week(text: str) -> tuple[Span, ...]:
    spans = []
    for part in text.split(","):
        weekday, opens, closes = part.split(" ")
        spans.append(Span.of(int(weekday), time.fromisoformat(opens), time.fromisoformat(closes)))
    return tuple(sorted(spans))


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@lru_cache(maxsize=4096)
def _area_ids(text: str) -> frozenset[int]:
    return frozenset(map(int, text.split()))
