"""Gathers what a match is decided from: the need's own facts, and the merchants that may come into question.

Merchants are looked for in the whole centre, not only in
the operator's branch of it: who may come is a matter of the contract.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, bindparam, cast, func, select
from sqlmodel import col

from registry.areas import lineage
from registry.centres import centre, days_off
from registry.errors import NotFound
from registry.known_merchants import known_merchants
from registry.matching import CandidateFacts, Need
from registry.merchant_facts import Rows
from registry.models import (
    Area,
    Centre,
    MerchantKind,
    Resident,
    Service,
    UsualMerchant,
)
from registry.places import nearness
from registry.reach import Reach
from registry.special_hours import goes_by_calendar
from registry.store import Reading, Scope, Writing

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
        row = session.rows(_HOME, resident_id=resident_id, kinds=kinds).one_or_none()
        if row is None or row.centre_id != scope.centre_id or not scope.sees(row.path):
            raise NotFound(subject="resident", id=resident_id)
        area_path = row.path
        if not elsewhere and latitude is None:
            latitude, longitude = row.latitude, row.longitude
        usual = frozenset(map(int, (row.usual or "").split()))
        time_zone = row.time_zone
    else:
        time_zone = centre(session, scope.centre_id).time_zone
    return Need(
        service_code=service.code,
        merchant_kinds=kinds,
        at=at,
        time_zone=time_zone,
        latitude=latitude,
        longitude=longitude,
        areas=lineage(area_path),
        usual=usual,
        declined=declined,
        load=dict(load or {}),
    )


class Gathered(NamedTuple):
    """Whom a decision looks at, and how many more of their kinds are within twice the largest radius."""

    merchants: list[CandidateFacts]
    farther: int


def gather(session: Reading | Writing, scope: Scope, need: Need) -> Gathered:
    """The merchants of the kinds that serve the need and may be near enough, and the nearest of the others.

    That is: those within the largest radius that any of them is contracted for, those whose contract names the
    place's area or no place at all, those without a position, and beyond that radius, up to twice as far, the nearest
    ones, so that they can be told why not.
    """
    known, upto = known_merchants(session, scope.centre_id)
    reaches = [known.reach(session, kind, upto) for kind in need.merchant_kinds]
    these, farther = _in_question(need, reaches)
    facts = known.facts_of(session, these, upto)
    return Gathered([_with_jobs(each, need.load) for each in facts] if need.load else facts, farther)


def _with_jobs(merchant: CandidateFacts, load: Mapping[int, int]) -> CandidateFacts:
    jobs = load.get(merchant.merchant_id)
    return merchant if jobs is None else merchant._replace(load=jobs)


def with_calendar(session: Reading | Writing, scope: Scope, need: Need, merchants: Iterable[CandidateFacts]) -> Need:
    """The need with the centre's calendar, where one of the merchants goes by it."""
    if not any(goes_by_calendar(each.special_hours) for each in merchants):
        return need
    return replace(need, days_off=days_off(session, scope.centre_id))


def _in_question(need: Need, reaches: Sequence[Reach]) -> tuple[set[int], int]:
    """The ids of the merchants to look at, and how many are too far to be looked at one by one."""
    found = set[int]().union(*(each.anyhow(need.areas) for each in reaches))
    if need.latitude is None or need.longitude is None:
        area_id = need.areas[-1] if need.areas else None
        return found.union(*(each.of_area(area_id) for each in reaches)), 0
    largest = max((each.largest for each in reaches), default=0)
    around = [one for each in reaches for one in each.around(need.latitude, need.longitude, 2 * largest)]
    near = nearness(largest)
    found.update(merchant_id for how_near, merchant_id in around if how_near <= near)
    beyond = [one for one in around if one[0] > near and one[1] not in found]
    told = heapq.nsmallest(FARTHER, beyond)
    return found.union(merchant_id for _, merchant_id in told), len(beyond) - len(told)


# The statements are built once: building them takes longer than running them.

_HOME: Rows = (
    select(
        col(Resident.centre_id),
        col(Resident.latitude),
        col(Resident.longitude),
        col(Area.path),
        col(Centre.time_zone),
        select(func.aggregate_strings(cast(col(UsualMerchant.merchant_id), String), " "))
        .where(
            col(UsualMerchant.resident_id) == Resident.id,
            col(UsualMerchant.kind).in_(bindparam("kinds", expanding=True)),
        )
        .scalar_subquery()
        .label("usual"),
    )
    .join(Centre, col(Centre.id) == Resident.centre_id)
    .outerjoin(Area, col(Area.id) == Resident.area_id)
    .where(col(Resident.id) == bindparam("resident_id"))
)
