"""Clocks are rows: a deadline with a fence, claimed and re-checked under a lock."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from registry.models.columns import choice
from registry.store import Subject


class TimerKind(StrEnum):
    OFFER_EXPIRES = "offer_expires"
    OFFER_SILENT = "offer_silent"  # half its time is over and nothing has come back to the SMS
    ARRIVAL_DUE = "arrival_due"
    FINISH_DUE = "finish_due"
    WANTED_SOON = "wanted_soon"
    UNATTENDED = "unattended"  # the case needs somebody, and no operator has looked
    PROGRESS_CALL = "progress_call"
    LADDER_STEP = "ladder_step"
    RESPONDER_DUE = "responder_due"
    SURVEY_DUE = "survey_due"
    CARE_DUE = "care_due"
    AFTER_CALL = "after_call"
    CALL_BACK_DUE = "call_back_due"  # a call that nobody answered before there were cases to call back
    PHONE_AGAIN = "phone_again"
    NEAR_LIMIT = "near_limit"  # a limit comes near: of a visit's way or job, or of the case
    CASE_DUE = "case_due"  # the working days that a case may take are over
    JOIN_INCIDENT = "join_incident"  # one that is alike becomes a case of the open incident
    INCIDENT_NEWS = "incident_news"
    SETTLE_INCIDENT = "settle_incident"  # the incident is closed, and so is this case of it
    RED_LIMIT = "red_limit"  # the limit was passed long ago


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
