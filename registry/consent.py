"""Consent to what is kept about a resident. What is noted of her health is there because she has agreed to it.

Nobody writes it without a consent that is recorded, and whoever withdraws hers takes it away. A note from before
consent was recorded stays, because a life may hang on it: the card asks for the consent.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlmodel import col, select, update

from registry.errors import Problem, StaleVersion
from registry.models import Resident, ResidentBefore, RowState, SheetImport, SheetRow
from registry.store import Writing

HEALTH = ("health_note", "medicines", "allergies")  # each sealed, each a text of its own


def lacking(
    given: Mapping[str, Any], consented_on: date | str | None, before: Mapping[str, Any] | None = None
) -> list[Problem]:
    """What of her health among `given` may not be written: it does not stand there already, and no consent is
    recorded.
    """
    if consented_on:
        return []
    stands = before or {}
    return [
        Problem(name, "needs_consent") for name in HEALTH if (text := given.get(name)) and text != stands.get(name)
    ]


def withdraw(session: Writing, resident: Resident) -> list[str]:
    """Takes away what is noted of her health, also of a record that went into hers, what an import would put back,
    and what was kept of earlier notes; which of it there was.
    """
    had = [name for name in HEALTH if getattr(resident, name) is not None]
    for name in had:
        setattr(resident, name, None)
    merged = col(Resident.merged_into) == resident.id
    session.exec(update(Resident).where(merged).values(dict.fromkeys(HEALTH)))
    hers = [resident.id, *session.scalars(select(col(Resident.id)).where(merged))]
    session.exec(update(ResidentBefore).where(col(ResidentBefore.resident_id).in_(hers)).values(sensitive=None))
    imports = select(SheetImport.id).where(SheetImport.kind == "residents")
    rows = col(SheetRow.subject_id).in_(hers), col(SheetRow.import_id).in_(imports)
    changed = *rows, col(SheetRow.before).is_not(None)
    session.exec(update(SheetRow).where(*changed).values(before=None, state=RowState.KEPT, why=StaleVersion.key))
    return had
