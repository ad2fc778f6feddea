"""What was said on the telephone, as files in the exchange's folder; the rows stay when the files go."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from registry.models.columns import choice


class RecordingKind(StrEnum):
    CONVERSATION = "conversation"
    MESSAGE = "message"


class Recording(SQLModel, table=True):
    """`file` is its name in the exchange's recordings; `removed_at` is when it went, after the time it is kept, or
    after `unwanted_at`: the person whom it is about has been deleted.
    """

    __tablename__ = "recording"
    __table_args__ = (UniqueConstraint("exchange", "file"), Index("ix_recording_kept", "removed_at", "ended_at"))

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    call_id: int = Field(foreign_key="call.id", index=True)
    exchange: str = Field(max_length=32)
    kind: RecordingKind = choice(RecordingKind)
    file: str = Field(max_length=200)
    began_at: datetime
    ended_at: datetime
    removed_at: datetime | None = None
    unwanted_at: datetime | None = None
