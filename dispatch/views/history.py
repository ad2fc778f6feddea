"""The journal of a resident's record: who changed what of it and when, and what it was before."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col, func, select

from dispatch.desk import Desk
from dispatch.errors import NotFound
from dispatch.views.timeline import Actors, actor_lines, epoch_of
from dispatch.wire.history import FieldChange, Held, History, HistoryEntry
from registry.before import Step, left_behind
from registry.joining import current_id, merged_into_her
from registry.models import AccessLog, Area, Merchant, Resident
from registry.store import Subject, Writing
from registry.store.journal import Journal
from registry.vault import Vault

_OTHERS = ("into", "merged", "other")  # the entry's data that are the number of another record


def history(session: Writing, desk: Desk, resident_id: int, limit: int, offset: int, vault: Vault) -> History:
    """The newest first, with that of the records that went into hers; that it was read is in the access log.

    Raises NotFound outside the scope.
    """
    hers = current_id(session, resident_id)
    seen = session.exec(select(Resident.id).where(Resident.id == hers, desk.scope.covers(Resident))).one_or_none()
    if seen is None:
        raise NotFound(subject=Subject.RESIDENT, id=resident_id)
    session.add(
        AccessLog(
            at=session.clock.now(),
            centre_id=desk.centre_id,
            operator_id=desk.operator_id,
            resident_id=hers,
            what="history",
        )
    )
    records = [hers, *merged_into_her(session, hers)]
    about = (Journal.subject == Subject.RESIDENT, col(Journal.subject_id).in_(records))
    total = session.exec(select(func.count()).select_from(Journal).where(*about)).one()
    rows = session.exec(
        select(Journal).where(*about).order_by(col(Journal.seq).desc()).limit(limit).offset(offset)
    ).all()
    actors, epoch = actor_lines(session, rows), epoch_of(session, desk.centre_id)
    changes = _changes(session, rows, vault)
    items = [_entry(row, epoch, actors, changes.get(_step(row), [])) for row in rows]
    return History(total=total, resident_id=hers, items=items)


def _entry(row: Journal, epoch: str, actors: Actors, changes: list[FieldChange]) -> HistoryEntry:
    data = row.data
    return HistoryEntry(
        id=f"{epoch}-{row.seq}",
        at=row.at,
        what=row.what,
        resident_id=row.subject_id,
        fields=data.get("fields", []),
        changes=changes,
        version=data.get("version"),
        why=data.get("why"),
        other_id=next((data[name] for name in _OTHERS if name in data), None),
        import_id=data.get("import"),
        actor=actors[row.actor, row.actor_id],
    )


def _changes(session: Writing, rows: Sequence[Journal], vault: Vault) -> dict[Step, list[FieldChange]]:
    found = left_behind(session, [_step(row) for row in rows if row.what == "resident.changed"], vault)
    return {
        step: [
            FieldChange(field=name, before=_held(session, name, was), after=_held(session, name, became))
            for name, (was, became) in sorted(changed.items())
        ]
        for step, changed in found.items()
    }


def _step(row: Journal) -> Step:
    return row.subject_id, row.data.get("version", 0)


def _held(session: Writing, field: str, value: Any) -> Held:
    """What stands in a record as the number of something else is told by the name that it has today."""
    match field:
        case "area_id":
            return _name(session, Area, value)
        case "usual_merchants":
            return [
                {"kind": kind, "merchant_id": merchant_id, "name": _name(session, Merchant, merchant_id)}
                for kind, merchant_id in sorted(value.items())
            ]
        case _:
            held: Held = value
            return held


def _name(session: Writing, table: type[Area | Merchant], id_: int | None) -> str | None:
    return None if id_ is None else session.scalar(select(table.name).where(table.id == id_))
