"""How merchants are asked, by the hour of the day: each by its own plan, else by the centre's.

One line of a plan is `20:00-08:00/voice_first/3`: from when until when on the centre's clock, which way, and how
often each telephone is called for one offer (left out: as often as the centre calls anybody). At hours of no line a
merchant is asked by its own first channel, and then by the other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field
from sqlmodel import col, select

from registry.centres import current_rule, zone
from registry.day_hours import SPAN, DayHours, kept, line_at
from registry.models import Channel, Merchant, RuleKind
from registry.store import Reading, Writing

_LINE = re.compile(rf"{SPAN}/(?P<ask>[a-z_]+)(?:/(?P<tries>[1-9]|10))?", re.ASCII)


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

    hours: DayHours
    ask: Asking
    tries: int | None

    @classmethod
    def read(cls, line: str) -> Self:
        """Raises ValueError."""
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise ValueError(line)
        return cls(DayHours.of(found), Asking(found["ask"]), int(found["tries"]) if found["tries"] else None)

    def __str__(self) -> str:
        tries = f"/{self.tries}" if self.tries is not None else ""
        return f"{self.hours}/{self.ask}{tries}"


PlanLines = Annotated[
    list[str], Field(max_length=24), AfterValidator(kept(Hours.read, "channel_hours", "20:00-08:00/voice_first/3"))
]


def asked_at(
    session: Reading | Writing, centre_id: int, merchant_ids: Sequence[int], now: datetime
) -> dict[int, Hours]:
    """The line of each merchant's plan, or else of the centre's, that holds this hour; not those without any."""
    local = now.astimezone(zone(session, centre_id)).time()
    common = line_at(map(Hours.read, current_rule(session, centre_id, RuleKind.CHANNEL_PLAN).body["hours"]), local)
    plans = session.exec(select(Merchant.id, Merchant.channel_plan).where(col(Merchant.id).in_(merchant_ids))).all()
    found = {id_: line_at(map(Hours.read, plan), local) or common for id_, plan in plans if id_ is not None}
    return {id_: line for id_, line in found.items() if line is not None}
