"""Who lives in a building that is named as people name it: 青石里5栋, 青石里5栋2单元, 青石里 5."""

import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlmodel import col

from registry.address import core
from registry.models import Resident
from registry.store import Reading, Scope, Writing
from registry.text import plain

_NUMERALS = "一二三四五六七八九十"
_BUILDING = re.compile(
    # A community may have figures of its own, 青石里3期5栋: the first that a building's end follows are the building.
    rf"(?P<community>\S*?[^\s0-9a-z-])[\s-]?(?P<building>[0-9]{{1,3}}|[a-z][0-9]{{0,2}}|[{_NUMERALS}]{{1,3}})"
    rf"(?:(?:号楼|[栋幢座楼号#-])(?:\s?(?P<unit>[0-9]{{1,2}}|[{_NUMERALS}]{{1,3}})(?:单元|-|(?=\s|$)))?"
    r"(?:[0-9]{2,4}[室号户]?)?)?(?=\s|$)",
    re.IGNORECASE,
)
_MOST = 2  # buildings of one search


@dataclass(frozen=True, slots=True)
class Building:
    """As it was typed; without a unit all of it is meant."""

    community: str
    building: str
    unit: str = ""


def named(text: str, longest: int) -> list[Building]:
    """The buildings that may be meant by a text, of which so much is looked at."""
    typed = unicodedata.normalize("NFKC", plain(text, longest))[:longest]
    found = (
        Building(each["community"], core(each["building"]), core(each["unit"]) if each["unit"] else "")
        for each in _BUILDING.finditer(typed)
    )
    return list(dict.fromkeys(found))[:_MOST]


def who_live_there(session: Reading | Writing, scope: Scope, place: Building) -> Select[int | None]:
    """Their ids, as a statement along the index of buildings."""
    community = {place.community, place.community.upper()}  # a centre writes A区, and it is typed a区
    there = select(col(Resident.id)).where(
        col(Resident.centre_id) == scope.centre_id, col(Resident.community).in_(sorted(community))
    )
    # 5, 05 and 5栋 are one building in as many spellings: which of them stand there is asked first.
    for part, meant in ((col(Resident.building), place.building), (col(Resident.unit), place.unit)):
        if meant:
            known = session.scalars(there.with_only_columns(part).distinct())
            there = there.where(part.in_(sorted(each for each in known if each and core(each) == meant)))
    return there
