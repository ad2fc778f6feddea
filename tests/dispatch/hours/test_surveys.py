"""The days after a visit: the resident is asked at a decent hour, whatever the night and the service do."""

from datetime import datetime

from callbridge.standin.telephones import presses
from dispatch.attention import Need
from dispatch.models import CaseState, Satisfaction
from registry.models import LineKind, RuleKind
from tests.dispatch.hours.line import ONE_DATABASE, Line
from tests.dispatch.register import HER_LINE

PHARMACY = "+8613900000001"


async def served(line: Line) -> str:
    """The pharmacy has just been at her door; who comes she was told by SMS, so that only the survey calls her."""
    town = line.town
    town.merchant("康宁药房", sms=PHARMACY)
    number = town.open(town.resident(kind=LineKind.MOBILE))
    town.dispatch(number)
    await line.settle()
    for digit in "135":
        town.hears(PHARMACY, digit)
        await line.settle()
    assert town.case(number).state is CaseState.SERVED
    return number


def on(day: int, clock: str) -> datetime:
    """A time of March 2026 on the town's wall; the 2nd is a Monday."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}:00+08:00")


def asked_at(line: Line) -> list[datetime]:
    return [each.at for each in line.called(HER_LINE)]


async def test_she_is_asked_half_an_hour_later_and_her_key_is_the_case_s(line: Line) -> None:
    line.when_called(HER_LINE, presses("2"))
    await line.until(on(2, "10:00"))
    number = await served(line)
    await line.passes(hours=1)
    assert asked_at(line) == [on(2, "10:30")]
    assert line.town.case(number).satisfaction is Satisfaction.FAIRLY
    await line.passes(days=2)
    assert len(asked_at(line)) == 1


@ONE_DATABASE
async def test_who_is_served_in_the_evening_is_asked_in_the_morning(line: Line) -> None:
    line.when_called(HER_LINE, presses("1"))
    await line.until(on(2, "19:20"))
    await served(line)
    await line.passes(hours=24)
    assert asked_at(line) == [on(3, "09:30")]


@ONE_DATABASE
async def test_quiet_hours_and_holidays_of_the_centre_put_it_off(line: Line) -> None:
    line.rule(RuleKind.QUIET_HOURS, quiet_from="12:00", quiet_until="14:30", holidays=["2026-03-03"])
    await line.until(on(2, "11:45"))
    await served(line)
    await line.until(on(4, "09:30"))
    # Nobody answers. The third time would be in the evening, and Tuesday is a holiday.
    assert asked_at(line)[0] == on(2, "14:30")
    assert [at.astimezone(on(2, "00:00").tzinfo).day for at in asked_at(line)] == [2, 2, 2]


@ONE_DATABASE
async def test_who_never_answers_is_asked_by_a_person_in_the_end(line: Line) -> None:
    await line.until(on(2, "16:00"))
    number = await served(line)
    await line.until(on(3, "09:29"))
    assert len(asked_at(line)) == 2, "the pause of the third ends after half past seven"
    assert line.town.case(number).needs_why is None
    await line.passes(hours=1)
    assert asked_at(line)[2] == on(3, "09:30")
    assert line.town.case(number).needs_why == Need.ASK_RESIDENT


async def test_a_night_with_the_service_off_loses_no_call_and_makes_none_twice(line: Line) -> None:
    line.when_called(HER_LINE, presses("3"))
    await line.until(on(2, "18:30"))
    number = await served(line)
    await line.switch_off()
    await line.until(on(2, "23:30"))
    await line.switch_on()
    await line.passes(minutes=10)
    assert asked_at(line) == [], "at night nobody is called"
    await line.switch_off()
    await line.until(on(3, "09:50"))
    await line.switch_on()
    await line.passes(minutes=1)
    assert asked_at(line) == [on(3, "09:50")]
    assert line.town.case(number).satisfaction is Satisfaction.NOT_SATISFIED
    await line.passes(hours=30)
    assert len(asked_at(line)) == 1


async def test_a_key_that_is_pressed_while_the_service_is_away_counts(line: Line) -> None:
    line.when_called(HER_LINE, presses("2", rings=20))
    await line.until(on(2, "10:00"))
    number = await served(line)
    await line.passes(minutes=30, seconds=5)
    assert len(asked_at(line)) == 1
    await line.switch_off()
    await line.passes(minutes=20)
    assert line.town.case(number).satisfaction is None
    await line.switch_on()
    await line.passes(hours=4)
    assert line.town.case(number).satisfaction is Satisfaction.FAIRLY
    assert len(asked_at(line)) == 1


@ONE_DATABASE
async def test_after_a_week_off_a_person_decides(line: Line) -> None:
    number = await served(line)
    await line.switch_off()
    await line.until(on(9, "10:00"))
    await line.switch_on()
    await line.passes(minutes=1)
    assert asked_at(line) == []
    assert line.town.case(number).needs_why == Need.ASK_RESIDENT
