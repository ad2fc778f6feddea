"""Care plans in words: when she is called, and how she was the last times."""

from collections.abc import Sequence

from console import times
from console.speech import Speech
from console.world import World
from dispatch.wire.care import CareCheckView, CarePlanView

_EVERY_DAY, _WORKING_DAYS = [0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4]

TONES = {"well": "good", "talk": "warn", "not_reached": "late", "missed": "warn", "calling": "warn"}


def when(plan: CarePlanView, speech: Speech) -> str:
    """每天 09:00 节假日不打; 周二 周四 15:30."""
    holidays = speech.say("care.on_holidays" if plan.on_holidays else "care.not_on_holidays")
    return f"{days(plan.weekdays, speech)} {plan.local_time:%H:%M} {holidays}"


def days(weekdays: Sequence[int], speech: Speech) -> str:
    match sorted(weekdays):
        case every if every == _EVERY_DAY:
            return speech.say("care.every_day")
        case working if working == _WORKING_DAYS:
            return speech.say("care.working_days")
        case some:
            return " ".join(speech.word("weekday", str(day)) for day in some)


def outcome(check: CareCheckView, world: World, speech: Speech) -> str:
    """03-01 09:00 平安."""
    at = times.day_and_hour(check.due_at, world.zone, world.now())
    return f"{at} {speech.word('check', check.state)}"


def brief(plan: CarePlanView, world: World, speech: Speech) -> str:
    """The plan on her card: when, and how she was last."""
    last = outcome(plan.checks[0], world, speech) if plan.checks else speech.say("care.not_called_yet")
    return f"{when(plan, speech)}  {last}"
