"""Recordings: rows linked to their calls, kept for a time, played only through an operator's own telephone."""

from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlmodel import col

from dispatch import calls
from dispatch.desk import Desk
from dispatch.errors import Conflict, NotFound
from dispatch.models import Call, Recording, RecordingKind
from dispatch.models.transitions import key, note
from dispatch.policy import recording_policy
from registry.models import AccessLog
from registry.store import Actor, Role, Store, Subject, Writing

log = structlog.get_logger()

AT_ONCE = 200  # rows in one transaction


def keep(session: Writing, call: Call, kind: RecordingKind, file: str, ended_at: datetime) -> None:
    """The call, which the caller holds, has that recording; told again it changes nothing."""
    known = session.scalar(
        select(col(Recording.id)).where(col(Recording.exchange) == call.exchange, col(Recording.file) == file)
    )
    if known is not None or len(file) > 200 or Path(file).name != file:
        return
    began_at = call.answered_at if kind is RecordingKind.CONVERSATION and call.answered_at else call.arrived_at
    session.add(
        Recording(
            centre_id=call.centre_id,
            call_id=key(call),
            exchange=call.exchange,
            kind=kind,
            file=file,
            began_at=began_at,
            ended_at=ended_at,
        )
    )
    call.version += 1
    note(session, call, "recorded", Actor.exchange(), at=ended_at, kind=str(kind))


def to_be_played(session: Writing, desk: Desk, recording_id: int) -> Recording:
    """The recording, for playing to this desk; that it was played is in the access log when this commits.

    Raises NotFound for one of a call that the desk may not see, NotAllowed for one that is neither hers nor below a
    supervisor, Conflict when its file is gone or the desk has no telephone. A message is for all who see the call.
    """
    recording = session.get(Recording, recording_id)
    seen = select(Call).where(col(Call.id) == (recording.call_id if recording else None), calls.seen_by(desk))
    call = session.scalar(seen)
    if recording is None or call is None or recording.centre_id != desk.centre_id:
        raise NotFound(subject=Subject.CALL, id=recording_id)
    if recording.kind is RecordingKind.CONVERSATION and call.operator_id != desk.operator_id:
        desk.needs(Role.SUPERVISOR)
    if recording.removed_at is not None or desk.extension is None:
        raise Conflict(subject=Subject.CALL, now="removed" if recording.removed_at else "no_telephone")
    session.add(
        AccessLog(
            at=session.clock.now(),
            centre_id=desk.centre_id,
            operator_id=desk.operator_id,
            resident_id=call.resident_id,
            what="recording",
            call_id=call.id,
        )
    )
    return recording


def remove_old(store: Store, centre_id: int, folder: Path, exchange: str) -> int:
    """Deletes the files of this exchange that have been kept long enough; returns how many rows say so now."""
    removed = 0
    while True:
        with store.writing() as session:
            before = session.clock.now() - recording_policy(session, centre_id).kept
            old = session.scalars(
                select(Recording)
                .where(
                    col(Recording.removed_at).is_(None),
                    col(Recording.ended_at) < before,
                    col(Recording.exchange) == exchange,
                )
                .order_by(col(Recording.id))
                .limit(AT_ONCE)
            ).all()
            for recording in old:
                (folder / recording.file).unlink(missing_ok=True)
                recording.removed_at = session.clock.now()
        removed += len(old)
        if len(old) < AT_ONCE:
            if removed:
                log.info("recordings.removed", count=removed)
            return removed
