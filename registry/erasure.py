"""What the register holds of a person, taken out of it; her row stays, empty, because the history names its number.

`withdraw` is the step after which nobody finds or recognises her and what was sealed for her cannot be opened any
more. Her numbers go last (`forget_numbers`): they lead to what else there is about her.
"""

from typing import Any

from sqlmodel import col, delete, select, update

from registry import search
from registry.models import (
    Contact,
    DataKey,
    Hearing,
    Line,
    Resident,
    ResidentBefore,
    ResidentGroup,
    RowState,
    SheetImport,
    SheetRow,
    Sight,
    UsualMerchant,
)
from registry.newcomers import SEALED
from registry.people import note
from registry.store import Actor, Reading, Writing

DELETING, DELETED = "deleting", "deleted"  # words of `ended_why`
NOBODY = "—"  # the name of one who has been deleted

_EMPTY: dict[str, Any] = {
    "name": NOBODY,
    **dict.fromkeys(("called", "gender", "born", "dialect", *SEALED, "identity_hash")),
    **dict.fromkeys(("consented_on", "visited_on")),
    **dict.fromkeys(("consented_by", "visited_by"), ""),
    **dict.fromkeys(("latitude", "longitude", "position_source", "position_at")),
    **dict.fromkeys(("community", "building", "unit", "door", "entrance_note", "lock", "dog"), ""),
    "lift": None,
    "language": "zh",
    "hearing": Hearing.GOOD,
    "sight": Sight.GOOD,
    "care_level": 0,
}


def numbers_of(session: Reading | Writing, resident_id: int) -> tuple[set[str], set[str]]:
    """Every number that is or was hers, and every one of a contact of hers."""
    lines = session.exec(select(Line.number).where(Line.resident_id == resident_id))
    contacts = session.exec(select(Contact.number).where(Contact.resident_id == resident_id, Contact.number != ""))
    return set(lines), set(contacts)


def withdraw(session: Writing, resident: Resident, actor: Actor) -> None:
    """Empties the row, which the caller holds, and deletes her data key. Her lines and contacts count no more."""
    now = session.clock.now()
    assert resident.id is not None
    search.forget(session, resident.id)
    for table in (ResidentGroup, UsualMerchant, DataKey, ResidentBefore):
        session.exec(delete(table).where(col(table.resident_id) == resident.id))
    for field, value in _EMPTY.items():
        setattr(resident, field, value)
    living = col(Line.resident_id) == resident.id, col(Line.ended_at).is_(None)
    session.exec(update(Line).where(*living).values(ended_at=now))
    nameless = {"rank": None, "name": "", "relation": "", "note": "", "has_key": False}
    session.exec(update(Contact).where(col(Contact.resident_id) == resident.id).values(nameless))
    mine = select(SheetImport.id).where(SheetImport.kind == "residents")
    row = col(SheetRow.subject_id) == resident.id, col(SheetRow.import_id).in_(mine)
    session.exec(update(SheetRow).where(*row, col(SheetRow.state) == RowState.APPLIED).values(state=RowState.KEPT))
    session.exec(update(SheetRow).where(*row).values(before=None))
    resident.ended_at, resident.ended_why = resident.ended_at or now, DELETING
    resident.version += 1
    resident.updated_at = now
    note(session, resident, "ended", actor, why=DELETED)


def forget_numbers(session: Writing, resident: Resident, actor: Actor) -> None:
    """The last step: nothing leads to her any more."""
    session.exec(delete(Line).where(col(Line.resident_id) == resident.id))
    session.exec(update(Contact).where(col(Contact.resident_id) == resident.id).values(number=""))
    resident.ended_why = DELETED
    note(session, resident, "deleted", actor)
