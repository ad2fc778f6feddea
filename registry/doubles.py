"""People who may stand in the register twice, and those of whom somebody has said that they are two."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from registry.models import Line, Resident, ResidentsApart
from registry.sheets.likeness import Person, agreeing, compared, persons
from registry.store import Reading, Scope, Writing

MOST_OF_ONE = 30  # people with whom one person may share something
AT_ONCE = 500  # people who are read together

_ONE, _OTHER = aliased(Resident), aliased(Resident)
_LINE, _OTHERS = aliased(Line), aliased(Line)


def _sharing(*same: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    pair = select(col(_ONE.id), col(_OTHER.id)).select_from(_ONE)
    return pair.join(_OTHER, and_(col(_ONE.id) < col(_OTHER.id), *same))


_PAIRS = (  # the smaller number first
    _sharing(col(_ONE.identity_hash) == col(_OTHER.identity_hash)),
    _sharing(col(_ONE.name) == col(_OTHER.name), col(_ONE.born) == col(_OTHER.born)),
    _sharing(
        col(_ONE.community) == col(_OTHER.community),
        col(_ONE.building) == col(_OTHER.building),
        col(_ONE.unit) == col(_OTHER.unit),
        col(_ONE.door) == col(_OTHER.door),
        col(_ONE.door) != "",
    ),
    select(col(_ONE.id), col(_OTHER.id))
    .select_from(_LINE)
    .join(_OTHERS, and_(col(_LINE.number) == col(_OTHERS.number), col(_LINE.resident_id) < col(_OTHERS.resident_id)))
    .join(_ONE, col(_ONE.id) == col(_LINE.resident_id))
    .join(_OTHER, col(_OTHER.id) == col(_OTHERS.resident_id))
    .where(col(_LINE.ended_at).is_(None), col(_OTHERS.ended_at).is_(None)),
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
    pairs = sorted(_alike_in_something(session, scope) - apart)
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


def keep_apart(session: Writing, one: int, other: int) -> None:
    """Somebody says that these are two people; said twice it is said once."""
    pair = min(one, other), max(one, other)
    if session.get(ResidentsApart, pair) is None:
        session.add(ResidentsApart(one_id=pair[0], other_id=pair[1], at=session.clock.now()))


def _double(one: Person, other: Person) -> Double | None:
    same_identity = bool(one.identity & other.identity)
    doubt = "" if same_identity else compared(one, other)
    if doubt is None or doubt == "same_name_only" or one.ended or other.ended:
        return None
    alike = [name for name, holds in (("identity", same_identity), ("name", one.name == other.name)) if holds]
    return Double(one.id, other.id, (*alike, *sorted(agreeing(one, other))), doubt)


def _alike_in_something(session: Reading, scope: Scope) -> set[tuple[int, int]]:
    """Pairs of living people, the smaller number first, that share what few people share."""
    living = [
        condition
        for who in (_ONE, _OTHER)
        for condition in (col(who.centre_id) == scope.centre_id, col(who.ended_at).is_(None))
    ]
    found = {(one, other) for pair in _PAIRS for one, other in session.execute(pair.where(*living))}
    return found - _crowded(found)


def _crowded(pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of people who share something with many: a home's switchboard tells nobody from another."""
    met = Counter(resident_id for pair in pairs for resident_id in pair)
    return {pair for pair in pairs if max(met[each] for each in pair) > MOST_OF_ONE}
