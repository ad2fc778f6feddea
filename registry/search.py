"""Finding a resident from half a memory: part of a name, pinyin, the end of a number, a door.

Everything a resident can be found by is kept as short tokens in one ordinary index, written in the same transaction
as the person, so that SQLite and PostgreSQL find alike; of those whom an import has just brought they may not stand
in the index yet (`registry.unfiled`). A token begins with its kind: `n:` characters, `p:` pinyin, `i:` initials,
`4:` last four digits, `d:` door; its weight says how much finding it tells.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice, product

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
)
from sqlmodel import col

from registry import buildings, centres, unfiled
from registry.address import Address, core
from registry.among import among, ids
from registry.cards import ResidentSummary, summaries
from registry.models import Area, Contact, Left, Line, Resident, SearchToken, SearchUnfiled
from registry.numbers import NumberPlan
from registry.pinyin import Syllables, other_initials, spellings, split_name, toneless
from registry.sounds import heard_alike
from registry.store import Reading, Scope, Writing
from registry.text import folded
from registry.vault import Vault

LONGEST = 64  # characters of a query that are looked at
TOKEN = 40  # characters of a token
OF_HER_OWN = 6  # the least weight of her own whole name, in any reading; a contact's has less
_PER_TOKEN = 1000  # rows of one token that are looked at: a syllable that thousands bear says little
_RANKED = 1000  # residents that are ranked
_WORDS = 5  # of a query
_SURELY = 10_000  # times as much says what she typed as what only sounds alike, and so always more
_FOUND = (col(SearchToken.resident_id), col(SearchToken.weight))

# Neither whoever went into another record nor whoever was deleted.
_GONE = func.coalesce(col(Resident.ended_why), "").in_([str(why) for why in Left])
# The line of somebody who has left was hers to the end; in a subquery, so that nothing is read along the residents.
_ENDED_WITH_HER = (
    select(literal(1))
    .where(col(Resident.id) == Line.resident_id, col(Resident.ended_at) == Line.ended_at, _GONE)
    .exists()
)

_DOOR_WORDS = re.compile(r"(?:号楼|单元|[栋幢座楼门室号户#/.\s–—-])+")
_DOOR = re.compile(r"(?:^|[^0-9a-z-])-?([0-9a-z]{1,6}(?:-[0-9a-z]{1,6}){1,2})-?$")
_IDENTITY = re.compile(r"[0-9]{17}[0-9x]|[0-9]{15}")
_NUMBER = re.compile(r"[+(]?[0-9][0-9()\s-]*")
_LATIN = re.compile(r"[a-zü]+")
_CHARACTERS = re.compile(r"[^\W\d_a-zü]+")  # letters of every other script
_LETTERS = re.compile(r"[^\W\d_]+")
_SCRIPTS = re.compile(f"{_LATIN.pattern}|{_CHARACTERS.pattern}")
_HEARD = 250  # spellings at most that sound like one query
_MIXED = 2  # of one word
_READ = 4  # ways at most that letters and characters in one word are read


@dataclass(frozen=True, slots=True)
class Profile:
    """What a resident can be found by."""

    name: str
    called: str = ""
    address: Address = field(default_factory=Address)
    numbers: tuple[str, ...] = ()
    contacts: tuple[tuple[str, str], ...] = ()  # name and number


def tokens_of(profile: Profile) -> dict[str, int]:
    """Every token of a resident with its weight."""
    found: dict[str, int] = {}
    for token, weight in _tokens(profile):
        kept = token[:TOKEN]
        found[kept] = max(weight, found.get(kept, 0))
    return found


def name_keys(name: str) -> list[str]:
    """The tokens of everybody who is called so, or whose whole name sounds so."""
    text = folded(name, 80)
    keys = [f"n:{run}" for run in _CHARACTERS.findall(text)] + [f"p:{''.join(each)}" for each in spellings(text)]
    return [key[:TOKEN] for key in keys]


def index(session: Writing, resident: Resident) -> None:
    """Writes the resident's tokens anew; to be called in the transaction that changes what she is found by."""
    session.flush()
    numbers = session.execute(
        select(col(Line.number)).where(col(Line.resident_id) == resident.id, col(Line.ended_at).is_(None))
    ).scalars()
    contacts = session.execute(
        select(col(Contact.name), col(Contact.number)).where(
            col(Contact.resident_id) == resident.id, col(Contact.rank).is_not(None)
        )
    ).all()
    profile = Profile(
        name=resident.name,
        called=resident.called or "",
        address=Address(resident.community, resident.building, resident.unit, resident.door),
        numbers=tuple(numbers),
        contacts=tuple((name, number) for name, number in contacts),
    )
    assert resident.id is not None
    forget(session, resident.id)
    rows = [
        {"token": token, "resident_id": resident.id, "weight": weight}
        for token, weight in sorted(tokens_of(profile).items())
    ]
    session.execute(insert(SearchToken), rows)


def forget(session: Writing, resident_id: int) -> None:
    """She is not found any more."""
    for table in (SearchUnfiled, SearchToken):
        session.execute(delete(table).where(col(table.resident_id) == resident_id))


def find_residents(
    session: Reading | Writing,
    scope: Scope,
    q: str,
    limit: int = 20,
    *,
    now: datetime,
    vault: Vault | None = None,
    left: int = 0,
) -> list[ResidentSummary]:
    """The residents in scope that `q` may mean, best first; any text is answered, in time. After all of them, and no
    more than `left`, come those who have died or moved away.

    Understood are a name or two or more characters of it, also written with others that sound alike, its pinyin with
    tones or without, or its initials, from the second letter on, and characters and letters in one word; the last
    four digits or more of a number of hers or of a contact, a whole number in any spelling; `5-2-502` or
    5栋2单元502, 青石里5栋 or 青石里5栋2单元; a contact's name; and several of these with spaces between them; with a
    `vault` a whole identity number. Whoever is only heard alike comes after all others.
    """
    text = folded(q, LONGEST)
    plan = centres.plan(session, scope.centre_id)
    index = _Index(unfiled.everybody(session))
    typed = list(dict.fromkeys((text, toneless(text))))
    searches = [each for words in typed for each in _searches(words, plan, index)]
    if vault is not None and _IDENTITY.fullmatch(number := text.replace(" ", "")):
        vault.look(session)
        searches.append(_by_identity(vault.identity_hashes(number)))
    for place in buildings.named(q, LONGEST):
        there = buildings.who_live_there(session, scope, place).subquery()
        searches.append(_some(select(there.c.id.label("resident_id"), literal(10).label("weight"))))
    if not searches:
        return []
    surely = [select(part.c.resident_id, (part.c.weight * _SURELY).label("weight")) for part in searches]
    by_ear = [select(part.c.resident_id, part.c.weight) for words in typed for part in _by_ear(words, index)]
    hits = union_all(*surely, *by_ear).subquery()
    score = func.sum(hits.c.weight)
    ranked = [
        row[0]
        for row in session.execute(
            select(hits.c.resident_id)
            .group_by(hits.c.resident_id)
            .order_by(score.desc(), hits.c.resident_id)
            .limit(_RANKED)
        )
    ]
    # Two statements, and the scope looked at here: with no statistics SQLite, and with a thousand ids PostgreSQL,
    # would rather read every resident of the centre than look these up.
    rows = session.execute(
        select(
            col(Resident.id),
            col(Resident.centre_id),
            col(Area.path),
            col(Resident.community),
            col(Resident.name),
            _GONE,
        )
        .outerjoin(Area, col(Area.id) == Resident.area_id)
        .where(among(col(Resident.id), "ids"), or_(col(Resident.ended_at).is_(None), _GONE)),
        {"ids": ids(ranked)},
    )
    characters = [each for letters in _mixed(text) for each in _CHARACTERS.findall(letters)]
    said, gone = {}, set()  # how much of what she typed, beyond a token, is true of whom
    for resident_id, centre_id, path, community, name, has_left in rows:
        if centre_id == scope.centre_id and scope.sees(path):
            lives_there = bool(community) and folded(community, LONGEST) in text
            said[resident_id] = 2 * lives_there + (bool(characters) and all(each in name for each in characters))
            if has_left:
                gone.add(resident_id)
    found = sorted((each for each in ranked if each in said), key=lambda each: -said[each])
    best = [resident_id for resident_id in found if resident_id not in gone][:limit]
    best += [resident_id for resident_id in found if resident_id in gone][: min(left, limit - len(best))]
    told = summaries(session, scope, best, now)
    return [told[resident_id] for resident_id in best if resident_id in told]


def _tokens(profile: Profile) -> Iterator[tuple[str, int]]:
    name = folded(profile.name, 80)
    yield from _name_tokens(name, whole=20, part=OF_HER_OWN)
    for run in _CHARACTERS.findall(name):
        yield from ((f"n:{character}", 2) for character in run)
    for rank, syllables in enumerate(spellings(name)):
        yield f"i:{''.join(syllable[0] for syllable in syllables)}", 6 if rank else 12
    yield from ((f"i:{letters}", 12) for letters in other_initials(name))
    yield from _name_tokens(folded(profile.called, 80), whole=12, part=4)
    for contact, number in profile.contacts:
        yield from _name_tokens(folded(contact, 80), whole=4, part=2)
        yield f"4:{number[-4:]}", 4
    for number in profile.numbers:
        yield f"4:{number[-4:]}", 10
    building, unit, door = (
        core(part) for part in (profile.address.building, profile.address.unit, profile.address.door)
    )
    if door:
        yield f"d:{door}", 6
    if door and building:
        yield f"d:{building}-{door}", 15
    if door and building and unit:
        yield f"d:{building}-{unit}-{door}", 20


@lru_cache(maxsize=20_000)
def _name_tokens(name: str, *, whole: int, part: int) -> tuple[tuple[str, int], ...]:
    """Of a folded name: all of it, its pairs of characters, and its pinyin with and without the surname."""
    return tuple(_each_name_token(name, whole, part))


def _each_name_token(name: str, whole: int, part: int) -> Iterator[tuple[str, int]]:
    for run in _CHARACTERS.findall(name):
        yield f"n:{run}", whole
        yield from ((f"n:{pair}", part) for pair in _pairs(run))
    for rank, syllables in enumerate(spellings(name)):
        yield f"p:{''.join(syllables)}", part if rank else whole
    for syllables in spellings(split_name(name)[1]):
        yield f"p:{''.join(syllables)}", part
    yield from ((f"p:{word}", part) for word in _LATIN.findall(name))


class _Index:
    """Finds tokens, also those of people who wait for standing in the index, as tables of (resident_id, weight), none
    of them longer than `_PER_TOKEN` rows and whoever waits.
    """

    def __init__(self, waiting: Mapping[int, Mapping[str, int]]) -> None:
        self._waiting = waiting

    def token(self, token: str) -> FromClause:
        token = token[:TOKEN]
        waiting = {hers: tokens[token] for hers, tokens in self._waiting.items() if token in tokens}
        return self._found(waiting, col(SearchToken.token) == token)

    def prefix(self, prefix: str) -> FromClause:
        prefix = prefix[:TOKEN]
        after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        waiting = {
            hers: sum(weight for token, weight in tokens.items() if token.startswith(prefix))
            for hers, tokens in self._waiting.items()
        }
        found = {hers: weight for hers, weight in waiting.items() if weight}
        return self._found(found, col(SearchToken.token) >= prefix, col(SearchToken.token) < after)

    def any(self, tokens: Sequence[str]) -> FromClause:
        kept = {token[:TOKEN] for token in tokens}
        waiting = {
            hers: sum(map(hold.__getitem__, borne))
            for hers, hold in self._waiting.items()
            if (borne := hold.keys() & kept)
        }
        return self._found(waiting, col(SearchToken.token).in_(sorted(kept)))

    def _found(self, waiting: Mapping[int, int], *conditions: ColumnElement[bool]) -> FromClause:
        if self._waiting:  # of a filing that was cut off, some of a person's tokens stand in the index
            conditions += (col(SearchToken.resident_id).not_in(select(col(SearchUnfiled.resident_id))),)
        filed = _some(select(*_FOUND).where(*conditions))
        if not waiting:
            return filed
        each = func.json_each(json.dumps(waiting)).table_valued("key", "value")
        resident_id, weight = cast(each.c.key, Integer), cast(each.c.value, Integer)
        return union_all(select(filed), select(resident_id.label("resident_id"), weight.label("weight"))).subquery()


def _searches(text: str, plan: NumberPlan, index: _Index) -> Iterator[FromClause]:
    """Tables of (resident_id, weight), each read along an index."""
    door = _DOOR.search(_DOOR_WORDS.sub("-", text))
    if door and door[1][-1].isdigit():
        yield index.token(f"d:{'-'.join(part.lstrip('0') or '0' for part in door[1].split('-'))}")
    if _NUMBER.fullmatch(text):
        yield from _by_number(text, plan, index)
        return
    words = text.split()
    if len(words) > 1 and _LATIN.fullmatch(joined := "".join(words)):  # wang xiu ying
        yield index.prefix(f"p:{joined.replace('ü', 'v')}")
    for word in words[:_WORDS]:
        if _NUMBER.fullmatch(word):
            yield from _by_number(word, plan, index)
        for letters in _mixed(word)[:_MIXED]:
            yield from (index.prefix(f"p:{each}") for each in _pinyin(letters))
            yield from (index.prefix(f"i:{each}") for each in _initials(letters))
        for letters in _LATIN.findall(word):
            if len(letters) > 1:
                yield index.prefix(f"p:{letters.replace('ü', 'v')}")
                yield index.prefix(f"i:{letters}")
        for characters in _CHARACTERS.findall(word):
            yield index.token(f"n:{characters}")
            if len(characters) > 1:  # written as it sounds: 王绣瑛
                yield from (index.token(f"p:{sound}") for sound in dict.fromkeys(map("".join, spellings(characters))))
            if len(characters) > 2:
                yield from (index.token(f"n:{pair}") for pair in dict.fromkeys(_pairs(characters)))


def _mixed(text: str) -> list[str]:
    """What is written in characters and goes on in letters, or the other way round."""
    return [each for each in _LETTERS.findall(text) if len(_SCRIPTS.findall(each)) > 1]


def _by_ear(text: str, index: _Index) -> Iterator[FromClause]:
    """Whose names sound as these words do in Chongqing: a table as those of `_searches`."""
    words = text.split()
    written = ["".join(words)] if len(words) > 1 else []  # wan xiu yin
    sounds = (
        f"p:{sound}"
        for word in [*written, *words[:_WORDS]]
        for letters in _LETTERS.findall(word)
        for each in _pinyin(letters)
        for sound in heard_alike(each)
    )
    if heard := list(islice(sounds, _HEARD)):
        yield index.any(heard)


def _pinyin(letters: str) -> list[str]:
    """Of 王xiuying: wangxiuying."""
    return _each_reading(letters, "".join)


def _initials(letters: str) -> list[str]:
    """Of 王xy: wxy."""
    return _each_reading(letters, lambda syllables: "".join(syllable[0] for syllable in syllables))


def _each_reading(letters: str, written: Callable[[Syllables], str]) -> list[str]:
    pieces = (
        [piece.replace("ü", "v")] if _LATIN.match(piece) else dict.fromkeys(map(written, spellings(piece)))
        for piece in _SCRIPTS.findall(letters)
    )
    return ["".join(each) for each in islice(product(*pieces), _READ)]


def _by_number(text: str, plan: NumberPlan, index: _Index) -> Iterator[FromClause]:
    """A door of two digits or more, the last four digits of a number or more of its end, a whole number."""
    digits = re.sub(r"[^0-9]", "", text)
    if 2 <= len(digits) <= 4:
        yield index.token(f"d:{digits.lstrip('0') or '0'}")
    if len(digits) == 4:
        yield index.token(f"4:{digits}")
    if len(digits) <= 4:
        return
    numbers = plan.read(text).candidates
    ends_alike = index.token(f"4:{digits[-4:]}")
    for table, living, weight in (
        (Line, or_(col(Line.ended_at).is_(None), _ENDED_WITH_HER), 40),
        (Contact, col(Contact.rank).is_not(None), 20),
    ):
        number, resident_id = col(table.number), col(table.resident_id)
        yield _some(select(resident_id, literal(weight).label("weight")).where(number.in_(numbers), living))
        yield _some(
            select(resident_id, literal(weight // 4).label("weight"))
            .join(ends_alike, ends_alike.c.resident_id == resident_id)
            .where(number.endswith(digits), living)
        )


def _by_identity(hashes: Sequence[bytes]) -> FromClause:
    weight = literal(100).label("weight")
    return _some(select(col(Resident.id).label("resident_id"), weight).where(col(Resident.identity_hash).in_(hashes)))


def _some(rows: Select[int, int]) -> FromClause:
    return rows.limit(_PER_TOKEN).subquery()


def _pairs(text: str) -> Iterator[str]:
    return (text[place : place + 2] for place in range(len(text) - 1))
