"""Consent to what is kept about a resident. Her health note is there because she has agreed to it.

Nobody writes one without a consent that is recorded, and whoever withdraws hers takes the note with it. A note from
before consent was recorded stays, because a life may hang on it: the card asks for the consent.
"""

from datetime import date

from sqlmodel import col, select, update

from registry.errors import Problem, StaleVersion
from registry.models import Resident, RowState, SheetImport, SheetRow
from registry.store import Writing

NEEDED = Problem("health_note", "needs_consent")


def may_stand(note: str, consented_on: date | str | None, before: str = "") -> bool:
    """Whether `note` may be written: there is none, it stands there already, or its consent is recorded."""
    return not note or note == before or bool(consented_on)


def withdraw(session: Writing, resident: Resident) -> bool:
    """Takes away her health note, also that of a record that went into hers and what an import would put back;
    whether she had one.
    """
    had = resident.health_note is not None
    resident.health_note = None
    merged = col(Resident.merged_into) == resident.id
    session.exec(update(Resident).where(merged).values(health_note=None))
    hers = [resident.id, *session.scalars(select(col(Resident.id)).where(merged))]
    imports = select(SheetImport.id).where(SheetImport.kind == "residents")
    rows = col(SheetRow.subject_id).in_(hers), col(SheetRow.import_id).in_(imports)
    changed = *rows, col(SheetRow.before).is_not(None)
    session.exec(update(SheetRow).where(*changed).values(before=None, state=RowState.KEPT, why=StaleVersion.key))
    return had
