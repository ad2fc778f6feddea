"""The rule `next_steps`: what follows when a merchant was not reached by an offer, by what became of it."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from registry.models import Channel


class Unheard(StrEnum):
    """What may become of an offer that nobody has answered; the rule has a line for each."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    INVALID = "invalid"  # there is no such number: it is never dialled again, until somebody corrects it
    CONGESTED = "congested"  # our own trunk had no room
    FAILED = "failed"
    NO_KEY = "no_key"  # answered, and no key pressed
    UNDELIVERABLE = "undeliverable"  # an SMS that did not arrive
    SILENT = "silent"  # one that was sent, and part of the time to answer is over


class Step(StrEnum):
    AGAIN = "again"  # the same number
    NEXT_NUMBER = "next_number"  # the merchant's next one of this channel
    OTHER_CHANNEL = "other_channel"


CALL_STEPS = Annotated[list[Literal["again", "next_number", "other_channel"]], Field(max_length=3)]
SMS_STEPS = Annotated[list[Literal["next_number", "other_channel"]], Field(max_length=2)]


class NextSteps(BaseModel):
    """Of each line the first step that is possible is done; when none is left it is the next merchant's turn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    busy: CALL_STEPS
    busy_seconds: int = Field(ge=1, le=3600)
    no_answer: CALL_STEPS
    no_answer_seconds: int = Field(ge=1, le=3600)
    unreachable: CALL_STEPS
    rejected: CALL_STEPS
    invalid: SMS_STEPS
    congested: CALL_STEPS
    congested_seconds: int = Field(ge=1, le=3600)
    congested_tries: int = Field(ge=1, le=100)
    failed: CALL_STEPS
    no_key: CALL_STEPS
    undeliverable: SMS_STEPS
    silent: SMS_STEPS
    silent_percent: int = Field(ge=1, le=99)

    def result(self, channel: Channel, why: str) -> Unheard:
        """The line for what became of a message of that channel; a call that our side could not make has failed."""
        if channel is Channel.SMS:
            return Unheard.UNDELIVERABLE
        return Unheard(why) if why in frozenset(Unheard) else Unheard.FAILED

    def after(self, result: Unheard) -> list[Step]:
        return [Step(step) for step in getattr(self, result)]

    def pause(self, result: Unheard) -> timedelta | None:
        """Before the same number is called again; None: as before any other call."""
        seconds = {
            Unheard.BUSY: self.busy_seconds,
            Unheard.NO_ANSWER: self.no_answer_seconds,
            Unheard.CONGESTED: self.congested_seconds,
        }.get(result)
        return timedelta(seconds=seconds) if seconds is not None else None
