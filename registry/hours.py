"""When somebody is open: weekly spans of the wall clock in the centre's time zone.

Reckoned in seconds of the week as the clock on the wall shows them, so that "until 18:00" stays 18:00 on the days
when summer time begins and ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 24 * 3600
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from second `start` of the week (Monday 00:00 is 0) for `length` seconds; may run past midnight."""

    start: int
    length: int

    @classmethod
    def of(cls, weekday: int, opens: time, closes: time) -> "Span":
        """`weekday` is 0 (Monday) to 6; a `closes` not after `opens` is on the next day."""
        begin, end = _second(opens), _second(closes)
        return cls(weekday * DAY + begin, end - begin if end > begin else end - begin + DAY)


def is_open(spans: Iterable[Span], at: datetime, zone: ZoneInfo) -> bool:
    """Whether one of the spans holds the instant `at`; its first second counts as open, its last as closed."""
    now = _wall(at.astimezone(zone))
    return any((now - span.start) % WEEK < span.length for span in spans)


def open_until(spans: Iterable[Span], at: datetime, zone: ZoneInfo) -> datetime | None:
    """When it closes next, in UTC; None when it is closed at `at` or never closes."""
    spans = tuple(spans)
    local = at.astimezone(zone)
    ahead = 0  # seconds from now that are covered without a gap
    while ahead < WEEK:
        moment = _wall(local) + ahead
        left = max((span.length - (moment - span.start) % WEEK for span in spans), default=0)
        if left <= 0:
            return _instant(local, ahead) if ahead else None
        ahead += left
    return None


def opens_next(spans: Iterable[Span], at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the next span begins after `at`, in UTC; None without spans."""
    local = at.astimezone(zone)
    now = _wall(local)
    waits = [(span.start - now - 1) % WEEK + 1 for span in spans]
    return _instant(local, min(waits)) if waits else None


def _second(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _wall(local: datetime) -> int:
    return local.weekday() * DAY + _second(local.time())


def _instant(local: datetime, ahead: int) -> datetime:
    """The instant at which the wall clock has gone on by `ahead` seconds."""
    wall = local.replace(microsecond=0, tzinfo=None) + timedelta(seconds=ahead)
    return wall.replace(tzinfo=local.tzinfo).astimezone(UTC)
