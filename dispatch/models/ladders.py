"""The ladder of an emergency: who is asked to help, one step after the other, until one human has acknowledged."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from dispatch.models.transitions import Moves, Timeline
from registry.models.columns import choice
from registry.store import Subject


class LadderState(StrEnum):
    CLIMBING = "climbing"
    ACKNOWLEDGED = "acknowledged"  # somebody has it in hand, which is not settled
    HELD = "held"  # it climbed when the backup was made that has been restored: nobody is called until it is released
    OVER = "over"  # the case is closed, or no emergency


class Rung(StrEnum):
    """Who is asked at one step."""

    OPERATORS = "operators"  # all of them: their telephones ring anyway, and the board does
    SUPERVISOR = "supervisor"
    ON_CALL = "on_call"
    CONTACTS = "contacts"  # the resident's own people
    RESPONDERS = "responders"  # merchants who can be there before the clinic


class LadderAnswer(StrEnum):
    GOING = "going"
    CANNOT = "cannot"


_NOT_OVER = "state <> 'over'"


class Ladder(SQLModel, table=True):
    """One for each open case of an emergency or an unanswered care call; the case is held before it.

    `step` counts from 0 in the steps of the rule `rule_id`, `round` from 1: an exhausted ladder starts again.
    """

    __tablename__ = "ladder"
    __table_args__ = (
        Index(
            "uq_ladder_case",
            "case_id",
            unique=True,
            sqlite_where=text(_NOT_OVER),
            postgresql_where=text(_NOT_OVER),
        ),
    )
    subject: ClassVar[Subject] = Subject.LADDER
    moves: ClassVar[Moves[LadderState]] = {
        LadderState.CLIMBING: frozenset({LadderState.ACKNOWLEDGED, LadderState.HELD, LadderState.OVER}),
        LadderState.ACKNOWLEDGED: frozenset({LadderState.CLIMBING, LadderState.HELD, LadderState.OVER}),
        LadderState.HELD: frozenset({LadderState.CLIMBING, LadderState.ACKNOWLEDGED, LadderState.OVER}),
        LadderState.OVER: frozenset(),
    }

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    case_id: int = Field(foreign_key="case.id")
    rule_id: int = Field(foreign_key="rule.id")
    state: LadderState = choice(LadderState, default=LadderState.CLIMBING)
    step: int = 0
    round: int = 1
    started_at: datetime
    acknowledged_at: datetime | None = None
    operator_id: int | None = Field(default=None, foreign_key="operator.id")  # who acknowledged, if it was one
    ladder_call_id: int | None = None  # or the call in which somebody said that she is going
    arrival_due_at: datetime | None = None
    version: int = 1

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id, case_id=self.case_id)


class LadderCall(SQLModel, table=True):
    """Somebody asked by an automatic call; `message_id` is its row in the outbox.

    One that is called `together` with others belongs to no step: whoever has the emergency in hand, it is asked.
    """

    __tablename__ = "ladder_call"
    __table_args__ = (UniqueConstraint("message_id"), Index("ix_ladder_call_ladder", "ladder_id"))

    id: int | None = Field(default=None, primary_key=True)
    ladder_id: int = Field(foreign_key="ladder.id")
    message_id: int = Field(foreign_key="message.id")
    round: int
    step: int
    rung: Rung = choice(Rung)
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    merchant_id: int | None = Field(default=None, foreign_key="merchant.id")
    together: bool = False
    answer: LadderAnswer | None = choice(LadderAnswer, nullable=True)
    answered_at: datetime | None = None
