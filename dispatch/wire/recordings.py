"""Recordings on the wire: never the sound itself, which is played on a telephone."""

from dispatch.wire.base import Id, Moment, Wire
from dispatch.wire.words import RecordingKind


class RecordingLine(Wire):
    """`removed`: it was kept long enough, and its file is gone. `playable`: the reader has the right to hear it."""

    id: Id
    call_id: Id
    kind: RecordingKind
    began_at: Moment
    ended_at: Moment
    removed: bool
    playable: bool = False
