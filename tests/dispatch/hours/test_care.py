"""The mornings of those who want to be called: at their time, on their days, and never in the way of a button."""

from datetime import datetime, time, timedelta

from callbridge.standin.telephones import NOBODY, UNREACHABLE, presses
from dispatch.attention import Need
from dispatch.models import CareCheck, CheckState, Ladder, LadderState
from registry.models import LineKind, RuleKind
from tests.dispatch.hours.line import ONE_DATABASE, Line
from tests.dispatch.hours.test_surveys import on
from tests.dispatch.register import HER_LINE
from tests.dispatch.test_care import plan

NINE = time(9, 0)
BUTTON, SUPERVISOR, DAUGHTER = "+8619800235004", "+8613600000001", "+8617700232004"


async def agreed(line: Line, at: time = NINE, **more: object) -> None:
    """From Tuesday on; it is Monday, a little after nine."""
    await line.until(on(2, "09:05"))
    plan(line.town, line.town.resident(), at, **more)


def called_at(line: Line) -> list[datetime]:
    return [each.at for each in line.called(HER_LINE)]


def checks(line: Line) -> list[CheckState]:
    return [check.state for check in sorted(line.town.all(CareCheck), key=lambda check: check.id or 0)]


async def test_every_day_at_nine_she_is_called_once(line: Line) -> None:
    line.when_called(HER_LINE, presses("1"))
    await agreed(line)
    await line.until(on(5, "12:00"))
    assert called_at(line) == [on(3, "09:00"), on(4, "09:00"), on(5, "09:00")]
    assert checks(line) == [CheckState.WELL] * 3
    assert line.cases() == []


@ONE_DATABASE
async def test_on_her_weekdays_only_and_on_no_holiday(line: Line) -> None:
    line.when_called(HER_LINE, presses("1"))
    line.rule(RuleKind.QUIET_HOURS, holidays=["2026-03-10"])
    await agreed(line, weekdays=[1, 4])  # Tuesdays and Fridays
    await line.until(on(13, "12:00"))
    assert called_at(line) == [on(3, "09:00"), on(6, "09:00"), on(13, "09:00")]
    assert checks(line) == [CheckState.WELL, CheckState.WELL, CheckState.SKIPPED, CheckState.WELL]


async def test_who_does_not_answer_is_called_three_times_and_then_is_a_case(line: Line) -> None:
    await agreed(line)
    await line.until(on(3, "09:21"))
    assert line.cases() == []
    await line.passes(minutes=2)
    assert [(at - on(3, "09:00")).total_seconds() for at in called_at(line)] == [0, 630, 1260]
    case = line.case("care_check")
    assert (case.needs_why, case.priority) == (Need.CARE_NOT_REACHED, "urgent")
    assert checks(line) == [CheckState.NOT_REACHED]


async def test_whose_care_call_reached_nobody_is_asked_about_until_somebody_goes(line: Line) -> None:
    line.when_called(DAUGHTER, UNREACHABLE, presses("1"))
    await line.until(on(2, "09:05"))
    plan(line.town, line.town.resident(contacts=[DAUGHTER]), NINE)
    await line.until(on(3, "09:23"))
    climbing = on(3, "09:21") + timedelta(seconds=30)
    assert [row.at for row in line.journal("ladder.step")] == [climbing]
    await line.passes(minutes=30)
    first, second = line.called(DAUGHTER)
    assert first.at == climbing + timedelta(minutes=10), "the operators have had their time"
    assert second.at == first.at + timedelta(minutes=1)
    assert "王秀英奶奶" in line.voice.said(first)
    assert "按钮" not in line.voice.said(first)
    assert line.case("care_check").needs_why is None
    await line.passes(minutes=45)
    assert line.case("care_check").needs_why == Need.RESPONDER_LATE


@ONE_DATABASE
async def test_who_says_tomorrow_that_she_is_well_is_asked_about_no_more(line: Line) -> None:
    line.when_called(HER_LINE, NOBODY, NOBODY, NOBODY, presses("1"))
    await agreed(line)
    await line.until(on(4, "09:30"))
    assert checks(line) == [CheckState.NOT_REACHED, CheckState.WELL]
    assert line.case("care_check").needs_why == Need.CARE_NOT_REACHED, "only an operator closes it"
    (ladder,) = line.town.all(Ladder)
    assert ladder.state is LadderState.OVER


@ONE_DATABASE
async def test_many_who_do_not_answer_block_no_button_either(line: Line) -> None:
    """The ladders of care calls have the brake that those of emergencies have not."""
    line.rule(RuleKind.OUTGOING_BRAKE, reserved_channels=15)
    await line.until(on(2, "09:05"))
    for each in range(18):
        number = f"+86236700{2001 + each}"
        plan(line.town, line.town.resident(number=number, contacts=[f"+86236700{3001 + each}"]), NINE)
    most = 0
    await line.until(on(3, "09:30"))
    for _ in range(60):
        await line.passes(seconds=20)
        most = max(most, out(line))
    assert most == 15
    assert len(line.town.all(Ladder)) == 18


async def test_a_night_with_the_service_off_is_made_up_for_while_it_is_worth_it(line: Line) -> None:
    line.when_called(HER_LINE, presses("1"))
    await agreed(line)
    await line.switch_off()
    await line.until(on(3, "11:30"))
    await line.switch_on()
    await line.passes(minutes=5)
    assert called_at(line) == [on(3, "11:30")]
    await line.switch_off()
    await line.until(on(4, "12:30"))
    await line.switch_on()
    await line.passes(minutes=5)
    assert checks(line) == [CheckState.WELL, CheckState.MISSED]
    assert len(called_at(line)) == 1


@ONE_DATABASE
async def test_a_time_in_the_quiet_hours_waits_for_their_end(line: Line) -> None:
    line.when_called(HER_LINE, presses("0"))
    await agreed(line, time(7, 30))
    await line.until(on(3, "08:01"))
    assert called_at(line) == [on(3, "08:00")]
    assert line.case().needs_why == Need.WANTS_TO_TALK


async def test_forty_calls_at_nine_do_not_block_a_button(line: Line) -> None:
    """Thirty channels, ten of them kept free: a button comes in and its ladder goes out among them."""
    town = line.town
    town.resident("王䶮", number=BUTTON, kind=LineKind.BUTTON)
    line.rule(RuleKind.LADDER, steps=[{"who": "operators", "seconds": 2}, supervisor(60)])
    line.when_called(SUPERVISOR, presses("1"))
    await line.until(on(2, "09:05"))
    numbers = [f"+86236700{each:04}" for each in range(2001, 2041)]
    for number in numbers:
        plan(town, town.resident(number=number), NINE)
        line.when_called(number, presses("1", rings=8, thinks=20))
    await line.until(on(3, "09:00"))
    assert out(line) == 20
    press = await line.call_in(BUTTON)
    most = out(line)
    await line.passes(seconds=2)
    (rings,) = line.called(SUPERVISOR)
    assert (rings.at - on(3, "09:00")).total_seconds() == 2
    for _ in range(30):
        await line.passes(seconds=5)
        most = max(most, out(line))
    assert most == 21, "the ladder's own, and no other"
    await line.answer(press)
    await line.passes(minutes=10)
    assert sorted(each.number for each in line.called() if each.number != SUPERVISOR) == numbers
    assert checks(line) == [CheckState.WELL] * 40


def supervisor(seconds: int) -> dict[str, object]:
    return {"who": "supervisor", "seconds": seconds, "numbers": [SUPERVISOR]}


def out(line: Line) -> int:
    """How many of our own calls are on the trunk."""
    return sum(each["Channel"].startswith("PJSIP/trunk") for each in line.exchange.channels) - len(
        line.exchange.callers.here
    )
