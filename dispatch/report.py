"""What happened in a span of time: along the tree of areas, and merchant by merchant.

Counted from calls, cases, offers, visits and cards, and never from people: whoever moves away, or is deleted on her
own wish (docs/privacy.md), leaves every figure as it was.
"""

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import col

from dispatch.errors import BadValue
from dispatch.models import Call, Case, Direction, Lateness, Offer, OfferState, Reason, Satisfaction, Visit
from dispatch.records import records_between
from registry import areas, centres
from registry.among import among, ids
from registry.centres import current_rule
from registry.errors import NotFound
from registry.matching import Weights
from registry.models import Area, Merchant, RuleKind
from registry.models.centre import Priority
from registry.records import Record, points
from registry.store import Reading, Scope

ACCEPTED = frozenset({OfferState.ACCEPTED, OfferState.FULFILLED, OfferState.GIVEN_BACK, OfferState.REVOKED})
LATE = frozenset({Lateness.YELLOW, Lateness.RED})
HELPED = frozenset({Reason.SERVED, Reason.PARTLY})
WITHIN = (15, 60, 180)  # seconds until the answer, for which the trade has targets


class Figures(NamedTuple):
    """All of them add up."""

    calls: int = 0  # that came in
    answered: int = 0  # by somebody, in any time
    within_15: int = 0  # seconds from when it came
    within_60: int = 0
    within_180: int = 0
    emergencies: int = 0  # of the calls
    cases: int = 0  # opened
    served: int = 0  # closed with that outcome, or partly
    late: int = 0  # beyond a limit
    asked: int = 0  # offers
    accepted: int = 0
    accept_seconds: int = 0  # from the offer to the acceptance, together
    visits: int = 0  # somebody was at the door
    visits_late: int = 0
    satisfied: int = 0
    fairly: int = 0
    not_satisfied: int = 0

    @property
    def said(self) -> int:
        return self.satisfied + self.fairly + self.not_satisfied


@dataclass(frozen=True, slots=True)
class Line:
    """An area with all that lies below it; `area` None: what is in none of the areas shown, as a stranger's call."""

    area: Area | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Standing:
    """A merchant that was asked, with its record of the span and what that is worth (docs/records.md)."""

    merchant: Merchant
    record: Record
    points: float


@dataclass(frozen=True, slots=True)
class Report:
    top: Area
    first: date
    last: date
    lines: list[Line]
    total: Figures
    merchants: list[Standing]


def month_of(day: date) -> tuple[date, date]:
    """Its first and last day."""
    return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])


def report(session: Reading, scope: Scope, first: date, last: date, code: str | None = None) -> Report:
    """From the `first` day to the `last` on the centre's clock, for the area of that code, by default for all that
    lies in scope.

    A line for each area right below it, and one for the rest. A call belongs to the days in which it came, a case to
    those in which it was opened, an offer and a visit to those in which they were made. Raises NotFound for a code
    that no area in scope has, BadValue for a last day before the first.
    """
    if last < first:
        raise BadValue(field="last", found=last.isoformat(), right="report.not_before_first")
    centre_id = scope.centre_id
    top = _top(session, scope, code)
    zone = centres.zone(session, centre_id)
    since, until = (datetime.combine(day, time(), tzinfo=zone) for day in (first, last + timedelta(days=1)))
    every = session.scalars(select(Area).where(col(Area.centre_id) == centre_id).order_by(col(Area.code))).all()
    below = [area for area in every if area.parent_id == top.id]
    line_of = {each.id: area.id for area in below for each in every if each.path.startswith(area.path)}
    scope = Scope(centre_id, "/" if top.parent_id is None else top.path)
    counted: defaultdict[int | None, Counter[str]] = defaultdict(Counter)
    for area_id, figure, much in _happened(session, scope, since, until):
        counted[line_of.get(area_id)][figure] += much
    lines = [Line(area, Figures(**counted[area.id])) for area in below]
    if counted[None]:
        lines.append(Line(None, Figures(**counted[None])))
    total = Figures(**sum(counted.values(), Counter()))
    return Report(top, first, last, lines, total, _standings(session, scope, since, until))


def _top(session: Reading, scope: Scope, code: str | None) -> Area:
    if code is not None:
        top = areas.by_code(session, scope.centre_id, code)
    elif scope.area_path == "/":
        return areas.root(session, scope.centre_id)
    else:
        top = session.scalars(select(Area).where(col(Area.path) == scope.area_path)).one_or_none()
    if top is None or not scope.sees(top.path):
        raise NotFound(subject="area", id=code)
    return top


def _happened(
    session: Reading, scope: Scope, since: datetime, until: datetime
) -> Iterator[tuple[int | None, str, int]]:
    """The area, the figure, and how much it grows by."""

    def rows(model: Any, at: Any, *columns: Any) -> Iterable[Any]:
        wanted = select(col(model.area_id), *map(col, columns)).where(
            scope.covers(model), col(at) >= since, col(at) < until
        )
        return session.execute(wanted.execution_options(yield_per=1000))

    calls = rows(
        Call, Call.arrived_at, Call.arrived_at, Call.answered_at, Call.priority, Call.direction, Call.merged_into
    )
    for area_id, arrived, answered, priority, direction, merged in calls:
        if direction is Direction.IN and merged is None:
            yield area_id, "calls", 1
            yield area_id, "emergencies", int(priority is Priority.EMERGENCY)
            if answered is not None:
                yield area_id, "answered", 1
                for seconds in WITHIN:
                    yield area_id, f"within_{seconds}", int(answered - arrived <= timedelta(seconds=seconds))
    for area_id, outcome, late, said, incident in rows(
        Case, Case.opened_at, Case.outcome, Case.late, Case.satisfaction, Case.incident
    ):
        if not incident:  # its cases count
            yield area_id, "cases", 1
            yield area_id, "served", int(outcome in HELPED)
            yield area_id, "late", int(late in LATE)
            if said is not None:
                yield area_id, str(Satisfaction(said)), 1
    for area_id, state, offered, answered in rows(
        Offer, Offer.offered_at, Offer.state, Offer.offered_at, Offer.answered_at
    ):
        yield area_id, "asked", 1
        if state in ACCEPTED and answered is not None:
            yield area_id, "accepted", 1
            yield area_id, "accept_seconds", round((answered - offered).total_seconds())
    for area_id, due, at_the_door, done in rows(
        Visit, Visit.promised_at, Visit.arrive_by, Visit.at_the_door_at, Visit.done_at
    ):
        if (there := at_the_door or done) is not None:
            yield area_id, "visits", 1
            yield area_id, "visits_late", int(due is not None and there > due)


def _standings(session: Reading, scope: Scope, since: datetime, until: datetime) -> list[Standing]:
    """The best first; among equals who was there more often."""
    asked = (
        select(col(Offer.merchant_id))
        .where(scope.covers(Offer), col(Offer.offered_at) >= since, col(Offer.offered_at) < until)
        .distinct()
    )
    merchant_ids = list(session.scalars(asked))
    weights = Weights.model_validate(current_rule(session, scope.centre_id, RuleKind.MATCHING_WEIGHTS).body)
    records = records_between(session, merchant_ids, since, until)
    found = [
        Standing(merchant, records[merchant.id], points(records[merchant.id], weights))
        for merchant in session.scalars(
            select(Merchant).where(among(col(Merchant.id), "ids")), {"ids": ids(merchant_ids)}
        )
        if merchant.id is not None
    ]
    return sorted(found, key=lambda each: (-each.points, -each.record.visits, each.merchant.id or 0))
