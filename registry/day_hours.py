"""Hours of the day on the centre's clock, by which a plan says what holds when.

`20:00-08:00` holds its first minute and not its last; an end that is not after the beginning is on the next day, and
the same time is day and night.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import LiteralString, Protocol, TypeVar

from pydantic_core import PydanticCustomError

_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
SPAN = rf"(?P<begins>{_TIME})-(?P<ends>{_TIME})"  # as a part of a line's pattern
_DAY = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class DayHours:
    begins: time
    ends: time

    @classmethod
    def of(cls, line: re.Match[str]) -> "DayHours":
        """What `SPAN` has found in a line."""
        return cls(time.fromisoformat(line["begins"]), time.fromisoformat(line["ends"]))

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"

    def holds(self, local: time) -> bool:
        return (_minute(local) - _minute(self.begins)) % _DAY < self.minutes

    @property
    def minutes(self) -> int:
        return (_minute(self.ends) - _minute(self.begins)) % _DAY or _DAY


class Line(Protocol):
    """One line of a plan."""

    @property
    def hours(self) -> DayHours: ...


L = TypeVar("L", bound=Line)


def line_at(plan: Iterable[L], local: time) -> L | None:
    """The line that holds at that time of the day."""
    return next((line for line in plan if line.hours.holds(local)), None)


def in_turn(lines: Iterable[L]) -> Sequence[L]:
    """The lines by when they begin. Raises PydanticCustomError where two of them hold the same hour."""
    plan = sorted(lines, key=lambda line: line.hours.begins)
    for one, following in zip(plan, [*plan[1:], *plan[:1]], strict=True):
        free = (_minute(following.hours.begins) - _minute(one.hours.begins)) % _DAY or _DAY
        if one.hours.minutes > free or (len(plan) > 1 and one.hours.begins == following.hours.begins):
            raise PydanticCustomError("hours_overlap", "two lines hold the same hour")
    return plan


def kept(read: Callable[[str], L], kind: LiteralString, example: LiteralString) -> Callable[[list[str]], list[str]]:
    """What reads a plan's lines and gives them as they are kept.

    It raises PydanticCustomError: of `kind` with the `example` where `read` raises ValueError, or as `in_turn` does.
    """

    def lines(given: list[str]) -> list[str]:
        try:
            plan = [read(line) for line in given]
        except ValueError as wrong:
            raise PydanticCustomError(kind, example) from wrong
        return [str(each) for each in in_turn(plan)]

    return lines


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
