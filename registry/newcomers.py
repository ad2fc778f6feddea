"""Residents, registered: one from the console, or a hundred out of a sheet with the same few statements.

What can be worked out before the database is held is worked out first (`newcomer`); `register` only writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import SQLModel, col

from registry.address import Address
from registry.among import among, texts
from registry.drafts import ResidentDraft
from registry.models import Contact, DataKey, Line, LineKind, Resident, ResidentGroup, SearchToken, UsualMerchant
from registry.numbers import NumberPlan
from registry.search import Profile, tokens_of
from registry.store import Actor, Entry, Reading, Scope, Subject, Writing
from registry.store.bulk import next_ids, pour
from registry.ties import contact_facts, kind_of
from registry.vault import Vault

COLUMNS = (  # of a draft that are columns of the resident
    *("name", "called", "gender", "born", "area_id", "community", "building", "unit", "door", "entrance_note"),
    *("language", "dialect", "hearing", "care_level"),
    *("consented_on", "consented_by", "visited_on", "visited_by"),
)
SEALED = ("health_note", "identity_number")
CONTACT = ("name", "relation", "number", "has_key", "note")

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be registered: the rows that will be hers."""

    draft: ResidentDraft
    columns: tuple[Any, ...]  # as `COLUMNS` names them
    lines: tuple[tuple[str, LineKind, str | None], ...]  # number, kind, device
    contacts: tuple[tuple[Any, ...], ...]  # rank, and then as `CONTACT` names them
    tokens: Mapping[str, int]
    neighbour: Place | None = None  # where somebody in the same building lives

    @property
    def building(self) -> tuple[str, str]:
        return self.draft.community, self.draft.building


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


def housed(session: Reading | Writing, scope: Scope, newcomers: Sequence[Newcomer]) -> list[Newcomer]:
    """With the position of a neighbour in the same building where they give none themselves."""
    asked = {one.building for one in newcomers if one.draft.latitude is None and all(one.building)}
    if not asked:
        return list(newcomers)
    communities, buildings = (texts(sorted(set(names))) for names in zip(*asked, strict=True))
    known = session.rows(_LOCATED, centre_id=scope.centre_id, communities=communities, buildings=buildings)
    places = {(community, building): (lat, lon) for community, building, lat, lon in known}
    return [
        replace(one, neighbour=places[one.building]) if one.building in asked and one.building in places else one
        for one in newcomers
    ]


# Both parts of a building each by itself: of pairs SQLite would read the whole centre.
_LOCATED = select(
    col(Resident.community), col(Resident.building), col(Resident.latitude), col(Resident.longitude)
).where(
    col(Resident.centre_id) == bindparam("centre_id"),
    among(col(Resident.community), "communities"),
    among(col(Resident.building), "buildings"),
    col(Resident.latitude).is_not(None),
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
    now = session.clock.now()
    session.flush()
    rows: dict[type[SQLModel], list[tuple[Any, ...]]] = {table: [] for table in _WRITTEN}
    places: dict[tuple[str, str], Place] = {}
    ids = next_ids(session, Resident, len(newcomers))
    for hers, one in zip(ids, newcomers, strict=True):
        draft = one.draft
        key, sealed, identity_hash = _sealed(session, hers, draft, vault)
        rows[Resident].append(
            (hers, scope.centre_id, now, now, 1, *_placed(one, places, now), identity_hash, *sealed, *one.columns)
        )
        rows[DataKey] += key
        rows[Line] += ((hers, now, *line) for line in one.lines)
        rows[Contact] += ((hers, *contact) for contact in one.contacts)
        rows[ResidentGroup] += ((hers, group) for group in draft.groups)
        rows[UsualMerchant] += ((hers, *usual) for usual in draft.usual_merchants.items())
        rows[SearchToken] += ((token, hers, weight) for token, weight in one.tokens.items())
        session.record(_entry(scope, hers, draft.area_id, actor, import_id))
    rows[SearchToken].sort()  # in the order of the index
    for table, columns in _WRITTEN.items():
        pour(session, table, columns, rows[table])
    return ids


_PLACED = ("latitude", "longitude", "position_source", "position_at")
_WRITTEN: dict[type[SQLModel], tuple[str, ...]] = {
    Resident: (
        *("id", "centre_id", "created_at", "updated_at", "version"),
        *(*_PLACED, "identity_hash", *SEALED, *COLUMNS),
    ),
    DataKey: ("resident_id", "wrapped", "master_version"),
    Line: ("resident_id", "created_at", "number", "kind", "device_id"),
    Contact: ("resident_id", "rank", *CONTACT),
    ResidentGroup: ("resident_id", "group"),
    UsualMerchant: ("resident_id", "kind", "merchant_id"),
    SearchToken: ("token", "resident_id", "weight"),
}


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


def _sealed(
    session: Writing, resident_id: int, draft: ResidentDraft, vault: Vault
) -> tuple[list[tuple[int, bytes, int]], list[bytes | None], bytes | None]:
    """Her data key, when there is anything to seal; each of `SEALED` under it; the hash of her identity number."""
    texts = {name: text for name in SEALED if (text := getattr(draft, name))}
    if not texts:
        return [], [None for _ in SEALED], None
    wrapped, version, sealed = vault.first_seals(session, resident_id, texts)
    number = draft.identity_number
    identity_hash = vault.first_hash(session, number) if number else None
    return [(resident_id, wrapped, version)], [sealed.get(name) for name in SEALED], identity_hash


def _placed(one: Newcomer, places: dict[tuple[str, str], Place], now: datetime) -> tuple[Any, ...]:
    """As `_PLACED` names it. `places` are those of newcomers before her."""
    latitude, longitude = one.draft.latitude, one.draft.longitude
    if latitude is not None and longitude is not None:
        if all(one.building):
            places.setdefault(one.building, (latitude, longitude))
        return latitude, longitude, "operator", now
    neighbour = one.neighbour or places.get(one.building)
    return (*neighbour, "neighbour", now) if neighbour else (None,) * len(_PLACED)
