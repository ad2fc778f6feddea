"""What a merchant's record is worth when somebody is looked for: the whole rule, in one place (docs/records.md).

Shares and not counts: who is asked often declines often. Everybody is credited with a few good jobs, so that one bad
day of a shop that was asked twice is not held against it for ever; a merchant without a record loses nothing.
"""

from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Record(NamedTuple):
    """What happened within the window. Cards that were withdrawn are not in it."""

    asked: int = 0  # offers that were answered, or ran out
    declined: int = 0  # and those given back after accepting
    silent: int = 0
    visits: int = 0
    late: int = 0  # of them, at the door after the limit
    satisfied: int = 0
    fairly: int = 0
    not_satisfied: int = 0
    yellow: int = 0
    red: int = 0

    @property
    def said(self) -> int:
        return self.satisfied + self.fairly + self.not_satisfied


class RecordWeights(BaseModel):
    """Points; a part of the rule `matching_weights`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    declined_all: float = Field(default=-15, le=0)  # when it declined everything
    silent_all: float = Field(default=-40, le=0)  # when it let everything pass without a word
    late_all: float = Field(default=-40, le=0)  # when it was late every time
    unsatisfied_all: float = Field(default=-40, le=0)  # when nobody was satisfied; "fairly" counts half
    yellow_card: float = Field(default=-2, le=0)
    red_card: float = Field(default=-6, le=0)
    credited: int = Field(default=5, ge=0, le=1000)  # good ones that everybody is credited with
    record_worst: float = Field(default=-60, le=0)  # no record counts more than this: three kilometres


def points(record: Record, weights: RecordWeights) -> float:
    """What the record adds to the score: nothing at best."""

    def share(bad: float, of: int) -> float:
        return bad / (of + weights.credited) if of else 0.0

    lost = (
        weights.declined_all * share(record.declined, record.asked)
        + weights.silent_all * share(record.silent, record.asked)
        + weights.late_all * share(record.late, record.visits)
        + weights.unsatisfied_all * share(record.not_satisfied + record.fairly / 2, record.said)
        + weights.yellow_card * record.yellow
        + weights.red_card * record.red
    )
    return round(max(lost, weights.record_worst), 1) + 0.0  # nothing is 0 and not -0


def facts(record: Record) -> dict[str, Any]:
    """Its figures by name, as JSON."""
    return record._asdict()
