"""Cards and records of merchants, as clients see them, and the commands about them."""

from pydantic import Field

from dispatch.wire.base import Command, Moment, Wire
from dispatch.wire.people import MerchantLine
from dispatch.wire.words import CardColour, CardState, Limit


class CardView(Wire):
    """A limit that was passed at `due_at`. Without `merchant` it is the centre's own."""

    id: int
    case_number: str
    merchant: MerchantLine | None = None
    colour: CardColour
    limit: Limit
    due_at: Moment
    given_at: Moment
    state: CardState
    dispute: str = ""  # what the merchant says against it
    disputed_at: Moment | None = None
    decision: str = ""
    decided_at: Moment | None = None
    decided_by: str = ""
    version: int


class DisputeCard(Command):
    """What the merchant told the operator by word of mouth against its card."""

    expects: CardState
    words: str = Field(min_length=1, max_length=1000)


class DecideCard(Command):
    """The supervisor's word: the card is upheld, or else withdrawn. A standing one can be withdrawn as well."""

    expects: CardState
    upheld: bool
    why: str = Field(min_length=1, max_length=1000)


class Suspend(Command):
    why: str = Field(min_length=1, max_length=200)
    until: Moment | None = None  # None: until somebody ends it


class Resume(Command):
    """Ends a suspension before its time."""


class RecordFigures(Wire):
    """How a merchant worked, and what that is worth in the ranking (docs/records.md)."""

    points: float
    asked: int
    declined: int
    silent: int
    visits: int
    late: int
    satisfied: int
    fairly: int
    not_satisfied: int
    yellow: int
    red: int


class RecordView(RecordFigures):
    """Of the last `days`."""

    days: int
