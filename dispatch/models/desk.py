"""Operators, their log-ins, and what keeps several instances apart."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from registry.models.columns import choice
from registry.store import Role


class Presence(StrEnum):
    OFF = "off"
    READY = "ready"
    BREAK = "break"
    AFTER_CALL = "after_call"


class BreakReason(StrEnum):
    MEAL = "meal"
    REST = "rest"
    MEETING = "meeting"
    TRAINING = "training"
    ERRAND = "errand"


class Operator(SQLModel, table=True):
    __tablename__ = "operator"
    __table_args__ = (UniqueConstraint("centre_id", "login"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")  # None: the whole centre
    login: str = Field(max_length=40)
    name: str = Field(max_length=80)
    role: Role = choice(Role, default=Role.OPERATOR)
    extension: str | None = Field(default=None, max_length=10, index=True)
    language: str = Field(default="zh", max_length=8)
    password_hash: str = Field(max_length=200)
    presence: Presence = choice(Presence, default=Presence.OFF)
    break_reason: BreakReason | None = choice(BreakReason, nullable=True)
    presence_since: datetime | None = None  # None: she never said anything, and her telephone rings as configured
    presence_until: datetime | None = None  # when after-call work ends by itself
    phone_reachable: bool = False
    phone_changed_at: datetime | None = None  # since when it is, or is not
    phone_refuses_since: datetime | None = None  # it rejected every ring and was taken out of it
    ended_at: datetime | None = None
    created_at: datetime
    version: int = 1


class LoginToken(SQLModel, table=True):
    """A bearer token, kept as its SHA-256 only."""

    __tablename__ = "login_token"

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    operator_id: int = Field(foreign_key="operator.id", index=True)
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


class LoginThrottle(SQLModel, table=True):
    """Failures of one login name: after a few, the next try has to wait, longer each time."""

    __tablename__ = "login_throttle"

    login: str = Field(primary_key=True, max_length=40)
    failures: int = 0
    not_before: datetime


class IdempotentReply(SQLModel, table=True):
    """What a command with an `Idempotency-Key` was answered: its repetition is answered alike and done once.

    An answer that holds a resident's record is sealed under her data key, as the record itself is.
    """

    __tablename__ = "idempotent_reply"

    operator_id: int = Field(primary_key=True, foreign_key="operator.id")
    key: str = Field(primary_key=True, max_length=128)
    request_digest: bytes = Field(sa_type=LargeBinary)
    status: int
    body: str
    sealed_for: int | None = None  # the resident; None: `body` is the answer as it is
    at: datetime


class Lease(SQLModel, table=True):
    """One holder at a time: an exchange, the auditor."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(max_length=64)
    until: datetime
