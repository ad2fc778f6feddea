"""What is known of a resident grows old: what matters at her door is asked again, and that it still holds is kept.

How old a fact is, the journal tells: when it was entered, changed, or last confirmed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from registry.cards import ResidentCard
from registry.errors import NotFound
from registry.models import Hearing, Resident
from registry.store import Actor, Entry, Reading, Scope, Subject, Writing
from registry.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Asked:
    """After so long whoever is on the telephone with her asks whether it is still so, where anything is `known`.

    `fields` are what the journal calls it when it changes.
    """

    after: timedelta
    fields: tuple[str, ...]
    known: Callable[[ResidentCard], object]


# The most important first. How one gets in and how she is change fastest: twice a year. What changes slowly once a
# year; what costs no more than a detour every other year.
ASKED_AGAIN: Mapping[str, Asked] = {
    "address": Asked(
        timedelta(days=365),
        ("community", "building", "unit", "door"),
        lambda card: card.summary.address.written(),
    ),
    "lock": Asked(timedelta(days=180), ("lock",), lambda card: card.lock),
    "entrance_note": Asked(timedelta(days=180), ("entrance_note",), lambda card: card.entrance_note),
    "contacts": Asked(timedelta(days=365), ("contacts",), lambda card: card.contacts),  # who has the key among them
    "allergies": Asked(timedelta(days=180), ("allergies",), lambda card: card.allergies),
    "medicines": Asked(timedelta(days=180), ("medicines",), lambda card: card.medicines),
    "health_note": Asked(timedelta(days=180), ("health_note",), lambda card: card.health_note),
    "sight": Asked(timedelta(days=365), ("sight",), lambda card: card.summary.sight),
    # How well somebody hears who hears well is heard on the telephone.
    "hearing": Asked(timedelta(days=365), ("hearing",), lambda card: card.summary.hearing is not Hearing.GOOD),
    # Level 0 is also that of everybody whom nobody has assessed.
    "care_level": Asked(timedelta(days=365), ("care_level",), lambda card: card.summary.care_level),
    "dog": Asked(timedelta(days=365), ("dog",), lambda card: card.dog),
    "lift": Asked(timedelta(days=730), ("lift",), lambda card: card.lift is not None),
    # A house does not move, and a neighbour's position nobody has vouched for.
    "position": Asked(timedelta(days=730), ("position",), lambda card: card.position_source == "operator"),
    "usual_merchants": Asked(timedelta(days=730), ("usual_merchants",), lambda card: card.usual_merchants),
}
_RANK = {field: rank for rank, field in enumerate(ASKED_AGAIN)}


@dataclass(frozen=True, slots=True)
class OldFact:
    """A fact of her card, and since when nobody has asked about it."""

    field: str
    since: datetime


def old_facts(session: Reading | Writing, card: ResidentCard, now: datetime) -> list[OldFact]:
    """Those that are known and have grown old, the oldest first, and of equal age the most important."""
    said = {field for field, asked in ASKED_AGAIN.items() if asked.known(card)}
    since = _asked_last(session, card.summary.id)
    if isinstance(session, Writing):  # what this transaction has found out is written at its end
        mine = [
            each for each in session.entries if (each.subject, each.subject_id) == (Subject.RESIDENT, card.summary.id)
        ]
        since |= {field: now for entry in mine for field in _named(entry.what, entry.data)}
    ages = {field: since[field] for field in said if field in since}
    old = [OldFact(field, at) for field, at in ages.items() if now - at >= ASKED_AGAIN[field].after]
    return sorted(old, key=lambda fact: (fact.since, _RANK[fact.field]))


def confirm(session: Writing, scope: Scope, resident_id: int, fields: Sequence[str], actor: Actor) -> None:
    """Somebody has asked, and it is still so. Raises NotFound outside the scope."""
    resident = session.exec(select(Resident).where(Resident.id == resident_id, scope.covers(Resident))).one_or_none()
    if resident is None:
        raise NotFound(subject="resident", id=resident_id)
    session.record(
        Entry(
            what="resident.confirmed",
            subject=Subject.RESIDENT,
            subject_id=resident_id,
            actor=actor,
            centre_id=resident.centre_id,
            area_id=resident.area_id,
            data={"fields": sorted(set(fields))},
        )
    )


def _asked_last(session: Reading | Writing, resident_id: int) -> dict[str, datetime]:
    """When each field was entered, changed or confirmed last; she was registered with those that are not named."""
    rows = session.exec(
        select(Journal)
        .where(Journal.subject == Subject.RESIDENT, Journal.subject_id == resident_id)
        .order_by(col(Journal.seq))
    )
    found: dict[str, datetime] = {}
    for row in rows:
        found |= dict.fromkeys(_named(row.what, row.data), row.at)
    return found


def _named(what: str, data: Mapping[str, Any]) -> list[str]:
    """The facts that an entry about her is about."""
    if what == "resident.created":
        return list(ASKED_AGAIN)
    named = set(data.get("fields", ()))
    return [field for field, asked in ASKED_AGAIN.items() if not named.isdisjoint({field, *asked.fields})]
