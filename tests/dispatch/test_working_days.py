from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.errors import DispatchError
from dispatch.working_days import Calendar, calendar
from registry.errors import Refused
from tests.dispatch.town import Town


@pytest.fixture
def days(town: Town) -> Calendar:
    with town.store.reading() as session:
        return calendar(session, town.centre_id)


def test_2026_has_the_248_working_days_that_the_state_council_arranged(days: Calendar) -> None:
    """There are 261 weekdays without the 19 that are off, and the six weekends that are worked in exchange."""
    year = [date(2026, 1, 1) + timedelta(days=each) for each in range(365)]
    off = sum(1 for day in year if day.weekday() < 5 and not days.works(day))
    made_up = [day for day in year if day.weekday() > 4 and days.works(day)]
    assert made_up == [
        *(date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28)),
        *(date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10)),
    ]
    assert (off, sum(map(days.works, year))) == (19, 248)


@pytest.mark.parametrize(
    ("opened", "ordinary", "complex_"),
    [
        ("2026-03-02", "2026-03-05", "2026-03-11"),  # a Monday: a weekend in the complex one
        ("2026-02-13", "2026-02-25", "2026-03-02"),  # Spring Festival, a worked Saturday before it and one after
        ("2026-09-30", "2026-10-10", "2026-10-15"),  # National Day, and the Saturday that makes up for it
        ("2026-10-03", "2026-10-10", "2026-10-15"),  # opened on a day off
        ("2027-09-30", "2027-10-06", "2027-10-12"),  # a year of which nothing is known but the holidays themselves
    ],
)
def test_three_and_seven_working_days_after_the_day_it_was_opened(
    days: Calendar, opened: str, ordinary: str, complex_: str
) -> None:
    at = datetime.fromisoformat(f"{opened}T15:00+08:00")
    for count, due in ((3, ordinary), (7, complex_)):
        assert days.end_of(at, count) == datetime.fromisoformat(f"{due}T17:30+08:00").astimezone(UTC)


def test_the_next_years_arrangement_is_put_in_by_a_supervisor(town: Town) -> None:
    town.rule("working_days", make_up_days=["2027-10-09"])
    with town.store.reading() as session:
        assert calendar(session, town.centre_id).works(date(2027, 10, 9))
    for wrong in ("2027-02-30", "2027-10-07/2027-10-01", "10-01"):
        with pytest.raises((Refused, DispatchError)):
            town.rule("working_days", days_off=[wrong])
