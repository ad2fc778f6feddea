"""What a merchant that has called in was read, and what it pressed: one row for each menu."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from registry.models.columns import choice


class About(StrEnum):
    """What a menu asks."""

    JOB = "job"  # what becomes of one job
    WORD = "word"  # the resident's four digits, for one job
    RECORD = "record"  # whether its newest card is right
    END = "end"  # nothing more: its record, its jobs again, or an operator


class CallMenu(SQLModel, table=True):
    """`key` is what was pressed, empty when nothing was; `ended_at` is None until the exchange has told one or the
    other. `inbound_id` is the key as something to be read, like an SMS.
    """

    __tablename__ = "call_menu"

    id: int | None = Field(default=None, primary_key=True)
    call_id: int = Field(foreign_key="call.id", index=True)
    about: About = choice(About)
    offer_id: int | None = Field(default=None, foreign_key="offer.id")
    message_id: int | None = Field(default=None, foreign_key="message.id")  # the door, which this menu tells instead
    out: str = Field(default="", max_length=4)  # the digits that want an operator
    asked_at: datetime
    key: str = Field(default="", max_length=8)
    ended_at: datetime | None = None
    inbound_id: int | None = Field(default=None, foreign_key="inbound.id", index=True)
