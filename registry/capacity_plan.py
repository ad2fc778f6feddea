"""How many jobs a merchant carries at once, by the hour of the day.

One line of a plan is `08:00-12:00/3`: from when until when (`registry.day_hours`), and how many; 0 is nobody then. At
hours of no line its capacity holds.
"""

import re
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field

from registry.day_hours import SPAN, DayHours, kept, line_at

MOST = 10_000
_LINE = re.compile(rf"{SPAN}/(?P<jobs>\d{{1,5}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Carries:
    """One line of a plan."""

    hours: DayHours
    jobs: int

    @classmethod
    def read(cls, line: str) -> Self:
        """Raises ValueError."""
        found = _LINE.fullmatch(line.strip())
        if found is None or int(found["jobs"]) > MOST:
            raise ValueError(line)
        return cls(DayHours.of(found), int(found["jobs"]))

    def __str__(self) -> str:
        return f"{self.hours}/{self.jobs}"


class Capacity(NamedTuple):
    """How many jobs at once, None for no limit, and the hours of the line that says so."""

    jobs: int | None
    hours: str | None = None


@lru_cache(maxsize=4096)
def capacity_at(usual: int | None, plan: tuple[str, ...], local: time) -> Capacity:
    """What holds at that minute of the centre's day for a merchant that usually carries so many."""
    line = line_at(map(Carries.read, plan), local)
    return Capacity(usual) if line is None else Capacity(line.jobs, str(line.hours))


CapacityLines = Annotated[
    list[str], Field(max_length=24), AfterValidator(kept(Carries.read, "capacity_plan", "08:00-12:00/3"))
]
