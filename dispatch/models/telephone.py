"""What the exchange has been asked to do with a call or a telephone: a row, committed with its decision."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from registry.models.columns import choice


class OrderKind(StrEnum):
    TAKE = "take"
    HOLD = "hold"
    RESUME = "resume"
    HAND_OVER = "hand_over"
    BRING_IN = "bring_in"
    DROP = "drop"
    HANG_UP = "hang_up"
    DIAL = "dial"
    LISTEN = "listen"
    PRESENCE = "presence"
    ASK = "ask"  # read a menu to a caller who waits


class OrderState(StrEnum):
    WANTED = "wanted"
    HANDED_OVER = "handed_over"  # the exchange is being asked; after a crash nobody knows, and it is not repeated
    DONE = "done"
    FAILED = "failed"


class PhoneOrder(SQLModel, table=True):
    """Done in the order of the ids. One that is older than a few seconds is no longer meant, except for presence."""

    __tablename__ = "phone_order"
    __table_args__ = (Index("ix_phone_order_due", "exchange", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    exchange: str = Field(max_length=32)
    kind: OrderKind = choice(OrderKind)
    operator_id: int | None = Field(default=None, foreign_key="operator.id")  # whose wish; None: the service's own
    call_id: int | None = Field(default=None, foreign_key="call.id", index=True)
    body: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    state: OrderState = choice(OrderState, default=OrderState.WANTED)
    why: str = Field(default="", max_length=200)  # it failed
    at: datetime
    ended_at: datetime | None = None
