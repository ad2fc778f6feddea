"""The outbox: whatever leaves the house is a row first, committed with the decision that wants it."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import (
    JSON,
    Index,
    UniqueConstraint,
    select,
)
from sqlmodel import Field, SQLModel, col

from callbridge.gateways.door import SmsState
from dispatch.models.cards import Card
from dispatch.models.cases import Case
from dispatch.models.inbound import Inbound
from dispatch.models.offers import Offer
from dispatch.models.transitions import Moves, Timeline
from registry.models.columns import choice
from registry.models.merchants import Channel
from registry.sealed import Sealed, keeps_sealed
from registry.store import Subject, Writing


class MessageKind(StrEnum):
    """What it is for; each kind has its rule for an attempt whose fate is unknown (`dispatch.outbox`)."""

    OFFER = "offer"
    JOB_DETAILS = "job_details"  # the door, after accepting
    OFFER_WITHDRAWN = "offer_withdrawn"
    REPLY = "reply"  # one answer to one inbound SMS
    VISIT_NEWS = "visit_news"  # tells a resident who comes and when, and that it gets late
    PROGRESS = "progress"  # asks a merchant without SMS how far it is
    LADDER = "ladder"  # asks somebody to help in an emergency
    SURVEY = "survey"  # asks a resident whether it was good
    CARE = "care"  # asks a resident whether she is well
    INCIDENT_NEWS = "incident_news"  # tells a resident how far it is with what many have
    NOTICE = "notice"  # tells a merchant of a limit or of a card
    WORDS = "words"  # an operator's own, to a merchant or a resident about a case


class MessageState(StrEnum):
    WANTED = "wanted"
    CLAIMED = "claimed"
    HANDED_OVER = "handed_over"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DROPPED = "dropped"  # no longer wanted at the last moment


@keeps_sealed("body", "text_values")
class Message(Sealed, table=True):
    """One SMS or one outgoing call. `claimed_until` is the claim's end: after it another sender may look at the row.

    `body` is the text of an SMS, or what is spoken in a call (`keys` are then the digits that count as answers);
    `text_key` and `text_values` are what an SMS was worded from, for gateways that send approved templates only.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_due", "state", "not_before"),
        Index("ix_message_offer", "offer_id"),
        Index("ix_message_case", "case_id"),
        Index("ix_message_inbound", "inbound_id"),
    )
    told_by: ClassVar[tuple[str, ...]] = ("resident_id", "case_id", "inbound_id")
    subject: ClassVar[Subject] = Subject.MESSAGE
    moves: ClassVar[Moves[MessageState]] = {
        MessageState.WANTED: frozenset({MessageState.CLAIMED, MessageState.DROPPED}),
        MessageState.CLAIMED: frozenset(
            {MessageState.WANTED, MessageState.HANDED_OVER, MessageState.FAILED, MessageState.DROPPED}
        ),
        MessageState.HANDED_OVER: frozenset(
            {MessageState.SENT, MessageState.FAILED, MessageState.UNKNOWN, MessageState.WANTED}
        ),
        MessageState.UNKNOWN: frozenset({MessageState.SENT, MessageState.FAILED, MessageState.WANTED}),
        MessageState.SENT: frozenset({MessageState.FAILED}),  # a receipt may still say it did not arrive
        MessageState.FAILED: frozenset(),
        MessageState.DROPPED: frozenset(),
    }

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    kind: MessageKind = choice(MessageKind)
    channel: Channel = choice(Channel)
    number: str = Field(max_length=40)
    body: str = Field(max_length=2000)
    text_key: str = Field(default="", max_length=40)
    text_values: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    keys: str = Field(default="", max_length=12)
    language: str = Field(default="zh", max_length=8)
    merchant_id: int | None = Field(default=None, foreign_key="merchant.id")
    case_id: int | None = Field(default=None, foreign_key="case.id")
    offer_id: int | None = Field(default=None, foreign_key="offer.id")
    inbound_id: int | None = Field(default=None, foreign_key="inbound.id")
    resident_id: int | None = Field(default=None, foreign_key="resident.id")
    care_check_id: int | None = Field(default=None, foreign_key="care_check.id")
    state: MessageState = choice(MessageState, default=MessageState.WANTED)
    not_before: datetime
    claimed_by: str | None = Field(default=None, max_length=64)
    claimed_until: datetime | None = None
    tries: int = 0
    created_at: datetime
    delivered_at: datetime | None = None
    version: int = 1

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id, case_id=self.case_id)

    def whose(self, session: Writing) -> int | None:
        """The resident to whom it goes, or whom the case is about, or who wrote what it answers."""
        if self.resident_id is not None:
            return self.resident_id
        if self.case_id is not None:
            case = session.get(Case, self.case_id)
            return case.resident_id if case is not None else None
        answered = session.get(Inbound, self.inbound_id) if self.inbound_id is not None else None
        return answered.sealed_for if answered is not None else None


class AttemptResult(StrEnum):
    """What stands in an attempt's `result` beside the outcomes of calls (`callbridge.events.Outcome`)."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"  # the other side said no: it did not happen
    AWAY = "away"  # nobody was there: it did not happen
    NEVER_SEEN = "never_seen"  # asked afterwards, it had not happened
    UNKNOWN = "unknown"
    WITH_OPERATOR = "with_operator"  # unknown, and an operator has been asked to find out


class Attempt(SQLModel, table=True):
    """One try of one message. Its id goes out with it (a call's ChannelId, the gateway's message id), never twice."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("message_id", "try_number"),
        Index("ix_attempt_reference", "via", "reference"),
        Index("ix_attempt_pace", "via", "handed_over_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    message_id: int = Field(foreign_key="message.id")
    try_number: int
    via: str = Field(max_length=32)  # the gateway's or the exchange's name
    reference: str | None = Field(default=None, max_length=128)  # the other side's own id
    handed_over_at: datetime
    ended_at: datetime | None = None
    result: str | None = Field(default=None, max_length=32)  # an AttemptResult, or an Outcome of callbridge
    key: str | None = Field(default=None, max_length=4)
    repeated: bool = False  # made again without knowing whether it had rung: a double, whatever is heard of it later
    detail: str = Field(default="", max_length=200)


class GatewayState(SQLModel, table=True):
    """How an SMS gateway does: written when it takes or refuses a message, and whenever it is looked at."""

    __tablename__ = "gateway_state"
    __table_args__ = (UniqueConstraint("centre_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    name: str = Field(max_length=32)
    worked_at: datetime | None = None  # when it was last seen to work
    failing_since: datetime | None = None
    problem: str = Field(default="", max_length=200)


class EarlyReceipt(SQLModel, table=True):
    """What a gateway said of a message under a name of its own that we did not know yet; read again by the clock."""

    __tablename__ = "early_receipt"
    __table_args__ = (UniqueConstraint("gateway", "reference", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    gateway: str = Field(max_length=32)
    reference: str = Field(max_length=128)
    status: SmsState = choice(SmsState)
    reason: str = Field(default="", max_length=200)
    received_at: datetime


def about_case(session: Writing, case: Case) -> Iterator[Message | Inbound | Card]:
    """Whatever was written about the case, and what was answered."""
    messages = select(Message).where(col(Message.case_id) == case.id)
    yield from session.scalars(messages.order_by(col(Message.id))).all()
    yield from session.scalars(select(Card).where(col(Card.case_id) == case.id).order_by(col(Card.id))).all()
    offers = select(col(Offer.id)).where(col(Offer.case_id) == case.id)
    received = select(Inbound).where(col(Inbound.offer_id).in_(offers)).order_by(col(Inbound.id))
    for inbound in session.scalars(received).all():
        yield inbound
        yield from session.scalars(select(Message).where(col(Message.inbound_id) == inbound.id)).all()
