"""Clocks are rows: a deadline with a fence, claimed and re-checked under a lock."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from registry.models.columns import choice
from registry.store import Subject


class TimerKind(StrEnum):
    OFFER_EXPIRES = "offer_expires"
    ARRIVAL_DUE = "arrival_due"
    FINISH_DUE = "finish_due"
    WANTED_SOON = "wanted_soon"
    PROGRESS_CALL = "progress_call"
    LADDER_STEP = "ladder_step"
    RESPONDER_DUE = "responder_due"
    SURVEY_DUE = "survey_due"
    CARE_DUE = "care_due"
    AFTER_CALL = "after_call"


class TimerState(StrEnum):
    ARMED = "armed"
    FIRED = "fired"
    STOPPED = "stopped"


class Timer(SQLModel, table=True):
    """A deadline.

    `fence` is the subject's version when the clock was set, where a later move makes it void; None: always looked at.
    Who claims a due row holds it until `claimed_until`; it is FIRED only in the transaction that did what was due.
    """

    __tablename__ = "timer"
    __table_args__ = (Index("ix_timer_due", "state", "due_at"), Index("ix_timer_subject", "subject", "subject_id"))

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    kind: TimerKind = choice(TimerKind)
    subject: Subject = choice(Subject)
    subject_id: int
    due_at: datetime
    fence: int | None = None
    state: TimerState = choice(TimerState, default=TimerState.ARMED)
    claimed_by: str | None = Field(default=None, max_length=64)
    claimed_until: datetime | None = None
    tries: int = 0
    settled_at: datetime | None = None
