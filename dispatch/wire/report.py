"""The report as clients see it: what happened from one day to another, along the areas and merchant by merchant."""

from datetime import date

from dispatch.wire.base import Wire
from dispatch.wire.people import MerchantLine


class FiguresView(Wire):
    """As they were counted; all of them add up (`dispatch.report.Figures` says what each counts)."""

    calls: int
    answered: int
    within_15: int
    within_60: int
    within_180: int
    emergencies: int
    cases: int
    served: int
    late: int
    asked: int
    accepted: int
    accept_seconds: int
    visits: int
    visits_late: int
    satisfied: int
    fairly: int
    not_satisfied: int


class AreaFigures(FiguresView):
    """An area with all that lies below it; `area`, its code, None: what is in none of the areas shown."""

    area: str | None
    name: str | None


class MerchantFigures(Wire):
    """What its record of these days is, and what that is worth (docs/records.md)."""

    merchant: MerchantLine
    points: float
    asked: int
    declined: int
    silent: int
    visits: int
    late: int
    satisfied: int
    fairly: int
    not_satisfied: int
    yellow: int
    red: int


class ReportView(Wire):
    """First and last day included, on the centre's clock; the lines are the areas right below `area`."""

    area: str
    name: str
    first: date
    last: date
    total: FiguresView
    lines: list[AreaFigures]
    merchants: list[MerchantFigures]
