"""Days on which a merchant does not keep its week: single days, public holidays, weekends that are worked.

One line is `2026-02-16..2026-02-20/closed/春节`: which days, which hours, and why (may be left out). Days are one,
a first and a last, `holidays` or `make_up_days`, which the centre's calendar tells. Hours are `closed`, one span or
several (`10:00-12:00+14:00-16:00`; an end that is not after the beginning is on the next day), or a weekday, whose
hours are kept. A line with a date goes before one without.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from registry.day_hours import SPAN, DayHours
from registry.days_off import NO_DAYS_OFF, DaysOff, Kind
from registry.hours import DAY, Span, is_open, open_until, opens_next
from registry.text import plain

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
AHEAD = 60  # days in which the next opening is looked for
LONGEST_WHY = 40
_CLOSED = "closed"
_DAY = r"\d{4}-\d{2}-\d{2}"
_LINE = re.compile(
    rf"(?P<first>{_DAY})(?:\.\.(?P<last>{_DAY}))?/(?P<hours>[^/]+)(?:/(?P<why>[^/]*))?"
    r"|(?P<kind>holidays|make_up_days)/(?P<all_hours>[^/]+)(?:/(?P<all_why>[^/]*))?",
    re.ASCII,
)
_SPAN = re.compile(SPAN, re.ASCII)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """One line. `spans` are the hours of such a day; `like` is the weekday (0 is Monday) whose hours are kept."""

    days: tuple[date, date] | Kind
    spans: tuple[DayHours, ...]
    like: int | None
    why: str

    @classmethod
    def read(cls, line: str) -> Self:
        """Raises ValueError."""
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise ValueError(line)
        days: tuple[date, date] | Kind
        if found["kind"]:
            days, hours, why = Kind(found["kind"]), found["all_hours"], found["all_why"]
        else:
            first = date.fromisoformat(found["first"])
            days, hours, why = (
                (first, date.fromisoformat(found["last"]) if found["last"] else first),
                found["hours"],
                found["why"],
            )
            if days[1] < days[0]:
                raise ValueError(line)
        spans: list[DayHours] = []
        if hours != _CLOSED and hours not in WEEKDAYS:
            for part in hours.split("+"):
                span = _SPAN.fullmatch(part)
                if span is None:
                    raise ValueError(line)
                spans.append(DayHours.of(span))
        like = WEEKDAYS.index(hours) if hours in WEEKDAYS else None
        return cls(days, tuple(sorted(spans)), like, (why or "").strip()[:LONGEST_WHY])

    def __str__(self) -> str:
        if isinstance(self.days, Kind):
            days = str(self.days)
        else:
            first, last = self.days
            days = first.isoformat() if first == last else f"{first.isoformat()}..{last.isoformat()}"
        spans = "+".join(map(str, self.spans))
        hours = WEEKDAYS[self.like] if self.like is not None else spans or _CLOSED
        return f"{days}/{hours}" + (f"/{self.why}" if self.why else "")

    def holds(self, day: date, kind: Kind | None) -> bool:
        if isinstance(self.days, Kind):
            return self.days is kind
        return self.days[0] <= day <= self.days[1]


def _read_lines(lines: list[str]) -> list[str]:
    """The lines as they are kept. Raises PydanticCustomError."""
    try:
        return sorted({str(SpecialDay.read(plain(line))) for line in lines})
    except ValueError as wrong:
        raise PydanticCustomError("special_hours", "2026-02-16..2026-02-20/closed") from wrong


SpecialLines = Annotated[list[str], Field(max_length=60), AfterValidator(_read_lines)]


@lru_cache(maxsize=4096)
def _special_days(lines: tuple[str, ...]) -> tuple[SpecialDay, ...]:
    """Those of a date come first."""
    return tuple(sorted(map(SpecialDay.read, lines), key=lambda each: isinstance(each.days, Kind)))


def goes_by_calendar(lines: Iterable[str]) -> bool:
    """Whether one of them is about days that only the centre's calendar tells."""
    return any(line.startswith(tuple(Kind)) for line in lines)


@dataclass(frozen=True, slots=True)
class Opening:
    """When a merchant is open: its week, and the days on which it does not keep it. Moments are told in the centre's
    time zone.
    """

    week: Sequence[Span]
    special: tuple[str, ...] = ()
    days_off: DaysOff = NO_DAYS_OFF

    def is_open(self, local: datetime) -> bool:
        if not self.special:
            return is_open(self.week, local)
        now = _wall(local)
        return any(begins <= now < ends for begins, ends in self._around(now))

    def until(self, local: datetime) -> datetime | None:
        """When it closes next; None when it is closed, or open for longer than a week."""
        if not self.special:
            return open_until(self.week, local)
        now = end = _wall(local)
        while (later := max((ends for begins, ends in self._around(end) if begins <= end < ends), default=end)) > end:
            end = later
            if end - now > timedelta(days=7):
                return None
        return None if end == now else end.replace(tzinfo=local.tzinfo)

    def opens_next(self, local: datetime) -> datetime | None:
        """When it opens after `local`; None when it does not within two months."""
        if not self.special:
            return opens_next(self.week, local)
        now = _wall(local)
        for ahead in range(AHEAD):
            begin = min(
                (each for each, _ in self._of(now.date() + timedelta(days=ahead)) if each > now), default=None
            )
            if begin is not None:
                return begin.replace(tzinfo=local.tzinfo)
        return None

    def on(self, day: date) -> SpecialDay | None:
        """What makes this day another one than its weekday says."""
        if not self.special:
            return None
        kind = self.days_off.kind(day)
        return next((each for each in _special_days(self.special) if each.holds(day, kind)), None)

    def _around(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        for ago in (1, 0):
            yield from self._of(moment.date() - timedelta(days=ago))

    def _of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """What begins on that day."""
        midnight = datetime.combine(day, time())
        special = self.on(day)
        if special is not None and special.like is None:
            spans = [Span.of(0, each.begins, each.ends) for each in special.spans]
        else:
            weekday = day.weekday() if special is None or special.like is None else special.like
            spans = [Span(start % DAY, length) for start, length in self.week if start // DAY == weekday]
        for start, length in spans:
            begins = midnight + timedelta(seconds=start)
            yield begins, begins + timedelta(seconds=length)


def _wall(local: datetime) -> datetime:
    return local.replace(tzinfo=None, fold=0, microsecond=0)
