"""Care calls: what was agreed with a resident, and each time that she was to be asked."""

from datetime import datetime, time
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import JSON, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from dispatch.models.transitions import Moves, Timeline
from registry.models.columns import choice
from registry.store import Subject


class PlanState(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class CarePlan(SQLModel, table=True):
    """`local_time` on the wall clock of `zone`, on `weekdays` (0 is Monday); only the next `due_at` is UTC."""

    __tablename__ = "care_plan"
    subject: ClassVar[Subject] = Subject.CARE_PLAN
    moves: ClassVar[Moves[PlanState]] = {
        PlanState.ACTIVE: frozenset({PlanState.ENDED}),
        PlanState.ENDED: frozenset(),
    }

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    resident_id: int = Field(foreign_key="resident.id", index=True)
    local_time: time
    weekdays: list[int] = Field(sa_type=JSON)
    zone: str = Field(max_length=64)  # IANA name
    on_holidays: bool = False
    state: PlanState = choice(PlanState, default=PlanState.ACTIVE)
    due_at: datetime | None = None  # None: ended
    created_at: datetime
    ended_at: datetime | None = None
    version: int = 1

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id)


class CheckState(StrEnum):
    CALLING = "calling"
    WELL = "well"
    TALK = "talk"  # she asked for somebody to talk to
    NOT_REACHED = "not_reached"  # a case looks after it
    MISSED = "missed"  # it became too late to call
    SKIPPED = "skipped"  # a holiday, or she is being asked already
    CALLED_OFF = "called_off"  # the plan or the person ended meanwhile


class CareCheck(SQLModel, table=True):
    """One care call that was due at `due_at`; after `call_until` it is not made any more."""

    __tablename__ = "care_check"
    __table_args__ = (
        UniqueConstraint("plan_id", "due_at"),
        Index(
            "uq_care_check_calling",
            "resident_id",
            unique=True,
            sqlite_where=text("state = 'calling'"),
            postgresql_where=text("state = 'calling'"),
        ),
    )
    subject: ClassVar[Subject] = Subject.CARE_CHECK
    moves: ClassVar[Moves[CheckState]] = {
        CheckState.CALLING: frozenset(CheckState) - {CheckState.CALLING, CheckState.SKIPPED},
        CheckState.NOT_REACHED: frozenset({CheckState.WELL, CheckState.TALK}),  # a key that is heard of late
        CheckState.WELL: frozenset(),
        CheckState.TALK: frozenset(),
        CheckState.MISSED: frozenset(),
        CheckState.SKIPPED: frozenset(),
        CheckState.CALLED_OFF: frozenset(),
    }

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    plan_id: int = Field(foreign_key="care_plan.id")
    resident_id: int = Field(foreign_key="resident.id")
    case_id: int | None = Field(default=None, foreign_key="case.id")
    due_at: datetime
    call_until: datetime
    state: CheckState = choice(CheckState, default=CheckState.CALLING)
    version: int = 1

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id, case_id=self.case_id)
