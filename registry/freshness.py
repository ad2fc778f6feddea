"""What is known of a resident grows old: what matters at her door is asked again, and that it still holds is kept.

How old a fact is, the journal tells: when it was entered, changed, or last confirmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from registry.cards import ResidentCard
from registry.errors import NotFound
from registry.models import Resident
from registry.store import Actor, Entry, Reading, Scope, Subject, Writing
from registry.store.journal import Journal

# After so long whoever is on the telephone with her asks whether it is still so.
ASKED_AGAIN: Mapping[str, timedelta] = {
    "entrance_note": timedelta(days=180),
    "contacts": timedelta(days=365),  # who has the key among them
    "health_note": timedelta(days=180),
}


@dataclass(frozen=True, slots=True)
class OldFact:
    """A field of her card, and since when nobody has asked about it."""

    field: str
    since: datetime


def old_facts(session: Reading | Writing, card: ResidentCard, now: datetime) -> list[OldFact]:
    """Those that are known and have grown old, the oldest first."""
    said = {field for field in ASKED_AGAIN if getattr(card, field)}
    since = _asked_last(session, card.summary.id)
    if isinstance(session, Writing):  # what this transaction has found out is written at its end
        mine = [
            each for each in session.entries if (each.subject, each.subject_id) == (Subject.RESIDENT, card.summary.id)
        ]
        since |= {field: now for entry in mine for field in _named(entry.what, entry.data)}
    ages = {field: since[field] for field in said if field in since}
    old = [OldFact(field, at) for field, at in ages.items() if now - at >= ASKED_AGAIN[field]]
    return sorted(old, key=lambda fact: (fact.since, fact.field))


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
    named = ASKED_AGAIN if what == "resident.created" else data.get("fields", ())
    return [field for field in named if field in ASKED_AGAIN]
