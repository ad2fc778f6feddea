"""To whose door the survey is due: what `registry.home_visits` says of one resident, asked of all of them at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlmodel import col

from registry import centres
from registry.home_visits import LEVELS, HomeVisitDays
from registry.models import Group, Resident, ResidentGroup
from registry.store import Reading, Scope

_ALONE = exists().where(
    col(ResidentGroup.resident_id) == col(Resident.id), col(ResidentGroup.group) == Group.LIVING_ALONE
)
_LAST = (col(Resident.visited_on), col(Resident.created_at), col(Resident.id))
# As the index has them, the area too: of the many who came by one import on one day none has to be sorted.
_FIRST = (col(Resident.visited_on), col(Resident.created_at), col(Resident.area_id), col(Resident.id))


@dataclass(frozen=True, slots=True)
class DueVisit:
    resident_id: int
    due_on: date


def due_visits(
    session: Reading, scope: Scope, days: HomeVisitDays, now: datetime, *, limit: int, offset: int
) -> tuple[int, list[DueVisit]]:
    """How many of the scope are due today or have been before, and a part of them, due for longest first.

    Those who are visited equally often stand in `ix_resident_visit` by their last visit, and so each of these rows is
    read from its beginning and no further than is shown.
    """
    zone = centres.zone(session, scope.centre_id)
    today = now.astimezone(zone).date()
    here, rows = and_(scope.covers(Resident), col(Resident.ended_at).is_(None)), []
    for who, after in _equally_often(days):
        for last in _long_ago(today - after, zone):
            first = select(*_LAST).where(here, who, last).order_by(*_FIRST).limit(offset + limit)
            rows.append(
                [DueVisit(id_, (on or at.astimezone(zone).date()) + after) for on, at, id_ in session.execute(first)]
            )
    longest = merge(*rows, key=lambda each: each.due_on)
    return _total(session, here, days, today, zone), list(islice(longest, offset, offset + limit))


def is_due(days: HomeVisitDays, today: date, zone: ZoneInfo) -> ColumnElement[bool]:
    """Of a resident: whether the survey is due at her door, on a day of the centre's zone."""
    return or_(*(and_(who, or_(*_long_ago(today - after, zone))) for who, after in _equally_often(days)))


def _total(session: Reading, here: ColumnElement[bool], days: HomeVisitDays, today: date, zone: ZoneInfo) -> int:
    """Whether somebody lives alone is looked up only where it matters: of a million this takes a second less."""
    total = 0
    for level in LEVELS:
        soonest, latest = (_long_ago(today - days.after(level, alone), zone) for alone in (True, False))
        for last_alone, last in zip(soonest, latest, strict=True):
            due = and_(here, col(Resident.care_level) == level, last_alone, or_(last, _ALONE))
            total += session.scalars(select(func.count()).select_from(Resident).where(due)).one()
    return total


def _equally_often(days: HomeVisitDays) -> Iterator[tuple[ColumnElement[bool], timedelta]]:
    """The residents by how often they are visited, each in one of these; first those who need most."""
    for level in reversed(LEVELS):
        of_level = col(Resident.care_level) == level
        usual, alone = days.after(level, alone=False), days.after(level, alone=True)
        if usual == alone:
            yield of_level, usual
        else:
            yield and_(of_level, ~_ALONE), usual
            yield and_(of_level, _ALONE), alone


def _long_ago(day: date, zone: ZoneInfo) -> Iterator[ColumnElement[bool]]:
    """The last visit was on that day or before it; nobody has been there, and she was registered by then."""
    day_is_over = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    yield col(Resident.visited_on) <= day
    yield and_(col(Resident.visited_on).is_(None), col(Resident.created_at) < day_is_over)
