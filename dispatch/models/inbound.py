"""SMS that come in: stored first, read afterwards."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, Index, Select, UniqueConstraint, bindparam, exists, not_, or_, select, union
from sqlmodel import Field, col
from sqlmodel.sql.sqltypes import UTCDateTime

from dispatch.models.cases import Case
from dispatch.models.offers import Offer
from registry.models import Contact, Line, Resident
from registry.models.columns import choice
from registry.models.merchants import MerchantNumber
from registry.sealed import Sealed, keeps_sealed
from registry.store import Writing


class InboundReading(StrEnum):
    """How an SMS that came in was understood."""

    UNREAD = "unread"
    ACCEPT = "accept"
    DECLINE = "decline"
    ON_THE_WAY = "on_the_way"
    AT_THE_DOOR = "at_the_door"
    DONE = "done"
    PROOF_WANTED = "proof_wanted"  # done, and what proves it has not come yet
    WRONG_WORD = "wrong_word"
    CALL_ME = "call_me"
    NOT_UNDERSTOOD = "not_understood"
    WHICH = "which"  # several open and no code
    UNKNOWN_CODE = "unknown_code"
    TOO_LATE = "too_late"
    STRANGER = "stranger"
    REPEATED = "repeated"
    RECORD = "record"  # the merchant asks how it stands
    STILL = "still"  # a resident for whom it is not over
    WELL = "well"  # and one for whom it is
    DISPUTE = "dispute"  # it says that a card is wrong


@keeps_sealed("body")
class Inbound(Sealed, table=True):
    """An SMS that reached us: stored first, read afterwards, never dropped."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("gateway", "event_id"),
        Index("ix_inbound_reading", "reading", "received_at"),
        Index("ix_inbound_waiting", "needs_operator", "seen_by_id"),
        Index("ix_inbound_offer", "offer_id"),
    )
    told_by: ClassVar[tuple[str, ...]] = ("offer_id",)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    gateway: str = Field(max_length=32)
    event_id: str = Field(max_length=128)
    number: str = Field(max_length=40, index=True)
    body: str = Field(max_length=2000)
    sent_at: datetime | None = None
    received_at: datetime
    reading: InboundReading = choice(InboundReading, default=InboundReading.UNREAD)
    merchant_id: int | None = Field(default=None, foreign_key="merchant.id")
    offer_id: int | None = Field(default=None, foreign_key="offer.id")
    needs_operator: bool = False
    seen_by_id: int | None = Field(default=None, foreign_key="operator.id")

    def whose(self, session: Writing) -> int | None:
        """The resident whom the answered offer is about, or to whom alone the number led when it came."""
        if self.offer_id is not None:
            offer = session.get(Offer, self.offer_id)
            case = session.get(Case, offer.case_id) if offer is not None else None
            return case.resident_id if case is not None else None
        if self.merchant_id is not None:
            return None
        known = session.scalars(
            _LED_TO, {"number": self.number, "at": self.received_at, "centre": self.centre_id}
        ).all()
        return known[0] if len(known) == 1 else None


def _led_to(table: type[Line | Contact], *which: ColumnElement[bool]) -> Select[int | None]:
    return (
        select(col(Resident.id))
        .join(table, col(table.resident_id) == col(Resident.id))
        .where(
            col(table.number) == bindparam("number"),
            col(Resident.centre_id) == bindparam("centre"),
            col(Resident.merged_into).is_(None),
            not_(exists().where(col(MerchantNumber.number) == bindparam("number"))),
            *which,
        )
    )


_LED_TO = union(
    _led_to(Line, or_(col(Line.ended_at).is_(None), col(Line.ended_at) > bindparam("at", type_=UTCDateTime()))),
    _led_to(Contact),
).limit(2)
