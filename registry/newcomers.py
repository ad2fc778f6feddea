"""Residents, registered: one from the console, or a hundred out of a sheet with the same few statements.

What can be worked out before the database is held can be worked out first (`newcomer`, `make_ready`); `write` only
writes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlmodel import SQLModel, col

from registry import unfiled
from registry.address import Address
from registry.among import among, texts
from registry.consent import HEALTH
from registry.drafts import ResidentDraft
from registry.models import Contact, DataKey, Line, LineKind, Resident, ResidentGroup, SearchToken, UsualMerchant
from registry.numbers import NumberPlan
from registry.search import Profile, tokens_of
from registry.store import Actor, Entry, Reading, Scope, Subject, Writing
from registry.store.bulk import bound, next_ids, pour, pour_bound
from registry.store.pouring import Rows
from registry.ties import contact_facts, kind_of
from registry.vault import Vault

COLUMNS = (  # of a draft that are columns of the resident
    *("name", "called", "gender", "born", "area_id", "community", "building", "unit", "door", "entrance_note"),
    *("lift", "lock", "dog"),
    *("language", "dialect", "hearing", "sight", "care_level"),
    *("consented_on", "consented_by", "visited_on", "visited_by"),
)
SEALED = (*HEALTH, "identity_number")
CONTACT = ("name", "relation", "number", "has_key", "note")

Place = tuple[float, float]
Places = dict[tuple[str, str], Place | None]  # of buildings, by community and building; None where nobody has one


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be registered, with what can be worked out about her without the database."""

    draft: ResidentDraft
    columns: tuple[Any, ...]  # as `COLUMNS` names them
    lines: tuple[tuple[str, LineKind, str | None], ...]  # number, kind, device
    contacts: tuple[tuple[Any, ...], ...]  # rank, and then as `CONTACT` names them
    tokens: Mapping[str, int]

    @property
    def building(self) -> tuple[str, str]:
        return self.draft.community, self.draft.building


class Ready(NamedTuple):
    """Somebody whose rows are ready to be written, sealed under that `version` of the master key."""

    resident_id: int
    area_id: int | None
    version: int
    rows: list[Rows]  # of each table that `WRITTEN` names
    tokens: str  # what she is found by, as JSON


def newcomer(draft: ResidentDraft, plan: NumberPlan) -> Newcomer:
    """Of a draft that was checked."""
    lines = {plan.read(line.number).number or line.number: line for line in draft.lines}
    contacts = [contact_facts(contact, plan) for contact in draft.contacts]
    profile = Profile(
        name=draft.name,
        called=draft.called or "",
        address=Address(draft.community, draft.building, draft.unit, draft.door),
        numbers=tuple(lines),
        contacts=tuple((contact["name"], contact["number"]) for contact in contacts),
    )
    return Newcomer(
        draft,
        tuple(getattr(draft, name) for name in COLUMNS),
        tuple((number, line.kind or kind_of(number, plan), line.device_id) for number, line in lines.items()),
        tuple((rank, *(contact[name] for name in CONTACT)) for rank, contact in enumerate(contacts, 1)),
        tokens_of(profile),
    )


def register(
    session: Writing,
    scope: Scope,
    newcomers: Sequence[Newcomer],
    *,
    actor: Actor,
    vault: Vault,
    import_id: int | None = None,
) -> list[int]:
    """Their ids. Each can be found at once by everything known of her, and stands in the journal.

    Where a newcomer gives no position she has that of somebody in the same building who came before her.
    """
    ids = next_ids(session, Resident, len(newcomers))
    ready = make_ready(session, scope, dict(zip(ids, newcomers, strict=True)), vault, session.clock.now())
    write(session, scope, ready, actor=actor, import_id=import_id)
    return ids


def make_ready(
    session: Reading | Writing,
    scope: Scope,
    newcomers: Mapping[int, Newcomer],
    vault: Vault,
    now: datetime,
    places: Places | None = None,
) -> list[Ready]:
    """Newcomers by the ids that will be theirs, so far that they only have to be written. `places` are those already
    known, and are added to.
    """
    version, places = vault.version(session), {} if places is None else places
    _neighbours(session, scope, newcomers.values(), places)
    dialect = session.connection().dialect

    def ready(hers: int, one: Newcomer) -> Ready:
        sealed = _sealed(vault, version, hers, one.draft)
        rows = _rows(hers, one, scope, sealed, _placed(one, places, now), now)
        written = zip(WRITTEN.items(), rows, strict=True)
        as_bound = [bound(dialect, table, columns, those) for (table, columns), those in written]
        return Ready(hers, one.draft.area_id, version, as_bound, json.dumps(one.tokens, ensure_ascii=False))

    return [ready(hers, one) for hers, one in newcomers.items()]


def write(
    session: Writing, scope: Scope, ready: Sequence[Ready], *, actor: Actor, import_id: int | None = None
) -> None:
    """Registers those whose rows are ready. Those of an import may have to be filed afterwards
    (`registry.sheets.filing`); they are found until then as well.
    """
    session.flush()
    for place, (table, columns) in enumerate(WRITTEN.items()):
        pour_bound(session, table, columns, [row for one in ready for row in one.rows[place]])
    if import_id is not None and unfiled.is_worth_it(session):
        unfiled.put(session, ((one.resident_id, one.tokens) for one in ready))
    else:
        tokens = ((one.resident_id, json.loads(one.tokens)) for one in ready)
        index = sorted((token, hers, weight) for hers, each in tokens for token, weight in each.items())
        pour(session, SearchToken, ("token", "resident_id", "weight"), index)
    for one in ready:
        session.record(_entry(scope, one.resident_id, one.area_id, actor, import_id))


_PLACED = ("latitude", "longitude", "position_source", "position_at")
WRITTEN: dict[type[SQLModel], tuple[str, ...]] = {
    Resident: (
        *("id", "centre_id", "created_at", "updated_at", "version"),
        *(*_PLACED, "identity_hash", *SEALED, *COLUMNS),
    ),
    DataKey: ("resident_id", "wrapped", "master_version"),
    Line: ("resident_id", "created_at", "number", "kind", "device_id"),
    Contact: ("resident_id", "rank", *CONTACT),
    ResidentGroup: ("resident_id", "group"),
    UsualMerchant: ("resident_id", "kind", "merchant_id"),
}


def _rows(
    hers: int, one: Newcomer, scope: Scope, sealed: "_Sealed", placed: tuple[Any, ...], now: datetime
) -> tuple[list[tuple[Any, ...]], ...]:
    """Of each table that `WRITTEN` names."""
    columns = (*placed, sealed.identity_hash, *sealed.texts, *one.columns)
    return (
        [(hers, scope.centre_id, now, now, 1, *columns)],
        [(hers, *sealed.key)] if sealed.key else [],
        [(hers, now, *line) for line in one.lines],
        [(hers, *contact) for contact in one.contacts],
        [(hers, group) for group in one.draft.groups],
        [(hers, *usual) for usual in one.draft.usual_merchants.items()],
    )


def _entry(scope: Scope, resident_id: int, area_id: int | None, actor: Actor, import_id: int | None) -> Entry:
    return Entry(
        what="resident.created",
        subject=Subject.RESIDENT,
        subject_id=resident_id,
        actor=actor,
        centre_id=scope.centre_id,
        area_id=area_id,
        data=came_with(import_id),
    )


def came_with(import_id: int | None) -> dict[str, int]:
    """What the journal says of a change that came out of a spreadsheet."""
    return {} if import_id is None else {"import": import_id}


class _Sealed(NamedTuple):
    """Her data key, wrapped, and the master key's version, when there is anything to seal; each of `SEALED` under
    it; the hash of her identity number.
    """

    key: tuple[bytes, int] | None = None
    texts: tuple[bytes | None, ...] = (None,) * len(SEALED)
    identity_hash: bytes | None = None


def _sealed(vault: Vault, version: int, resident_id: int, draft: ResidentDraft) -> _Sealed:
    texts = {name: text for name in SEALED if (text := getattr(draft, name))}
    if not texts:
        return _Sealed()
    wrapped, sealed = vault.first_seals(version, resident_id, texts)
    number = draft.identity_number
    identity_hash = vault.first_hash(version, number) if number else None
    return _Sealed((wrapped, version), tuple(sealed.get(name) for name in SEALED), identity_hash)


def _neighbours(session: Reading | Writing, scope: Scope, newcomers: Iterable[Newcomer], places: Places) -> None:
    """Where somebody lives in the buildings of those who give no position."""
    wanted = {one.building for one in newcomers if one.draft.latitude is None and all(one.building)}
    if not (asked := wanted - places.keys()):
        return
    communities, buildings = (texts(sorted(set(names))) for names in zip(*asked, strict=True))
    known = session.rows(_LOCATED, centre_id=scope.centre_id, communities=communities, buildings=buildings)
    places.update(dict.fromkeys(asked))
    places.update({(community, building): (lat, lon) for community, building, lat, lon in known})


# Both parts of a building each by itself: of pairs SQLite would read the whole centre.
_LOCATED = select(
    col(Resident.community), col(Resident.building), col(Resident.latitude), col(Resident.longitude)
).where(
    col(Resident.centre_id) == bindparam("centre_id"),
    among(col(Resident.community), "communities"),
    among(col(Resident.building), "buildings"),
    col(Resident.latitude).is_not(None),
)


def _placed(one: Newcomer, places: Places, now: datetime) -> tuple[Any, ...]:
    """As `_PLACED` names it. `places` are those of people in the register and of newcomers before her."""
    latitude, longitude = one.draft.latitude, one.draft.longitude
    if latitude is not None and longitude is not None:
        if all(one.building):
            places[one.building] = places.get(one.building) or (latitude, longitude)
        return latitude, longitude, "operator", now
    neighbour = places.get(one.building)
    return (*neighbour, "neighbour", now) if neighbour else (None,) * len(_PLACED)
