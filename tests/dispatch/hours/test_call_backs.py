"""A day of calls that nobody answers: each leads to somebody's being called back, however long that takes."""

from datetime import timedelta

import pytest

from callbridge.events import Choice, Party
from dispatch import cases
from dispatch.attention import Need
from dispatch.models import Call, Case, CaseState
from dispatch.wire.cases import Close
from registry.models import LineKind
from registry.models.centre import Priority
from tests.dispatch.hours.line import ONE_DATABASE, Line
from tests.dispatch.register import HER_LINE

NEIGHBOUR = "+8613800000077"
BUTTON = "+8619800235004"


def settle(line: Line, case: Case) -> None:
    with line.town.store.writing() as session:
        cases.close(session, line.town.desk, case.number, Close(expects="open", outcome="information"))


async def test_who_calls_again_and_again_has_one_case_that_only_a_word_settles(line: Line) -> None:
    line.town.resident()
    first = line.town.clock.now()
    for _ in range(3):
        await line.gives_up(HER_LINE, seconds=45)
        await line.passes(minutes=20)
    case = line.case()
    assert (case.service_code, case.attempts, case.priority) == ("call_back", 3, Priority.URGENT)
    assert case.opened_at == first + timedelta(seconds=45)
    later = await line.call_in(HER_LINE)
    await line.answer(later)
    await line.passes(minutes=3)
    await line.hang_up(later, Party.OPERATOR)
    await line.passes(hours=10)
    assert line.case().number == case.number, "an answered call settles nothing by itself"
    settle(line, line.case())
    await line.gives_up(HER_LINE)
    again = line.case()
    assert (again.number == case.number, again.attempts) == (False, 1)


@ONE_DATABASE
async def test_who_wants_to_be_called_back_keeps_her_place(line: Line) -> None:
    line.town.resident()
    joined = line.town.clock.now()
    call = await line.call_in(HER_LINE)
    await line.passes(minutes=2)
    await line.gives_up(NEIGHBOUR)
    await line.choose(call, Choice.CALL_BACK, digit="1")
    waiting = sorted(line.cases("call_back"), key=lambda case: case.needs_since or joined)
    assert [case.needs_why for case in waiting] == [Need.CALL_BACK_WANTED, Need.ABANDONED]
    assert waiting[0].needs_since == joined


@ONE_DATABASE
async def test_hidden_callers_are_kept_each_for_herself(line: Line) -> None:
    for _ in range(2):
        await line.gives_up("anonymous")
        await line.passes(minutes=1)
    assert [case.attempts for case in line.cases("call_back")] == [1, 1]


async def test_a_morning_without_the_service_is_worked_off_once_and_emergencies_first(line: Line) -> None:
    line.town.resident()
    line.town.resident("王䶮", number=BUTTON, kind=LineKind.BUTTON)
    await line.switch_off()
    began = line.town.clock.now()
    for _ in range(2):
        await line.gives_up(HER_LINE)
    await line.gives_up(NEIGHBOUR)
    await line.gives_up(BUTTON)
    answered = await line.call_in("+8613800000078")
    await line.exchange.callers.answer(answered, "802")
    await line.passes(hours=2)
    await line.hang_up(answered)
    await line.switch_on()
    calls = line.town.all(Call)
    assert min(call.arrived_at for call in calls) == began
    assert (len(calls), {call.recovered for call in calls}) == (5, {True})
    found = sorted(line.cases(), key=lambda case: (case.priority is not Priority.EMERGENCY, case.attempts))
    assert [(case.priority, case.attempts) for case in found] == [
        (Priority.EMERGENCY, 1),
        (Priority.ROUTINE, 1),
        (Priority.URGENT, 2),
    ]
    await line.switch_off()
    await line.switch_on()
    assert len(line.town.all(Call)) == 5
    assert all(case.state is CaseState.OPEN for case in line.town.all(Case))


@ONE_DATABASE
@pytest.mark.parametrize("hours", [0.1, 5])
async def test_a_call_that_goes_on_while_the_service_is_away_ends_as_it_ended(line: Line, hours: float) -> None:
    line.town.resident()
    call = await line.call_in(HER_LINE)
    await line.switch_off()
    await line.passes(seconds=50)
    await line.hang_up(call)
    await line.passes(hours=hours)
    await line.switch_on()
    assert (line.case().needs_why, line.case().attempts) == (Need.ABANDONED, 1)
