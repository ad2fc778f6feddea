"""A centre's calendar: its public holidays, and the weekends that are worked in exchange."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """Of days that are not what their weekday says."""

    HOLIDAYS = "holidays"
    MAKE_UP_DAYS = "make_up_days"


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Public holidays, of certain years or of every year (MM-DD): the latter stand for years not arranged yet."""

    off: tuple[tuple[date, date], ...] = ()
    yearly: frozenset[str] = frozenset()
    made_up: tuple[tuple[date, date], ...] = ()

    @classmethod
    def of(cls, off: Iterable[str], yearly: Iterable[str], made_up: Iterable[str]) -> Self:
        """As the rules write them (`span`)."""
        return cls(tuple(map(span, off)), frozenset(yearly), tuple(map(span, made_up)))

    def kind(self, day: date) -> Kind | None:
        if any(first <= day <= last for first, last in self.made_up):
            return Kind.MAKE_UP_DAYS
        if any(first <= day <= last for first, last in self.off):
            return Kind.HOLIDAYS
        return Kind.HOLIDAYS if {f"{day:%m-%d}", day.isoformat()} & self.yearly else None


NO_DAYS_OFF = DaysOff()


def span(text: str) -> tuple[date, date]:
    """First and last day of `2026-05-01` or `2026-05-01/2026-05-05`. Raises ValueError."""
    first, _, last = text.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last or first)
