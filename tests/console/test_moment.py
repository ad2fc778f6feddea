"""When a need is wanted, as an operator types it at ten in the morning in Shanghai."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from console.case.moment import day, moment
from tests.console.people import NOW

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("14:30", "2026-03-02 14:30"),
        ("14.30", "2026-03-02 14:30"),
        ("１４：３０", "2026-03-02 14:30"),
        ("15点", "2026-03-02 15:00"),
        ("9:00", "2026-03-03 09:00"),
        ("今天 16:00", "2026-03-02 16:00"),
        ("明天 9:00", "2026-03-03 09:00"),
        ("后天 8点30分", "2026-03-04 08:30"),
        ("Tomorrow 9:00", "2026-03-03 09:00"),
        ("3-5 14:00", "2026-03-05 14:00"),
        ("2027/1/2 14:00", "2027-01-02 14:00"),
        ("+30", "2026-03-02 10:30"),
    ],
)
def test_a_time_is_understood(typed: str, wanted: str) -> None:
    assert moment(typed, NOW, SHANGHAI) == datetime.fromisoformat(wanted).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("typed", ["", "   "])
def test_nothing_is_as_soon_as_possible(typed: str) -> None:
    assert moment(typed, NOW, SHANGHAI) is None


@pytest.mark.parametrize(
    "typed", ["soon", "25:00", "14:75", "今天 9:00", "1-1 9:00", "2-30 9:00", "1 2 3", "+", "昨天 9:00"]
)
def test_what_cannot_be_read_or_is_past_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        moment(typed, NOW, SHANGHAI)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("2027-01-02", date(2027, 1, 2)),
        ("3-20", date(2026, 3, 20)),
        ("３／１", date(2026, 3, 1)),
        ("11-30", date(2025, 11, 30)),
        ("今天", date(2026, 3, 2)),
        ("Tomorrow", date(2026, 3, 3)),
        (" ", None),
    ],
)
def test_a_day_is_understood(typed: str, wanted: date | None) -> None:
    assert day(typed, date(2026, 3, 2)) == wanted


def test_the_last_of_february_is_that_of_a_leap_year() -> None:
    assert day("2-29", date(2028, 1, 5)) == date(2028, 2, 29)


@pytest.mark.parametrize("typed", ["休息", "2-30", "13-1", "2-29", "9:00"])
def test_what_is_no_day_is_said(typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        day(typed, date(2026, 3, 2))
