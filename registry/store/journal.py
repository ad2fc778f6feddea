"""The one journal: who did what to what, when. Rows are only ever appended.

It carries ids and facts of the work and never a person's data, so that a person can be deleted without rewriting
history. Entries are collected during a transaction and written as its last statements: on PostgreSQL under an
advisory lock that orders the commits, so that a reader who has seen sequence N never meets a smaller one later; on
SQLite the one writer and AUTOINCREMENT give the same.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    bindparam,
    cast,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.engine import Connection
from sqlmodel import Field, SQLModel

from registry.models.columns import choice
from registry.store.pouring import bound, pour_bound

_OF_MERCHANTS = "subject = 'merchant'"  # whose facts are kept in memory (`registry.known_merchants`)
_MANY = 10  # entries of one transaction, from an import say
APPEND_LOCK = 0x746F776E  # "town": PostgreSQL's advisory lock that puts appends in order
CHANNEL = "townline_journal"  # PostgreSQL's NOTIFY channel: a wake-up, the truth is read from the journal


class ActorKind(StrEnum):
    OPERATOR = "operator"
    MERCHANT = "merchant"
    RESIDENT = "resident"
    EXCHANGE = "exchange"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it; `id` is the row's id for operators, merchants and residents, else None."""

    kind: ActorKind
    id: int | None = None

    @classmethod
    def system(cls) -> "Actor":
        return cls(ActorKind.SYSTEM)

    @classmethod
    def exchange(cls) -> "Actor":
        return cls(ActorKind.EXCHANGE)

    @classmethod
    def operator(cls, id: int) -> "Actor":  # noqa: A002
        return cls(ActorKind.OPERATOR, id)

    @classmethod
    def merchant(cls, id: int) -> "Actor":  # noqa: A002
        return cls(ActorKind.MERCHANT, id)


class Subject(StrEnum):
    """What an entry is about."""

    CALL = "call"
    CASE = "case"
    OFFER = "offer"
    VISIT = "visit"
    MESSAGE = "message"
    RESIDENT = "resident"
    MERCHANT = "merchant"
    OPERATOR = "operator"
    EXCHANGE = "exchange"
    LADDER = "ladder"
    CARE_PLAN = "care_plan"
    CARE_CHECK = "care_check"
    CENTRE = "centre"
    CARD = "card"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `what` is past tense and dotted under its subject: `offer.accepted`.

    `case_id` and `call_id` are the case and call in whose timeline it stands; `area_id` is where it happened (None:
    seen by the whole centre).
    """

    what: str
    subject: Subject
    subject_id: int
    actor: Actor
    centre_id: int
    area_id: int | None = None
    case_id: int | None = None
    call_id: int | None = None
    at: datetime | None = None  # when it happened, if that was not the moment of writing
    data: dict[str, Any] = field(default_factory=dict)


def _where_known(name: str, column: str) -> Index:
    """Most entries are about no case or no call: those are not in the index."""
    known = text(f"{column} IS NOT NULL")
    return Index(name, column, "seq", sqlite_where=known, postgresql_where=known)


class Journal(SQLModel, table=True):
    """`seq` orders everything; `at` is when it happened, `written_at` when it was written down."""

    __tablename__ = "journal"
    __table_args__ = (
        _where_known("ix_journal_case", "case_id"),
        _where_known("ix_journal_call", "call_id"),
        Index("ix_journal_subject", "subject", "subject_id", "seq"),
        Index("ix_journal_merchant", "seq", sqlite_where=text(_OF_MERCHANTS), postgresql_where=text(_OF_MERCHANTS)),
        {"sqlite_autoincrement": True},
    )

    seq: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    at: datetime
    written_at: datetime
    centre_id: int
    area_id: int | None = None
    what: str = Field(max_length=64)
    subject: Subject = choice(Subject)
    subject_id: int
    actor: ActorKind = choice(ActorKind)
    actor_id: int | None = None
    case_id: int | None = None
    call_id: int | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


def append(connection: Connection, entries: list[Entry], now: datetime) -> int:
    """Writes `entries` as the transaction's last statements and returns the highest sequence, which on PostgreSQL
    whoever listens is told when it commits.
    """
    rows = [
        {
            "at": entry.at or now,
            "written_at": now,
            "centre_id": entry.centre_id,
            "area_id": entry.area_id,
            "what": entry.what,
            "subject": entry.subject,
            "subject_id": entry.subject_id,
            "actor": entry.actor.kind,
            "actor_id": entry.actor.id,
            "case_id": entry.case_id,
            "call_id": entry.call_id,
            "data": entry.data,
        }
        for entry in entries
    ]
    table, columns = Journal.__table__, tuple(rows[0])  # type: ignore[attr-defined]
    many = len(rows) > _MANY
    poured = bound(connection.dialect, table, columns, [tuple(row.values()) for row in rows]) if many else ()
    if on_postgresql := connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": APPEND_LOCK})
    if many:
        pour_bound(connection, table, columns, poured)
    else:
        connection.execute(insert(table), rows)
    # Nobody else appends now. With RETURNING each row would be a statement of its own.
    if on_postgresql:
        return int(connection.execute(_TOLD, {"channel": CHANNEL}).scalar_one())
    return last(connection)


def last(connection: Connection) -> int:
    """The highest sequence, 0 in an empty journal."""
    return int(connection.execute(_LAST).scalar_one() or 0)


# Built once: that takes as long as to run them.
_HIGHEST = func.max(Journal.seq)
_LAST = select(_HIGHEST)
_TOLD = select(_HIGHEST, func.pg_notify(bindparam("channel"), cast(_HIGHEST, String)))
