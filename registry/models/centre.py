"""A centre, its tree of areas, its services and the rules it works by."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from registry.models.columns import choice


class Centre(SQLModel, table=True):
    """One desk. `epoch` names one unbroken history of the journal; a restore starts a new one."""

    __tablename__ = "centre"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=8, unique=True)
    name: str = Field(max_length=80)
    time_zone: str = Field(max_length=64)
    country: str = Field(max_length=2)
    area_code: str = Field(max_length=8)
    language: str = Field(max_length=8)
    epoch: str = Field(max_length=32)
    created_at: datetime


class Area(SQLModel, table=True):
    """A node of the tree county → town → community; `path` is `/1/4/9/`, its own id last."""

    __tablename__ = "area"
    __table_args__ = (UniqueConstraint("centre_id", "code"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    parent_id: int | None = Field(default=None, foreign_key="area.id")
    code: str = Field(max_length=20)
    name: str = Field(max_length=80)
    path: str = Field(max_length=200, index=True)


class Priority(StrEnum):
    EMERGENCY = "emergency"
    URGENT = "urgent"
    ROUTINE = "routine"


class Way(StrEnum):
    """In which order, and how many at once, those who can come are asked."""

    BEST_FIRST = "best_first"
    RACE = "race"  # the best ones at once: the first acceptance wins
    RANDOM = "random"
    ROUND_ROBIN = "round_robin"  # who has not been asked for the longest time
    USUAL_FIRST = "usual_first"  # where she usually has it from, then the best


class VisitProof(StrEnum):
    """What proves a visit: the report of whoever was there alone, or something that only her home can give."""

    REPORT = "report"
    WORD = "word"  # four digits that the resident was told and tells the courier
    CALL = "call"  # from a line of the resident's own, or her button, while the courier is there


class Service(SQLModel, table=True):
    """One kind of help, as one version: the row with the highest `version` of a code is in force."""

    __tablename__ = "service"
    __table_args__ = (UniqueConstraint("centre_id", "code", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    code: str = Field(max_length=32)  # medicine, groceries, water, …
    version: int = 1
    name_zh: str = Field(max_length=40)
    name_en: str = Field(max_length=40)
    keypad_digit: str | None = Field(default=None, max_length=1)
    priority: Priority = choice(Priority)
    merchant_kinds: list[str] = Field(sa_type=JSON)  # MerchantKind values, any of which may serve it
    needs_visit: bool = True  # False: information only, closed without anybody going
    accept_minutes: int
    arrive_minutes: int
    finish_minutes: int
    working_days: int | None = None  # until the whole case is settled; None: the minutes are its only limits
    working_days_complex: int | None = None  # of a case that an operator has called complex
    proof: VisitProof = choice(VisitProof, default=VisitProof.REPORT)
    questions_zh: list[str] = Field(default_factory=list, sa_type=JSON)
    questions_en: list[str] = Field(default_factory=list, sa_type=JSON)
    active: bool = True
    valid_from: datetime
    author_id: int | None = None  # the operator who changed it; None: seeded


class RuleKind(StrEnum):
    MATCHING_WEIGHTS = "matching_weights"
    OFFER_POLICY = "offer_policy"
    POLICIES = "policies"
    LADDER = "ladder"
    QUIET_HOURS = "quiet_hours"
    SURVEY = "survey"
    CARE = "care"
    OUTGOING_BRAKE = "outgoing_brake"
    RECORDING = "recording"
    PRESENCE_POLICY = "presence_policy"
    DAILY_PROOF = "daily_proof"
    HEARTBEAT = "heartbeat"
    TARGETS = "targets"
    WORKING_DAYS = "working_days"
    RECORDS = "records"
    INCIDENTS = "incidents"
    NEXT_STEPS = "next_steps"
    CHANNEL_PLAN = "channel_plan"
    HOME_VISITS = "home_visits"


class Rule(SQLModel, table=True):
    """How a centre decides, as versioned rows: seeded once, changed without a restart, never overwritten."""

    __tablename__ = "rule"
    __table_args__ = (UniqueConstraint("centre_id", "kind", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    kind: RuleKind = choice(RuleKind)
    version: int
    body: dict[str, Any] = Field(sa_type=JSON)
    valid_from: datetime
    author_id: int | None = None  # the operator who changed it; None: seeded
