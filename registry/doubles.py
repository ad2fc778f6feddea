"""People who may stand in the register twice, and those of whom somebody has said that they are two."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlalchemy import Select, String, cast, func, select
from sqlmodel import col

from registry.models import Line, Resident, ResidentsApart
from registry.sheets.likeness import Person, agreeing, compared, persons
from registry.store import Reading, Scope, Writing

MOST_OF_ONE = 30  # people with whom one person may share something
AT_ONCE = 500  # people who are read together

_LIVING = select(func.aggregate_strings(cast(col(Resident.id), String), ",")).where(col(Resident.ended_at).is_(None))


def _few(sharing: Select[Any], *what: Any) -> Select[Any]:
    """One row for each thing that a few people share. Pairs of rows would be as many as the square of a crowd."""
    return sharing.group_by(*what).having(func.count().between(2, MOST_OF_ONE + 1))


_SHARED = (
    _few(_LIVING.where(col(Resident.identity_hash).is_not(None)), col(Resident.identity_hash)),
    _few(_LIVING.where(col(Resident.born).is_not(None)), col(Resident.name), col(Resident.born)),
    _few(
        _LIVING.where(col(Resident.door) != ""),
        *(col(Resident.community), col(Resident.building), col(Resident.unit), col(Resident.door)),
    ),
    _few(  # a number stands once among a person's lines
        _LIVING.join(Line, col(Line.resident_id) == col(Resident.id)).where(col(Line.ended_at).is_(None)),
        col(Line.number),
    ),
)


@dataclass(frozen=True, slots=True)
class Double:
    """Two records, the older one first: what both say alike (`identity`, `name`, `born`, `door`, `numbers`), and what
    speaks against it (a key of the sheets' doubts, empty when nothing does).
    """

    one: int
    other: int
    alike: tuple[str, ...]
    doubt: str


def doubles(session: Reading, scope: Scope) -> list[Double]:
    """The surest first, in the order of their numbers."""
    apart = {(row.one_id, row.other_id) for row in session.scalars(select(ResidentsApart))}
    pairs = sorted(_sharing_something(session, scope) - apart)
    found: list[Double] = []
    for start in range(0, len(pairs), AT_ONCE):
        some = pairs[start : start + AT_ONCE]
        known = persons(session, scope, {resident for pair in some for resident in pair})
        found += (
            double
            for one, other in some
            if one in known and other in known and (double := _double(known[one], known[other])) is not None
        )
    return sorted(found, key=lambda each: (bool(each.doubt), each.one, each.other))


def keep_apart(session: Writing, one: int, other: int) -> bool:
    """Somebody says that these are two people; whether nobody had said so before."""
    pair = min(one, other), max(one, other)
    if session.get(ResidentsApart, pair) is not None:
        return False
    session.add(ResidentsApart(one_id=pair[0], other_id=pair[1], at=session.clock.now()))
    return True


def _double(one: Person, other: Person) -> Double | None:
    same_identity = bool(one.identity & other.identity)
    doubt = "" if same_identity else compared(one, other)
    if doubt is None or doubt == "same_name_only" or one.ended or other.ended:
        return None
    alike = [name for name, holds in (("identity", same_identity), ("name", one.name == other.name)) if holds]
    return Double(one.id, other.id, (*alike, *sorted(agreeing(one, other))), doubt)


def _sharing_something(session: Reading, scope: Scope) -> set[tuple[int, int]]:
    """Pairs of living people, the smaller number first, that share what few people share: a home's switchboard tells
    nobody from another.
    """
    here = col(Resident.centre_id) == scope.centre_id
    groups = (ids for shared in _SHARED for ids in session.scalars(shared.where(here)))
    return {pair for ids in groups for pair in combinations(sorted(int(each) for each in ids.split(",")), 2)}
