"""Cases (工单): one need each."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from dispatch.models.transitions import Moves, Timeline
from registry.models.centre import Priority, Way
from registry.models.columns import choice
from registry.sealed import Sealed, keeps_sealed
from registry.store import Subject, Writing


class CaseState(StrEnum):
    OPEN = "open"
    OFFERING = "offering"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    ON_SITE = "on_site"
    SERVED = "served"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Turn(StrEnum):
    """Whose move it is; never nobody while the case is open."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    MERCHANT = "merchant"
    INCIDENT = "incident"  # it waits for what its incident comes to
    NOBODY = "nobody"  # closed and cancelled only


class Reason(StrEnum):
    """The outcome at closing."""

    SERVED = "served"
    PARTLY = "partly"
    NOT_SERVED = "not_served"
    INFORMATION = "information"
    REFERRED = "referred"
    FALSE_ALARM = "false_alarm"
    TEST = "test"
    CANCELLED_BY_RESIDENT = "cancelled_by_resident"


class Satisfaction(StrEnum):
    SATISFIED = "satisfied"  # 满意
    FAIRLY = "fairly"  # 基本满意
    NOT_SATISFIED = "not_satisfied"  # 不满意


class IncidentNews(StrEnum):
    """What a resident of an incident was told last."""

    KNOWN = "known"
    COMING = "coming"
    OVER = "over"


class Lateness(StrEnum):
    """Where a case stands against the limit that runs."""

    NEAR = "near"  # warned
    YELLOW = "yellow"
    RED = "red"


_OPEN_CALL_BACK = "call_back IS NOT NULL AND state NOT IN ('closed', 'cancelled')"
_BACK = frozenset({CaseState.OPEN, CaseState.OFFERING, CaseState.CANCELLED})


@keeps_sealed("words", "outcome_note", "place", "latitude", "longitude")
class Case(Sealed, table=True):
    """`owner_id` is the operator who took it first (首问负责); `turn` says whose move it is now.

    `needs_since` and `needs_why` are set while it needs an operator's attention (bell, top row) and cleared when one
    acknowledges; `needs_why` is a message key. `call_back` is whom a case to call back is about: one open for
    each (`dispatch.call_backs`). The place is the resident's home unless `place` says otherwise.
    """

    __tablename__ = "case"
    __table_args__ = (
        Index("ix_case_board", "state", "centre_id"),
        Index("ix_case_needs", "centre_id", "needs_since"),
        Index(
            "uq_case_call_back",
            "centre_id",
            "call_back",
            unique=True,
            sqlite_where=text(_OPEN_CALL_BACK),
            postgresql_where=text(_OPEN_CALL_BACK),
        ),
    )
    told_by: ClassVar[tuple[str, ...]] = ("resident_id",)
    subject: ClassVar[Subject] = Subject.CASE
    moves: ClassVar[Moves[CaseState]] = {
        CaseState.OPEN: frozenset({CaseState.OFFERING, CaseState.CLOSED, CaseState.CANCELLED}),
        CaseState.OFFERING: frozenset({CaseState.ACCEPTED, CaseState.OPEN, CaseState.CANCELLED}),
        CaseState.ACCEPTED: frozenset({CaseState.ON_THE_WAY, CaseState.ON_SITE, CaseState.SERVED}) | _BACK,
        CaseState.ON_THE_WAY: frozenset({CaseState.ON_SITE, CaseState.SERVED}) | _BACK,
        CaseState.ON_SITE: frozenset({CaseState.SERVED}) | _BACK,
        CaseState.SERVED: frozenset({CaseState.CLOSED}),
        CaseState.CLOSED: frozenset({CaseState.OPEN}),
        CaseState.CANCELLED: frozenset({CaseState.OPEN}),
    }

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=32, unique=True)  # CODE-YYYYMMDD-NNNN
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    resident_id: int | None = Field(default=None, foreign_key="resident.id", index=True)
    service_code: str = Field(max_length=32)
    service_id: int = Field(foreign_key="service.id")  # the version in force when it was opened
    words: str = Field(default="", max_length=2000)
    priority: Priority = choice(Priority)
    state: CaseState = choice(CaseState, default=CaseState.OPEN)
    turn: Turn = choice(Turn, default=Turn.OPERATOR)
    turn_operator_id: int | None = Field(default=None, foreign_key="operator.id")
    owner_id: int | None = Field(default=None, foreign_key="operator.id")
    way: Way | None = choice(Way, nullable=True)  # chosen by an operator; None: as its service is offered
    wanted_at: datetime | None = None  # None: as soon as possible
    place: str | None = Field(default=None, max_length=200)
    latitude: float | None = None
    longitude: float | None = None
    call_back: str | None = Field(default=None, max_length=64)
    attempts: int = 0  # calls of it that nobody answered
    reminders: int = 0  # 催单: how often the resident has asked again
    last_reminder_at: datetime | None = None
    needs_since: datetime | None = None
    needs_why: str | None = Field(default=None, max_length=64)
    outcome: Reason | None = choice(Reason, nullable=True)
    outcome_note: str = Field(default="", max_length=1000)
    satisfaction: Satisfaction | None = choice(Satisfaction, nullable=True)
    complex: bool = False  # an operator's word: it may take the working days of a complex one
    counts_from: datetime | None = None  # when it was opened, or opened again
    due_at: datetime | None = None  # when its working days are over
    late: Lateness | None = choice(Lateness, nullable=True)
    incident: bool = False  # the parent of cases that have one cause
    parent_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    apart: bool = False  # an operator has said that it has no cause in common with those alike
    news: IncidentNews | None = choice(IncidentNews, nullable=True)
    opened_at: datetime
    served_at: datetime | None = None
    closed_at: datetime | None = None
    version: int = 1

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id, case_id=self.id)

    def whose(self, session: Writing) -> int | None:
        return self.resident_id

    def followers(self, session: Writing) -> Iterable[Sealed]:
        """The SMS and calls about it."""
        from dispatch.models.outbox import about_case  # which stands on this module

        return about_case(session, self)


class LinkWhy(StrEnum):
    OPENED = "opened"
    REMINDER = "reminder"
    ABOUT = "about"
    CALL_BACK = "call_back"  # ended without an answer, and so it has to be called back


class CaseCall(SQLModel, table=True):
    """Which calls belong to a case."""

    __tablename__ = "case_call"

    case_id: int = Field(primary_key=True, foreign_key="case.id")
    call_id: int = Field(primary_key=True, foreign_key="call.id", index=True)
    why: LinkWhy = choice(LinkWhy)


class DecisionSheet(SQLModel, table=True):
    """What a match was decided from, and what it said: candidates and exclusions with their reasons."""

    __tablename__ = "decision_sheet"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    at: datetime
    body: dict[str, Any] = Field(sa_type=JSON)


class CaseSequence(SQLModel, table=True):
    """The next case number of a centre's day."""

    __tablename__ = "case_sequence"

    centre_id: int = Field(primary_key=True, foreign_key="centre.id")
    day: str = Field(primary_key=True, max_length=8)  # YYYYMMDD in the centre's time zone
    last: int = 0
