"""Residents, registered: one from the console, or a hundred out of a sheet with the same few statements.

What can be worked out before the database is held is worked out first (`newcomer`); `register` only writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import select, tuple_
from sqlmodel import SQLModel, col

from registry.address import Address
from registry.drafts import ResidentDraft
from registry.models import Contact, DataKey, Line, Resident, ResidentGroup, SearchToken, UsualMerchant
from registry.numbers import NumberPlan
from registry.search import Profile, tokens_of
from registry.store import Actor, Entry, Scope, Subject, Writing
from registry.store.bulk import next_ids, pour
from registry.ties import contact_facts, kind_of
from registry.vault import Vault

COLUMNS = (  # of a draft that are columns of the resident
    *("name", "called", "gender", "born", "area_id", "community", "building", "unit", "door", "entrance_note"),
    *("language", "dialect", "hearing", "care_level"),
)
SEALED = ("health_note", "identity_number")

Row = dict[str, Any]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be registered: the rows that will be hers."""

    draft: ResidentDraft
    columns: Row
    lines: tuple[Row, ...]
    contacts: tuple[Row, ...]
    tokens: Mapping[str, int]

    @property
    def building(self) -> tuple[str, str]:
        return self.draft.community, self.draft.building


def newcomer(draft: ResidentDraft, plan: NumberPlan) -> Newcomer:
    """Of a draft that was checked."""
    lines = {plan.read(line.number).number or line.number: line for line in draft.lines}
    contacts = tuple(contact_facts(contact, plan) | {"rank": rank} for rank, contact in enumerate(draft.contacts, 1))
    profile = Profile(
        name=draft.name,
        called=draft.called or "",
        address=Address(draft.community, draft.building, draft.unit, draft.door),
        numbers=tuple(lines),
        contacts=tuple((contact["name"], contact["number"]) for contact in contacts),
    )
    return Newcomer(
        draft,
        {name: getattr(draft, name) for name in COLUMNS},
        tuple(
            {"number": number, "kind": line.kind or kind_of(number, plan), "device_id": line.device_id}
            for number, line in lines.items()
        ),
        contacts,
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
    """Their ids. Each can be found at once by everything known of her, and stands in the journal."""
    now = session.clock.now()
    session.flush()
    rows: dict[type[SQLModel], list[Row]] = {
        table: [] for table in (Resident, DataKey, Line, Contact, ResidentGroup, UsualMerchant)
    }
    tokens: list[tuple[Any, ...]] = []
    places = _Places(session, scope, newcomers)
    ids = next_ids(session, Resident, len(newcomers))
    for resident_id, one in zip(ids, newcomers, strict=True):
        mine = {"resident_id": resident_id}
        key, sealed = _sealed(session, resident_id, one.draft, vault)
        rows[DataKey] += key
        placed = places.of(one, now)
        rows[Resident].append(_UNKNOWN | one.columns | placed | sealed | {"id": resident_id} | _came(scope, now))
        rows[Line] += (mine | line | {"created_at": now} for line in one.lines)
        rows[Contact] += (mine | contact for contact in one.contacts)
        rows[ResidentGroup] += (mine | {"group": group} for group in one.draft.groups)
        rows[UsualMerchant] += (
            mine | {"kind": kind, "merchant_id": merchant_id}
            for kind, merchant_id in one.draft.usual_merchants.items()
        )
        tokens += ((token, resident_id, weight) for token, weight in one.tokens.items())
        session.record(_entry(scope, resident_id, one.draft.area_id, actor, import_id))
    for table, theirs in rows.items():
        if theirs:
            columns = tuple(theirs[0])
            pour(session, table, columns, list(map(itemgetter(*columns), theirs)))
    tokens.sort()  # in the order of the index
    pour(session, SearchToken, ("token", "resident_id", "weight"), tokens)
    return ids


_UNKNOWN: Row = dict.fromkeys(
    ("latitude", "longitude", "position_source", "position_at", "identity_hash", *SEALED)
) | {"version": 1}


def _came(scope: Scope, now: datetime) -> Row:
    return {"centre_id": scope.centre_id, "created_at": now, "updated_at": now}


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


def _sealed(session: Writing, resident_id: int, draft: ResidentDraft, vault: Vault) -> tuple[list[Row], Row]:
    """Her data key, when there is anything to seal, and what is sealed under it."""
    texts = {name: text for name in SEALED if (text := getattr(draft, name))}
    if not texts:
        return [], {}
    key, sealed = vault.first_seals(session, resident_id, texts)
    found: Row = dict(sealed)
    if number := draft.identity_number:
        found["identity_hash"] = vault.first_hash(session, number)
    return [key], found


class _Places:
    """Where newcomers live: as they say, else where a neighbour in the same building does."""

    def __init__(self, session: Writing, scope: Scope, newcomers: Iterable[Newcomer]) -> None:
        asked = {one.building for one in newcomers if one.draft.latitude is None and all(one.building)}
        self._known: dict[tuple[str, str], Place] = {}
        if asked:
            building = col(Resident.community), col(Resident.building)
            known = select(*building, col(Resident.latitude), col(Resident.longitude)).where(
                col(Resident.centre_id) == scope.centre_id,
                tuple_(*building).in_(sorted(asked)),
                col(Resident.latitude).is_not(None),
            )
            for community, name, latitude, longitude in session.execute(known):
                self._known[community, name] = latitude, longitude

    def of(self, one: Newcomer, now: datetime) -> Row:
        latitude, longitude, source = one.draft.latitude, one.draft.longitude, "operator"
        if latitude is None or longitude is None:
            if (known := self._known.get(one.building)) is None:
                return {}
            (latitude, longitude), source = known, "neighbour"
        elif all(one.building):
            self._known.setdefault(one.building, (latitude, longitude))
        return {"latitude": latitude, "longitude": longitude, "position_source": source, "position_at": now}
