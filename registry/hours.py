"""When somebody is open: weekly spans of the wall clock in the centre's time zone.

Reckoned in seconds of the week as the clock on the wall shows them, so that "until 18:00" stays 18:00 on the days
when summer time begins and ends.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

DAY = 24 * 3600
WEEK = 7 * DAY


class Span(NamedTuple):
    """Open from second `start` of the week (Monday 00:00 is 0) for `length` seconds; may run past midnight."""

    start: int
    length: int

    @classmethod
    def of(cls, weekday: int, opens: time, closes: time) -> "Span":
        """`weekday` is 0 (Monday) to 6; a `closes` not after `opens` is on the next day."""
        begin, end = _second(opens), _second(closes)
        return cls(weekday * DAY + begin, end - begin if end > begin else end - begin + DAY)


def is_open(spans: Iterable[Span], local: datetime) -> bool:
    """Whether one of the spans holds the instant `local`, which is told in the centre's time zone.

    The first second of a span counts as open, its last as closed.
    """
    return _open_for(tuple(spans), _wall(local)) != 0


def open_until(spans: Iterable[Span], local: datetime) -> datetime | None:
    """When it closes next, in the same time zone; None when it is closed at `local` or never closes."""
    left = _open_for(tuple(spans), _wall(local))
    return _ahead(local, left) if left else None


def opens_next(spans: Iterable[Span], local: datetime) -> datetime | None:
    """When the next span begins after `local`, in the same time zone; None without spans."""
    now = _wall(local)
    waits = [(span.start - now - 1) % WEEK + 1 for span in spans]
    return _ahead(local, min(waits)) if waits else None


@lru_cache(maxsize=1024)  # in one decision many shops have the same hours
def _open_for(spans: tuple[Span, ...], second: int) -> int | None:
    """How many seconds from that one of the week on are covered without a gap; None: it never closes."""
    ahead = 0
    while ahead < WEEK:
        moment = second + ahead
        left = max((span.length - (moment - span.start) % WEEK for span in spans), default=0)
        if left <= 0:
            return ahead
        ahead += left
    return None


def _second(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _wall(local: datetime) -> int:
    return local.weekday() * DAY + local.hour * 3600 + local.minute * 60 + local.second


def _ahead(local: datetime, seconds: int) -> datetime:
    """What the clock on the wall shows after going on for so many seconds: arithmetic within one zone does not
    look at summer time.
    """
    return local.replace(microsecond=0, fold=0) + timedelta(seconds=seconds)
