"""When the survey is due at somebody's door again."""

from datetime import date, timedelta

import pytest

from registry.home_visits import HomeVisitDays, next_visit
from registry.models import Group

REGISTERED, VISITED = date(2026, 1, 1), date(2026, 3, 1)
ALONE = (Group.LIVING_ALONE,)


@pytest.mark.parametrize(
    ("care_level", "groups", "days"),
    [
        (0, (), 365),
        (1, (), 180),
        (2, (), 90),
        (3, (), 60),
        (4, (), 30),
        (0, ALONE, 180),
        (4, (Group.LOW_INCOME, Group.LIVING_ALONE), 30),
        (0, (Group.EMPTY_NEST,), 365),
    ],
)
def test_who_needs_more_care_is_visited_more_often_and_who_lives_alone_as_often_as_level_1(
    care_level: int, groups: tuple[Group, ...], days: int
) -> None:
    due = next_visit(care_level, groups, VISITED, REGISTERED, HomeVisitDays())
    assert due == VISITED + timedelta(days=days)


def test_whom_nobody_has_visited_waits_since_she_was_registered() -> None:
    assert next_visit(2, (), None, REGISTERED, HomeVisitDays()) == date(2026, 4, 1)


def test_a_centre_has_its_own_days() -> None:
    own = HomeVisitDays(level_0_days=100, level_3_days=7, alone_as_level=3)
    assert next_visit(0, (), VISITED, REGISTERED, own) == VISITED + timedelta(days=100)
    assert next_visit(0, ALONE, VISITED, REGISTERED, own) == VISITED + timedelta(days=7)
