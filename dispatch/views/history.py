"""The journal of a resident's record: who changed what of it, and when."""

from sqlmodel import col, func, select

from dispatch.desk import Desk
from dispatch.errors import NotFound
from dispatch.views.timeline import Actors, actor_lines, epoch_of
from dispatch.wire.history import History, HistoryEntry
from registry.joining import current_id, merged_into_her
from registry.models import AccessLog, Resident
from registry.store import Subject, Writing
from registry.store.journal import Journal

_OTHERS = ("into", "merged", "other")  # the entry's data that are the number of another record


def history(session: Writing, desk: Desk, resident_id: int, limit: int, offset: int) -> History:
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
    return History(total=total, resident_id=hers, items=[_entry(row, epoch, actors) for row in rows])


def _entry(row: Journal, epoch: str, actors: Actors) -> HistoryEntry:
    data = row.data
    return HistoryEntry(
        id=f"{epoch}-{row.seq}",
        at=row.at,
        what=row.what,
        resident_id=row.subject_id,
        fields=data.get("fields", []),
        version=data.get("version"),
        why=data.get("why"),
        other_id=next((data[name] for name in _OTHERS if name in data), None),
        import_id=data.get("import"),
        actor=actors[row.actor, row.actor_id],
    )
