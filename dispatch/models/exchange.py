"""What is kept about an exchange beside its calls: when we did not hear it."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class Gap(SQLModel, table=True):
    """A time in which nobody of us listened to an exchange. `calls` came or ended in it and were read back from its
    own log; `to_call_back` of their callers were not answered.
    """

    __tablename__ = "gap"
    __table_args__ = (Index("ix_gap_until", "centre_id", "until"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    exchange: str = Field(max_length=32)
    began_at: datetime
    until: datetime
    calls: int = 0
    to_call_back: int = 0
