"""How merchants are asked, by the hour of the day: each by its own plan, else by the centre's.

One line of a plan is `20:00-08:00/voice_first/3`: from when until when on the centre's clock, which way, and how
often each telephone is called for one offer (left out: as often as the centre calls anybody). An end that is not
after the beginning is on the next day; the same time is day and night. At hours of no line a
merchant is asked by its own first channel, and then by the other.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from sqlmodel import col, select

from registry.centres import current_rule, zone
from registry.models import Channel, Merchant, RuleKind
from registry.store import Reading, Writing

_LINE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)/([a-z_]+)(?:/([1-9]|10))?")
_DAY = 24 * 60


class Asking(StrEnum):
    SMS_FIRST = "sms_first"  # then the telephone
    VOICE_FIRST = "voice_first"  # then SMS
    BOTH = "both"  # at once

    @property
    def first(self) -> Channel:
        return Channel.VOICE if self is Asking.VOICE_FIRST else Channel.SMS


@dataclass(frozen=True, slots=True)
class Hours:
    """One line of a plan."""

    begins: time
    ends: time
    ask: Asking
    tries: int | None

    @classmethod
    def read(cls, line: str) -> Self:
        """Raises ValueError."""
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise ValueError(line)
        begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        return cls(begins, ends, Asking(found[5]), int(found[6]) if found[6] else None)

    def __str__(self) -> str:
        tries = f"/{self.tries}" if self.tries is not None else ""
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}/{self.ask}{tries}"

    def holds(self, local: time) -> bool:
        return (_minute(local) - _minute(self.begins)) % _DAY < self.minutes

    @property
    def minutes(self) -> int:
        return (_minute(self.ends) - _minute(self.begins)) % _DAY or _DAY


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _read_plan(lines: list[str]) -> list[str]:
    """The lines as they are kept. Raises PydanticCustomError."""
    try:
        hours = sorted((Hours.read(line) for line in lines), key=lambda each: each.begins)
    except ValueError as wrong:
        raise PydanticCustomError("channel_hours", "20:00-08:00/voice_first/3") from wrong
    for one, following in zip(hours, [*hours[1:], *hours[:1]], strict=True):
        free = (_minute(following.begins) - _minute(one.begins)) % _DAY or _DAY
        if one.minutes > free or (len(hours) > 1 and one.begins == following.begins):
            raise PydanticCustomError("hours_overlap", "two lines hold the same hour")
    return [str(each) for each in hours]


PlanLines = Annotated[list[str], Field(max_length=24), AfterValidator(_read_plan)]


def asked_at(
    session: Reading | Writing, centre_id: int, merchant_ids: Sequence[int], now: datetime
) -> dict[int, Hours]:
    """The line of each merchant's plan, or else of the centre's, that holds this hour; not those without any."""
    local = now.astimezone(zone(session, centre_id)).time()
    common = _line_at(current_rule(session, centre_id, RuleKind.CHANNEL_PLAN).body["hours"], local)
    plans = session.exec(select(Merchant.id, Merchant.channel_plan).where(col(Merchant.id).in_(merchant_ids))).all()
    found = {id_: _line_at(plan, local) or common for id_, plan in plans if id_ is not None}
    return {id_: line for id_, line in found.items() if line is not None}


def _line_at(plan: Iterable[str], local: time) -> Hours | None:
    return next((line for line in map(Hours.read, plan) if line.holds(local)), None)
