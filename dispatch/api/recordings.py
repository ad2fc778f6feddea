"""Recordings: which a call has, and hearing one on the operator's own telephone."""

from typing import Annotated

from anyio.from_thread import run as in_the_loop
from fastapi import APIRouter, Query, Response
from sqlmodel import col, select

from callbridge.errors import BridgeError
from dispatch import calls, recordings
from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.errors import Conflict
from dispatch.models import Call, Recording
from dispatch.wire.base import Id
from dispatch.wire.recordings import RecordingLine
from registry.store import Reading, Subject, Writing

router = APIRouter(prefix="/recordings", tags=["recordings"])


@router.get("", response_model=list[RecordingLine])
def list_recordings(reader: Reads, call_id: Annotated[Id, Query(description="Of this call")]) -> Response:
    """The recordings of a call that this desk may see, the first one first."""

    def look(session: Reading, desk: Desk) -> list[RecordingLine]:
        rows = session.exec(
            select(Recording, Call)
            .join(Call, col(Call.id) == col(Recording.call_id))
            .where(Recording.call_id == call_id, Recording.centre_id == desk.centre_id, calls.seen_by(desk))
            .order_by(col(Recording.id))
        )
        return [_line(row, playable=recordings.is_for(desk, row.kind, call)) for row, call in rows]

    return reader.answer(look)


@router.post("/{recording_id}/play", response_model=RecordingLine)
def play_recording(recording_id: Id, commands: Commands) -> Response:
    """Rings the operator's own telephone and plays it there. Each playing is in the access log."""
    bridge = commands.house.switchboard.bridge
    wanted: list[tuple[str, str]] = []

    def play(session: Writing, desk: Desk) -> RecordingLine:
        recording = recordings.to_be_played(session, desk, recording_id)
        if bridge is None or not bridge.link.up:
            raise Conflict(subject=Subject.EXCHANGE, now="not_linked")
        wanted.append((desk.extension or "", recording.file))
        return _line(recording, playable=True)

    answer = commands.do(play)
    for extension, file in wanted:  # none when the command had been done before
        try:
            if bridge is not None:
                in_the_loop(bridge.play, extension, file)
        except BridgeError as problem:
            raise Conflict(subject=Subject.EXCHANGE, now="not_played") from problem
    return answer


def _line(row: Recording, *, playable: bool) -> RecordingLine:
    return RecordingLine(
        id=row.id or 0,
        call_id=row.call_id,
        kind=row.kind.value,
        began_at=row.began_at,
        ended_at=row.ended_at,
        removed=row.removed_at is not None,
        playable=playable,
    )
