"""Offers (派单): a case to a merchant in a role; and visits."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from dispatch.models.transitions import Moves, Timeline
from registry.models.columns import choice
from registry.models.merchants import Channel
from registry.store import Subject


class OfferRole(StrEnum):
    SUPPLIER = "supplier"
    CLINIC = "clinic"
    RESPONDER = "responder"


class OfferState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    FULFILLED = "fulfilled"
    GIVEN_BACK = "given_back"
    REVOKED = "revoked"


_ENDS = frozenset(
    {OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED, OfferState.FAILED, OfferState.WITHDRAWN}
)


class Offer(SQLModel, table=True):
    """At most one accepted for each case and role, at most one live for each case and merchant: the database says so.

    A fulfilled one does not count: a case that is reopened is offered again.

    `code` is what the merchant answers with when it has several open: four characters without 0 O 1 I.
    """

    __tablename__ = "offer"
    __table_args__ = (
        Index(
            "uq_offer_accepted",
            "case_id",
            "role",
            unique=True,
            sqlite_where=text("state = 'accepted'"),
            postgresql_where=text("state = 'accepted'"),
        ),
        Index(
            "uq_offer_live",
            "case_id",
            "merchant_id",
            "role",
            unique=True,
            sqlite_where=text("state IN ('pending', 'sent', 'accepted')"),
            postgresql_where=text("state IN ('pending', 'sent', 'accepted')"),
        ),
        Index("ix_offer_merchant", "merchant_id", "state"),
        Index("ix_offer_record", "merchant_id", "offered_at"),
        Index("ix_offer_state", "state"),
        Index("ix_offer_code", "code"),
    )
    subject: ClassVar[Subject] = Subject.OFFER
    moves: ClassVar[Moves[OfferState]] = {
        OfferState.PENDING: _ENDS | {OfferState.SENT},
        OfferState.SENT: _ENDS,
        OfferState.ACCEPTED: frozenset({OfferState.FULFILLED, OfferState.GIVEN_BACK, OfferState.REVOKED}),
        OfferState.DECLINED: frozenset(),
        OfferState.EXPIRED: frozenset(),
        OfferState.FAILED: frozenset(),
        OfferState.WITHDRAWN: frozenset(),
        OfferState.FULFILLED: frozenset(),
        OfferState.GIVEN_BACK: frozenset(),
        OfferState.REVOKED: frozenset(),
    }

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    case_id: int = Field(foreign_key="case.id", index=True)
    merchant_id: int = Field(foreign_key="merchant.id")
    sheet_id: int | None = Field(default=None, foreign_key="decision_sheet.id")
    role: OfferRole = choice(OfferRole, default=OfferRole.SUPPLIER)
    state: OfferState = choice(OfferState, default=OfferState.PENDING)
    channel: Channel = choice(Channel)
    number: str = Field(max_length=40)
    code: str = Field(max_length=4)
    distance: int | None = None  # straight-line metres
    by_hand: bool = False  # an operator picked this merchant
    both_channels: bool = False  # asked by both channels at once; `channel` is then the one that it was asked by last
    tries: int | None = None  # calls of each of its telephones; None: as many as the centre's policy says
    offered_at: datetime
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: Channel | None = choice(Channel, nullable=True, check="answered_by")  # None: an operator entered it
    expires_at: datetime
    version: int = 1

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id, case_id=self.case_id)


class VisitState(StrEnum):
    PROMISED = "promised"
    ON_THE_WAY = "on_the_way"
    AT_THE_DOOR = "at_the_door"
    DONE = "done"
    CALLED_OFF = "called_off"


class ProvedBy(StrEnum):
    """What showed that somebody was really there."""

    WORD = "word"
    CALL = "call"
    BUTTON = "button"


_CALLED_OFF = frozenset({VisitState.CALLED_OFF})


class Visit(SQLModel, table=True):
    """The merchant on the way, at the door, done. Steps may be left out but never go back.

    Each clock is that of the moment at which the step was told, never of one that somebody remembers. `word` is what
    only the resident has; who reports "done" without the proof that the service asks for is waiting since
    `done_reported_at`.
    """

    __tablename__ = "visit"
    __table_args__ = (
        Index("ix_visit_case", "case_id"),
        Index("ix_visit_record", "merchant_id", "promised_at"),
    )
    subject: ClassVar[Subject] = Subject.VISIT
    moves: ClassVar[Moves[VisitState]] = {
        VisitState.PROMISED: frozenset({VisitState.ON_THE_WAY, VisitState.AT_THE_DOOR, VisitState.DONE})
        | _CALLED_OFF,
        VisitState.ON_THE_WAY: frozenset({VisitState.AT_THE_DOOR, VisitState.DONE}) | _CALLED_OFF,
        VisitState.AT_THE_DOOR: frozenset({VisitState.DONE}) | _CALLED_OFF,
        VisitState.DONE: frozenset(),
        VisitState.CALLED_OFF: frozenset(),
    }

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    case_id: int = Field(foreign_key="case.id")
    offer_id: int = Field(foreign_key="offer.id", unique=True)
    merchant_id: int = Field(foreign_key="merchant.id")
    state: VisitState = choice(VisitState, default=VisitState.PROMISED)
    promised_at: datetime
    on_the_way_at: datetime | None = None
    at_the_door_at: datetime | None = None
    done_at: datetime | None = None
    arrive_by: datetime | None = None  # the limit of its way, as it was last set
    proof: str | None = Field(default=None, max_length=32)  # how the last step was told: sms, voice, operator, …
    comes: str | None = Field(default=None, max_length=80)  # by name, where it is known who of the merchant's staff
    word: str | None = Field(default=None, max_length=4)
    wrong_words: int = 0
    done_reported_at: datetime | None = None
    proved_by: ProvedBy | None = choice(ProvedBy, nullable=True)
    proved_at: datetime | None = None
    version: int = 1

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id, case_id=self.case_id)
