"""What the auditor has found."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class Finding(StrEnum):
    """What should have moved, and did not."""

    TIMER_OVERDUE = "timer_overdue"
    MESSAGE_OVERDUE = "message_overdue"
    OFFER_WITHOUT_CLOCK = "offer_without_clock"
    LADDER_WITHOUT_CLOCK = "ladder_without_clock"
    CASE_STUCK = "case_stuck"
    CASE_UNATTENDED = "case_unattended"
    CALL_WITHOUT_END = "call_without_end"
    SMS_NOT_READ = "sms_not_read"
    CARE_WITHOUT_CLOCK = "care_without_clock"
    CARE_CHECK_OPEN = "care_check_open"


class AuditFinding(SQLModel, table=True):
    """A finding that still stands: how many of its kind, and since when there has been any."""

    __tablename__ = "audit_finding"
    __table_args__ = (UniqueConstraint("centre_id", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    kind: str = Field(max_length=32)  # a Finding
    count: int
    since: datetime
