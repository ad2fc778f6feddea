from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from registry.hours import Span, is_open, open_until, opens_next

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = [Span.of(weekday, time(8), time(20)) for weekday in range(7)]
NIGHT = [Span.of(weekday, time(20), time(8)) for weekday in range(7)]
ALWAYS = [Span.of(weekday, time(0), time(0)) for weekday in range(7)]
OFFICE = [Span.of(weekday, time(8, 30), time(18)) for weekday in range(5)]


def local(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of March 2026 in Shanghai; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=SHANGHAI)


def test_a_shop_opens_with_its_first_second_and_is_closed_with_its_last() -> None:
    assert not is_open(DAY, local(2, 7, 59, 59))
    assert is_open(DAY, local(2, 8))
    assert is_open(DAY, local(2, 19, 59, 59))
    assert not is_open(DAY, local(2, 20))


def test_night_hours_run_over_midnight_and_over_the_end_of_the_week() -> None:
    assert is_open(NIGHT, local(2, 23))
    assert is_open(NIGHT, local(3, 7, 59))
    assert not is_open(NIGHT, local(3, 8))
    sunday_only = [Span.of(6, time(20), time(8))]
    assert is_open(sunday_only, local(2, 7))  # Monday morning
    assert not is_open(sunday_only, local(3, 7))


def test_the_same_hour_twice_is_day_and_night_and_never_closes() -> None:
    assert is_open(ALWAYS, local(2, 0))
    assert is_open(ALWAYS, local(8, 23, 59, 59))
    assert open_until(ALWAYS, local(4, 12)) is None


def test_closing_time_is_the_end_of_hours_that_join() -> None:
    assert open_until(DAY, local(2, 9)) == local(2, 20)
    assert open_until(NIGHT, local(2, 23)) == local(3, 8)
    morning_and_afternoon = [
        Span.of(0, time(8), time(12)),
        Span.of(0, time(12), time(18)),
        Span.of(1, time(8), time(9)),
    ]
    assert open_until(morning_and_afternoon, local(2, 9)) == local(2, 18)
    assert open_until(DAY, local(2, 21)) is None


def test_it_says_when_it_opens_next() -> None:
    assert opens_next(DAY, local(2, 21)) == local(3, 8)
    assert opens_next(DAY, local(2, 7)) == local(2, 8)
    assert opens_next(OFFICE, local(6, 18)) == local(9, 8, 30)  # Friday evening: on Monday
    assert opens_next([Span.of(0, time(8), time(9))], local(2, 8)) == local(9, 8)


def test_without_hours_nobody_is_ever_open() -> None:
    assert not is_open([], local(2, 12))
    assert opens_next([], local(2, 12)) is None


@pytest.mark.parametrize(
    ("day", "hours_until_eight"), [(28, 7), (27, 8)]
)  # clocks go forward in the night to the 29th
def test_opening_time_is_what_the_clock_on_the_wall_shows_when_summer_time_begins(
    day: int, hours_until_eight: int
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    midnight = datetime(2026, 3, day + 1, 0, 0, tzinfo=berlin)
    opens = opens_next(DAY, midnight)
    assert opens is not None
    assert opens.hour == 8
    assert opens - midnight.astimezone(UTC) == timedelta(hours=hours_until_eight)
