"""What an operator does with her telephone from the keyboard, and how present she is.

A verb is answered as soon as it is decided and written down; the exchange does it within a moment, and the stream
says so (`call.held`, `call.party_joined` …) or that it could not (`call.order_failed` with `order` and `why`).
`expects` is the state its sender saw. What does not fit is 409 and says what is now and, in `by`, who was first.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dispatch.wire.base import Command, Id
from dispatch.wire.words import BreakReason, CallState

Number = Annotated[str, Field(min_length=2, max_length=40, pattern=r"^\+?[0-9*#]+$")]


class CallVerb(Command):
    """`take`, `hold`, `resume`, `hang-up`."""

    expects: CallState


class HandOver(Command):
    """To a colleague: her telephone rings; the call is hers when she answers, and until then it stays where it is."""

    expects: CallState
    operator_id: Id


class BringIn(Command):
    """A third into the call: a colleague, a contact, a merchant, or any number; exactly one of them."""

    expects: CallState
    operator_id: Id | None = None
    contact_id: Id | None = None
    merchant_id: Id | None = None
    number: Number | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if [self.operator_id, self.contact_id, self.merchant_id, self.number].count(None) != 3:
            raise ValueError("exactly one of operator_id, contact_id, merchant_id and number")
        return self


class DropLeg(Command):
    """`leg_id` of `CallLine.legs`; the caller's own leg and the last operator's are dropped by `hang-up`."""

    expects: CallState
    leg_id: Id


class Dial(Command):
    """The operator's telephone rings, and when she lifts it the number is called. It is a call of its own, `out`.

    `call_id` is the call that is called back (its number when none is given); `case_number` the case it belongs to.
    """

    number: Number | None = None
    call_id: Id | None = None
    case_number: str | None = Field(default=None, max_length=32)
    resident_id: Id | None = None
    contact_id: Id | None = None
    merchant_id: Id | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not any((self.number, self.call_id, self.resident_id, self.contact_id, self.merchant_id)):
            raise ValueError("a number, or whose number: call_id, resident_id, contact_id or merchant_id")
        return self


class Listen(Command):
    """A supervisor hears the call; when she whispers, the operator alone hears her."""

    expects: CallState
    how: Literal["listen", "whisper"] = "listen"


class PresenceChange(Command):
    """`break` needs a reason. After-call work comes by itself, and ends with its clock or with `ready`."""

    presence: Literal["ready", "break"]
    reason: BreakReason | None = None

    @model_validator(mode="after")
    def _a_break_has_a_reason(self) -> Self:
        if (self.presence == "break") != (self.reason is not None):
            raise ValueError("a reason with break, and only then")
        return self
