"""Care plans on the wire. Times of a plan are on the wall clock of its zone; weekday 0 is Monday."""

from datetime import time
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from dispatch.wire.base import Command, Moment, Version, Wire
from dispatch.wire.words import CheckState, PlanState


def _wall_time(value: time) -> time:
    if value.tzinfo is not None or value.second or value.microsecond:
        raise ValueError("must be hours and minutes without an offset")
    return value


def _zone(value: str | None) -> str | None:
    if value is not None and value not in available_timezones():
        raise ValueError("must be an IANA time zone, for example Asia/Shanghai")
    return value


WallTime = Annotated[time, AfterValidator(_wall_time)]
Weekdays = Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(min_length=1, max_length=7)]
Zone = Annotated[str | None, Field(max_length=64), AfterValidator(_zone)]


class NewCarePlan(Command):
    local_time: WallTime
    weekdays: Weekdays = [0, 1, 2, 3, 4, 5, 6]
    zone: Zone = None  # None: the centre's
    on_holidays: bool = False


class CarePlanChange(Command):
    version: Version
    local_time: WallTime | None = None
    weekdays: Weekdays | None = None
    zone: Zone = None
    on_holidays: bool | None = None


class CarePlanEnd(Command):
    expects: PlanState


class CareCheckView(Wire):
    due_at: Moment
    state: CheckState
    case_number: str | None = None  # the case that looks after it


class CarePlanView(Wire):
    id: int
    resident_id: int
    local_time: time
    weekdays: list[int]
    zone: str
    on_holidays: bool
    state: PlanState
    due_at: Moment | None = None  # the next one; None: ended
    ended_at: Moment | None = None
    checks: list[CareCheckView] = []  # of the last days, the newest first
    version: int
