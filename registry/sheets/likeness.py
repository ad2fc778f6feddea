"""Which resident a line of a sheet means: the same number, the same name with something that agrees, or nobody yet.

Two people may have one name, one telephone and one door; a name may be written in two ways. What cannot be told
apart is doubtful, and a person says.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import bindparam, select
from sqlmodel import col

from registry import unfiled
from registry.address import core
from registry.among import among, ids, texts
from registry.models import Line, Resident, SearchToken
from registry.pinyin import Syllables, spellings
from registry.search import OF_HER_OWN, name_keys
from registry.sheets.cells import words
from registry.sheets.record import Facts
from registry.store import Reading, Scope, Writing
from registry.text import folded
from registry.vault import Vault

Door = tuple[str, str, str, str]
Key = str | bytes | Syllables
_TOLD_BY = (
    *(col(Resident.id), col(Resident.name), col(Resident.born), col(Resident.identity_hash), col(Resident.ended_at)),
    *(col(Resident.community), col(Resident.building), col(Resident.unit), col(Resident.door)),
)


@dataclass(frozen=True, slots=True)
class Person:
    """What one person is told from another by; `id` 0 is one who stands only in the sheet."""

    id: int
    name: str
    born: date | None
    door: Door | None
    numbers: frozenset[str]
    identity: frozenset[bytes]  # the hashes that her number may stand under
    ended: bool = False

    @classmethod
    def of(cls, facts: Facts, vault: Vault) -> "Person":
        number = facts.get("identity_number")
        return cls(
            0,
            same_name(facts.get("name", "")),
            date.fromisoformat(facts["born"]) if facts.get("born") else None,
            _door(*(facts.get(key, "") for key in ("community", "building", "unit", "door"))),
            frozenset(line["number"] for line in facts.get("lines", ())),
            frozenset(vault.identity_hashes(number)) if number else frozenset(),
        )


@dataclass(frozen=True, slots=True)
class Meant:
    """The one resident who is meant, or nobody (a new one), or a doubt: why, and who it may be."""

    id: int | None = None
    doubt: str | None = None
    among: tuple[int, ...] = ()


def same_name(name: str) -> str:
    return folded(words(name), 80)


class Acquaintance:
    """People, and quickly those of them who may be one certain person: nobody else can be her."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._by_key: dict[Key, list[Person]] = {}
        self._by_id: dict[int, Person] = {}
        for person in people:
            self.add(person)

    def add(self, person: Person) -> None:
        self._by_id[person.id] = person
        for key in keys(person):
            self._by_key.setdefault(key, []).append(person)

    def like(self, person: Person) -> list[Person]:
        """Who has the same identity number, is called the same, or sounds the same."""
        found = {id(one): one for key in keys(person) for one in self._by_key.get(key, ())}
        return list(found.values())

    def of_id(self, resident_id: int) -> Person | None:
        return self._by_id.get(resident_id)


def candidates(session: Reading | Writing, scope: Scope, people: Sequence[Person]) -> dict[int, Person]:
    """Everybody in scope who may be one of `people`; a fixed number of statements however many there are.

    Of whoever is known by her identity number nobody is looked for who only has her name or her number: of a hundred
    people many hundreds have one of their names.
    """
    known: dict[int, Person] = {}
    if hashes := sorted({each for person in people for each in person.identity}):
        known = persons(session, scope, set(session.rows(_IDENTIFIED, asked=hashes).scalars()))
    identified = {each for one in known.values() for each in one.identity}
    others = [person for person in people if person.identity.isdisjoint(identified)]
    keys = {key for person in others for key in name_keys(person.name)}
    numbers = {number for person in others for number in person.numbers}
    found = set(session.rows(_CALLED, asked=texts(sorted(keys))).scalars())
    for hers, tokens in unfiled.everybody(session).items():
        if any(tokens[key] >= OF_HER_OWN for key in tokens.keys() & keys):
            found.add(hers)
    found.update(session.rows(_REACHED, asked=texts(sorted(numbers))).scalars())
    return known | persons(session, scope, found - known.keys())


_CALLED = select(col(SearchToken.resident_id)).where(
    among(col(SearchToken.token), "asked"), col(SearchToken.weight) >= OF_HER_OWN
)
_REACHED = select(col(Line.resident_id)).where(among(col(Line.number), "asked"))
_IDENTIFIED = select(col(Resident.id)).where(col(Resident.identity_hash).in_(bindparam("asked", expanding=True)))


def persons(session: Reading | Writing, scope: Scope, resident_ids: Collection[int]) -> dict[int, Person]:
    if not resident_ids:
        return {}
    wanted = {"ids": ids(sorted(resident_ids))}
    numbers: dict[int, set[str]] = {}
    living = among(col(Line.resident_id), "ids"), col(Line.ended_at).is_(None)
    for resident_id, number in session.execute(
        select(col(Line.resident_id), col(Line.number)).where(*living), wanted
    ):
        numbers.setdefault(resident_id, set()).add(number)
    rows = session.execute(select(*_TOLD_BY).where(among(col(Resident.id), "ids"), scope.covers(Resident)), wanted)
    return {
        one.id: Person(
            one.id,
            same_name(one.name),
            one.born,
            _door(one.community, one.building, one.unit, one.door),
            frozenset(numbers.get(one.id, ())),
            frozenset({one.identity_hash} if one.identity_hash else ()),
            one.ended_at is not None,
        )
        for one in rows
    }


def meant(person: Person, known: Sequence[Person]) -> Meant:
    """Who of `known` the `person` of a line is."""
    if same := [one for one in known if one.identity & person.identity]:
        return _by_identity(person, same)
    sure: list[int] = []
    doubts: dict[int, str] = {}
    for one in known:
        verdict = compared(person, one)
        if one.ended:
            verdict = "has_ended" if verdict == "" else None
        if verdict == "":
            sure.append(one.id)
        elif verdict:
            doubts[one.id] = verdict
    if len(sure) == 1:
        return Meant(sure[0])
    if sure:
        return Meant(doubt="several_alike", among=tuple(sorted(sure)))
    return Meant(doubt=next(iter(doubts.values())), among=tuple(sorted(doubts))) if doubts else Meant()


def named(person: Person, resident_id: int, known: Acquaintance) -> Meant:
    """The resident whose number in the register the sheet gives, when that can be her."""
    other = known.of_id(resident_id)
    if other is None:
        return Meant(doubt="not_in_register", among=(resident_id,))
    if other.ended:
        return Meant(doubt="has_ended", among=(resident_id,))
    if (
        person.identity & other.identity
        or person.name == other.name
        or _sound_alike(person.name, other.name)
        or agreeing(person, other)
    ):
        return Meant(resident_id)
    return Meant(doubt="somebody_else", among=(resident_id,))


def _by_identity(person: Person, same: list[Person]) -> Meant:
    living = [one for one in same if not one.ended]
    if len(living) == 1 and living[0].name == person.name:
        return Meant(living[0].id)
    doubt = "same_identity" if living else "same_identity_ended"
    return Meant(doubt=doubt, among=tuple(sorted(one.id for one in living or same)))


def compared(person: Person, other: Person) -> str | None:
    """None: somebody else. Empty: the same. Otherwise why it is doubtful."""
    by_name = person.name == other.name
    if not by_name and not _sound_alike(person.name, other.name):
        return None
    agree, differ = agreeing(person, other), _differ(person, other)
    if not agree:
        return "same_name_only" if by_name and not differ else None
    if not by_name:
        return None if len(differ) >= len(agree) or "born" in differ else "another_spelling"
    if person.identity and other.identity and not person.identity & other.identity:
        return "other_identity"
    if "born" in differ:
        return "other_birthday"
    return "another_place" if len(differ) > len(agree) else ""


def agreeing(person: Person, other: Person) -> set[str]:
    """What both say alike."""
    found = {
        name for name in ("born", "door") if getattr(person, name) and getattr(person, name) == getattr(other, name)
    }
    return found | ({"numbers"} if person.numbers & other.numbers else set())


def _differ(person: Person, other: Person) -> set[str]:
    """What both say, and not alike."""
    both = {name for name in ("born", "door", "numbers") if getattr(person, name) and getattr(other, name)}
    return both - agreeing(person, other)


def _sound_alike(one: str, other: str) -> bool:
    return not sounds(one).isdisjoint(sounds(other))


def keys(person: Person) -> Iterator[Key]:
    """Two people who have none of these in common are different ones."""
    yield person.name
    yield from sounds(person.name)
    yield from person.identity


@lru_cache(maxsize=20_000)
def sounds(name: str) -> frozenset[Syllables]:
    """Every way a folded name is likely to be read."""
    return frozenset(spellings(name))


def _door(community: str, building: str, unit: str, door: str) -> Door | None:
    """None where the door is not known. The same house stands in two sheets as 5, 5栋 and 05."""
    return (folded(community, 80), core(building), core(unit), core(door)) if door else None
