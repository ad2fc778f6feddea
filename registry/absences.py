"""When somebody who goes to the door is away, by the days of the centre's calendar."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple


class Absence(NamedTuple):
    """Both days included. Without a `first` it has begun already, without a `last` nobody knows when it ends."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    @property
    def back_on(self) -> date | None:
        return None if self.last in (None, date.max) else self.last + timedelta(days=1)


def is_there(away: Absence | None, day: date) -> bool:
    return away is None or not away.holds(day)


def first_back(staff: Iterable[Absence | None]) -> date | None:
    """When the first of them, who are all away, is there again; None when that is not known."""
    return min((day for away in staff if away is not None and (day := away.back_on) is not None), default=None)
