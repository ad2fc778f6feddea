"""Who may be somebody that an earlier row of the same file brings."""

from datetime import date
from itertools import combinations

import pytest

from registry.sheets import likeness
from registry.sheets.company import Company
from registry.sheets.likeness import Person

BORN = date(1944, 3, 12)
DOOR = ("青石里", "5", "2", "502")


def person(
    name: str = "王秀英",
    born: date | None = BORN,
    door: likeness.Door | None = DOOR,
    *numbers: str,
    identity: bytes = b"",
) -> Person:
    return Person(0, name, born, door, frozenset(numbers), frozenset({identity} if identity else ()))


PEOPLE = [
    person(name, born, door, *numbers, identity=identity)
    for name in ("王秀英", "王秀瑛", "李建国")
    for born in (BORN, date(1950, 1, 1), None)
    for door in (DOOR, ("青石里", "6", "1", "101"), None)
    for numbers in (("+8613900000001",), ("+8613900000002",), ())
    for identity in (b"one", b"two", b"")
]


def test_whoever_is_compared_with_each_one_by_one_is_found_by_her_marks() -> None:
    for before, one in combinations(PEOPLE, 2):
        company = Company()
        assert company.joins(before)
        assert company.joins(one) == (likeness.meant(one, [before]) == likeness.Meant())


@pytest.mark.parametrize("place", [0, 1, 2])
def test_somebody_is_not_alone_whoever_else_has_joined(place: int) -> None:
    others = [person("李建国"), person("张桂芳"), person("赵德明")]
    company = Company()
    for one in [*others[:place], person(), *others[place:]]:
        assert company.joins(one)
    assert not company.joins(person("王秀瑛"))
