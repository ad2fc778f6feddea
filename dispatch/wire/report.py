"""The report as clients see it: what happened from one day to another, along the areas and merchant by merchant."""

from datetime import date

from dispatch.wire.base import Wire
from dispatch.wire.cards import RecordFigures
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


class MerchantFigures(RecordFigures):
    """Of the days of the report."""

    merchant: MerchantLine


class ReportView(Wire):
    """First and last day included, on the centre's clock; the lines are the areas right below `area`."""

    area: str
    name: str
    first: date
    last: date
    total: FiguresView
    lines: list[AreaFigures]
    merchants: list[MerchantFigures]
