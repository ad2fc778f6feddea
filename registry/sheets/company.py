"""Everybody whom a file brings in, as it is read, and quickly whether the next one may be one of them."""

from collections.abc import Hashable, Iterator

from registry.sheets import likeness
from registry.sheets.likeness import Person

_TOLD = ("born", "door", "numbers")


class Company:
    """A hundred people of one name are told apart without comparing each with each: whoever may be the same has one
    of the marks in common that are looked for.
    """

    def __init__(self) -> None:
        # By the hash of a mark: two marks may have the same one, people are compared all the same. A mark is nearly
        # always one person's, and a hundred thousand people have a million of them.
        self._first: dict[int, Person] = {}
        self._others: dict[int, list[Person]] = {}

    def joins(self, person: Person) -> bool:
        """Whether nobody who has joined before may be her; she is one of them from now on."""
        before = {id(one): one for mark in _looked_for(person) for one in self._with(hash(mark))}
        alone = all(likeness.meant(person, [one]) == likeness.Meant() for one in before.values())
        for mark in map(hash, _worn(person)):
            if self._first.setdefault(mark, person) is not person:
                self._others.setdefault(mark, []).append(person)
        return alone

    def _with(self, mark: int) -> Iterator[Person]:
        if (first := self._first.get(mark)) is not None:
            yield first
            yield from self._others.get(mark, ())


def _worn(person: Person) -> Iterator[Hashable]:
    yield from _shared(person)
    yield person.name, _told(person)


def _looked_for(person: Person) -> Iterator[Hashable]:
    """Besides what both say alike: of one name, and nothing told of both that could tell them apart."""
    yield from _shared(person)
    told = _told(person)
    yield from ((person.name, other) for other in range(2 ** len(_TOLD)) if not other & told)


def _shared(person: Person) -> Iterator[Hashable]:
    yield from person.identity
    for called in likeness.sounds(person.name) or {person.name}:
        if person.born:
            yield called, person.born
        if person.door:
            yield called, person.door
        yield from ((called, number) for number in person.numbers)


def _told(person: Person) -> int:
    """Which of `_TOLD` is known of her, a bit for each."""
    return sum(1 << place for place, name in enumerate(_TOLD) if getattr(person, name))
