"""Calls with their legs, as the exchange reported them."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from callbridge.events import CallEnd, Choice, Party
from dispatch.models.transitions import Moves, Timeline
from registry.models.centre import Priority
from registry.models.columns import choice
from registry.store import Subject


class CallState(StrEnum):
    RINGING = "ringing"
    QUEUED = "queued"
    TALKING = "talking"
    ENDED = "ended"


GOING_ON = frozenset(CallState) - {CallState.ENDED}


class Speaker(StrEnum):
    """Who is on the line; whom the call is about is `resident_id`, another matter."""

    RESIDENT = "resident"
    CONTACT = "contact"
    MERCHANT = "merchant"
    OTHER = "other"
    UNKNOWN = "unknown"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"  # an operator called somebody


class Call(SQLModel, table=True):
    """One call of the outside world with us, under our own id.

    `number_heard` and `name_heard` are what the network said, untouched and untrusted; `number` is E.164 where it
    could be read. `version` guards edits of the fields an operator fills in.
    """

    __tablename__ = "call"
    __table_args__ = (
        Index("ix_call_state", "state", "centre_id"),
        Index("ix_call_arrived", "centre_id", "arrived_at"),
    )
    subject: ClassVar[Subject] = Subject.CALL
    moves: ClassVar[Moves[CallState]] = {
        CallState.RINGING: frozenset({CallState.QUEUED, CallState.TALKING, CallState.ENDED}),
        CallState.QUEUED: frozenset({CallState.TALKING, CallState.ENDED}),
        CallState.TALKING: frozenset({CallState.QUEUED, CallState.ENDED}),
        CallState.ENDED: frozenset(),
    }

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    exchange: str = Field(max_length=32)
    state: CallState = choice(CallState, default=CallState.RINGING)
    end: CallEnd | None = choice(CallEnd, nullable=True)
    hung_up_by: Party | None = choice(Party, nullable=True)
    priority: Priority = choice(Priority, default=Priority.ROUTINE)
    number_heard: str = Field(default="", max_length=400)
    name_heard: str = Field(default="", max_length=400)
    number: str | None = Field(default=None, max_length=40, index=True)
    dialled: str = Field(default="", max_length=40)
    resident_id: int | None = Field(default=None, foreign_key="resident.id", index=True)
    speaker: Speaker = choice(Speaker, default=Speaker.UNKNOWN)
    speaker_name: str | None = Field(default=None, max_length=80)
    speaker_contact_id: int | None = Field(default=None, foreign_key="contact.id")
    speaker_merchant_id: int | None = Field(default=None, foreign_key="merchant.id")
    operator_id: int | None = Field(default=None, foreign_key="operator.id")  # who answered and owns it
    direction: Direction = choice(Direction, default=Direction.IN)
    taken_by_id: int | None = Field(default=None, foreign_key="operator.id")  # while only her telephone rings with it
    taken_at: datetime | None = None
    held_since: datetime | None = None
    ringing: str = Field(default="", max_length=200)  # extensions that ring now, comma-separated
    arrived_at: datetime
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    silent_at: datetime | None = None  # answered, and by then not a word from the caller
    choice: Choice | None = choice(Choice, nullable=True)  # what she decided by key while she waited
    choice_digit: str = Field(default="", max_length=1)  # of the service she ordered
    recovered: bool = False  # first heard of in CEL: we were not listening when it came
    merged_into: int | None = Field(default=None, foreign_key="call.id")
    version: int = 1

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id, call_id=self.id)


class CallMatch(SQLModel, table=True):
    """A resident whose line this is; with several, the operator picks."""

    __tablename__ = "call_match"

    call_id: int = Field(primary_key=True, foreign_key="call.id")
    resident_id: int = Field(primary_key=True, foreign_key="resident.id")


class LegRole(StrEnum):
    CALLER = "caller"
    OPERATOR = "operator"
    CALLED = "called"  # whom an operator called
    THIRD = "third"  # brought in
    SUPERVISOR = "supervisor"  # listens or whispers


class Leg(SQLModel, table=True):
    """One channel of a call. `linkedid` is a hint: bridging and transfers rewrite it."""

    __tablename__ = "leg"
    __table_args__ = (UniqueConstraint("exchange", "uniqueid"),)

    id: int | None = Field(default=None, primary_key=True)
    call_id: int = Field(foreign_key="call.id", index=True)
    exchange: str = Field(max_length=32)
    uniqueid: str = Field(max_length=150)
    linkedid: str = Field(default="", max_length=150)
    channel: str = Field(default="", max_length=200)
    role: LegRole = choice(LegRole)
    extension: str | None = Field(default=None, max_length=10)
    operator_id: int | None = Field(default=None, foreign_key="operator.id")
    number: str | None = Field(default=None, max_length=40)  # of one whom we called
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    merchant_id: int | None = Field(default=None, foreign_key="merchant.id")
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int | None = None  # Q.850


class ExchangePosition(SQLModel, table=True):
    """Up to where an exchange's CEL has been taken in, and when the link was last alive."""

    __tablename__ = "exchange_position"

    exchange: str = Field(primary_key=True, max_length=32)
    generation: str = Field(default="", max_length=64)
    row: int = 0
    stamp: float = 0.0  # of that row
    cel_problem: str = Field(default="", max_length=200)  # why CEL cannot be read
    link_up: bool = False
    link_changed_at: datetime | None = None
    heard_at: datetime | None = None  # the link was alive then
    link_reason: str = Field(default="", max_length=200)
    recording_stopped_at: datetime | None = None  # its disk is nearly full; None: conversations are recorded
    proved_at: datetime | None = None  # the last daily proof was begun then
