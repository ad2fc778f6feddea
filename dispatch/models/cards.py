"""Cards: a limit of a service that was passed, yellow at the limit and red at the next."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Index
from sqlmodel import Field

from dispatch.models.cases import Case
from dispatch.models.transitions import Moves, Timeline
from registry.models.columns import choice
from registry.sealed import Sealed, keeps_sealed
from registry.store import Subject, Writing


class CardColour(StrEnum):
    YELLOW = "yellow"
    RED = "red"


class Limit(StrEnum):
    """Which limit was passed."""

    ARRIVAL = "arrival"
    FINISH = "finish"
    CASE = "case"  # its working days


class CardState(StrEnum):
    STANDING = "standing"
    DISPUTED = "disputed"
    UPHELD = "upheld"
    WITHDRAWN = "withdrawn"  # it counts no more


@keeps_sealed("dispute", "decision")
class Card(Sealed, table=True):
    """`merchant_id` is whose card it is; None: the centre's own, nobody else had the case then.

    A merchant disputes it once, in `dispute`; a supervisor decides, with the reason in `decision`.
    """

    __tablename__ = "card"
    __table_args__ = (
        Index("ix_card_merchant", "merchant_id", "given_at"),
        Index("ix_card_case", "case_id"),
        Index("uq_card_visit", "visit_id", "limit", "colour", unique=True),
    )
    subject: ClassVar[Subject] = Subject.CARD
    moves: ClassVar[Moves[CardState]] = {
        CardState.STANDING: frozenset({CardState.DISPUTED, CardState.WITHDRAWN}),
        CardState.DISPUTED: frozenset({CardState.UPHELD, CardState.WITHDRAWN}),
        CardState.UPHELD: frozenset(),
        CardState.WITHDRAWN: frozenset(),
    }

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    case_id: int = Field(foreign_key="case.id")
    offer_id: int | None = Field(default=None, foreign_key="offer.id")
    visit_id: int | None = Field(default=None, foreign_key="visit.id")
    merchant_id: int | None = Field(default=None, foreign_key="merchant.id")
    colour: CardColour = choice(CardColour)
    limit: Limit = choice(Limit)
    due_at: datetime
    given_at: datetime
    state: CardState = choice(CardState, default=CardState.STANDING)
    dispute: str = Field(default="", max_length=1000)
    disputed_at: datetime | None = None
    decision: str = Field(default="", max_length=1000)
    decided_at: datetime | None = None
    decided_by_id: int | None = Field(default=None, foreign_key="operator.id")
    version: int = 1

    def whose(self, session: Writing) -> int | None:
        case = session.get(Case, self.case_id)
        return case.resident_id if case is not None else None

    def timeline(self) -> Timeline:
        return Timeline(centre_id=self.centre_id, area_id=self.area_id, case_id=self.case_id)
