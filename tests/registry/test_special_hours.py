"""Days on which a merchant does not keep its week: single days, public holidays, weekends that are worked."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from registry.days_off import DaysOff
from registry.drafts import MerchantChange, read
from registry.errors import Refused
from registry.hours import Span
from registry.special_hours import Opening

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = tuple(Span.of(weekday, time(8), time(20)) for weekday in range(5))
NIGHTS = tuple(Span.of(weekday, time(20), time(8)) for weekday in range(7))
CALENDAR = DaysOff.of(["2026-02-15/2026-02-23"], ["05-01"], ["2026-02-28"])


def at(day: str, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(hour, minute), SHANGHAI)


def opening(*lines: str, week: tuple[Span, ...] = WEEKDAYS) -> Opening:
    return Opening(week, tuple(lines), CALENDAR)


def test_on_closed_days_it_is_closed_and_says_why_and_when_it_opens_again() -> None:
    shop = opening("2026-02-16..2026-02-24/closed/春节")
    assert not shop.is_open(at("2026-02-17", 10))
    special = shop.on(date(2026, 2, 17))
    assert special is not None
    assert special.why == "春节"
    assert shop.opens_next(at("2026-02-17", 10)) == at("2026-02-25", 8)
    assert shop.is_open(at("2026-02-25", 8))
    assert shop.on(date(2026, 2, 25)) is None


def test_on_other_days_it_keeps_other_hours() -> None:
    shop = opening("2026-03-07/10:00-12:00+14:00-16:00")  # a Saturday
    assert [shop.is_open(at("2026-03-07", hour)) for hour in (9, 10, 12, 14, 16)] == [False, True, False, True, False]
    assert shop.until(at("2026-03-07", 14, 30)) == at("2026-03-07", 16)
    assert shop.opens_next(at("2026-03-07", 11)) == at("2026-03-07", 14)


def test_the_night_before_a_closed_day_runs_to_its_end_in_the_morning() -> None:
    shop = opening("2026-03-10/closed", week=NIGHTS)
    assert shop.is_open(at("2026-03-10", 7))
    assert shop.until(at("2026-03-09", 23)) == at("2026-03-10", 8)
    assert not shop.is_open(at("2026-03-10", 21))
    assert not shop.is_open(at("2026-03-11", 7))


def test_holidays_and_worked_weekends_are_those_of_the_centres_calendar() -> None:
    shop = opening("holidays/10:00-16:00", "make_up_days/monday")
    assert not shop.is_open(at("2026-02-17", 9))
    assert shop.is_open(at("2026-02-17", 15))
    assert shop.is_open(at("2027-05-01", 15)), "of every year"
    assert shop.is_open(at("2026-02-28", 19)), "a Saturday that is worked"
    assert not shop.is_open(at("2026-03-07", 15)), "any other Saturday"


def test_a_date_goes_before_the_calendar() -> None:
    shop = opening("holidays/closed", "2026-02-17/09:00-10:00")
    assert shop.is_open(at("2026-02-17", 9))
    assert not shop.is_open(at("2026-02-18", 9))


def test_who_never_opens_again_and_who_never_closes_have_no_moment() -> None:
    assert opening("2026-01-01..2030-12-31/closed").opens_next(at("2026-02-17", 10)) is None
    always = tuple(Span.of(weekday, time(0), time(0)) for weekday in range(7))
    assert opening("2026-01-01/closed", week=always).until(at("2026-02-17", 10)) is None


def test_lines_are_kept_in_one_form() -> None:
    change = read(MerchantChange, {"special_hours": ["2026-02-17..2026-02-17/closed", " holidays/sunday/  值班 "]})
    assert change.special_hours == ["2026-02-17/closed", "holidays/sunday/值班"]


@pytest.mark.parametrize(
    "line",
    [
        *("2026-02-30/closed", "2026-02-17", "2026-02-17/open", "2026-02-18..2026-02-17/closed"),
        *("2026-02-17/25:00-26:00", "holidays", "easter/closed", "2026-02-17/closed/a/b"),
    ],
)
def test_what_is_no_such_line_is_refused_by_its_field(line: str) -> None:
    with pytest.raises(Refused) as refused:
        read(MerchantChange, {"special_hours": [line]})
    assert [(each.field, each.key) for each in refused.value.problems] == [("special_hours", "special_hours")]
