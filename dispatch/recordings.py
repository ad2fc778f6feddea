"""Recordings: rows linked to their calls, kept for a time, played only through an operator's own telephone."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import or_, select, update
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
    if not is_for(desk, recording.kind, call):
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


def is_for(desk: Desk, kind: RecordingKind, call: Call) -> bool:
    """A message is for all who see its call, a conversation for who had it and for supervisors."""
    hers = kind is RecordingKind.MESSAGE or call.operator_id == desk.operator_id
    return hers or desk.scope.role is not Role.OPERATOR


def remove_old(store: Store, centre_id: int, folder: Path, exchange: str) -> int:
    """Deletes the files of this exchange that are kept no longer; returns how many rows say so now.

    A file that cannot be deleted is named in the log, stays, and is tried again.
    """
    removed, stubborn = 0, set[int]()
    while old := _over(store, centre_id, exchange, stubborn):
        gone = {id_ for id_, file in old.items() if _remove(folder / file)}
        stubborn |= old.keys() - gone
        with store.writing() as session:
            over = update(Recording).where(col(Recording.id).in_(gone))
            session.execute(over.values(removed_at=session.clock.now()))
        removed += len(gone)
    if removed:
        log.info("recordings.removed", count=removed)
    return removed


def remove_strays(store: Store, centre_id: int, folder: Path, exchange: str) -> int:
    """Deletes the files that no row names when they would have gone anyway: of a call in which the exchange died, of
    a message in which nobody spoke, of a restore that was killed. Returns how many.
    """
    with store.reading() as session:
        before = (store.clock.now() - recording_policy(session, centre_id).kept).timestamp()
        named = select(col(Recording.file)).where(
            col(Recording.exchange) == exchange, col(Recording.removed_at).is_(None)
        )
        old = {file.name for file in _files(folder) if file.stat().st_mtime < before}
        strays = old - set(session.scalars(named)) if old else old
    gone = sum(_remove(folder / name) for name in strays)
    if gone:
        log.info("recordings.strays_removed", count=gone)
    return gone


def _over(store: Store, centre_id: int, exchange: str, without: Collection[int]) -> dict[int, str]:
    """The next files whose time is over, by the ids of their rows."""
    with store.reading() as session:
        before = store.clock.now() - recording_policy(session, centre_id).kept
        old = (
            select(col(Recording.id), col(Recording.file))
            .where(
                col(Recording.removed_at).is_(None),
                or_(col(Recording.ended_at) < before, col(Recording.unwanted_at).is_not(None)),
                col(Recording.exchange) == exchange,
                col(Recording.id).not_in(without),
            )
            .order_by(col(Recording.id))
            .limit(AT_ONCE)
        )
        return {id_: file for id_, file in session.execute(old) if id_ is not None}


def _files(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_file()] if folder.is_dir() else []


def _remove(file: Path) -> bool:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        log.warning("recordings.not_removed", file=file.name, error=type(error).__name__)
        return False
    return True
