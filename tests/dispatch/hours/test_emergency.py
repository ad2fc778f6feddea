"""A night of an emergency: what the ladder does from minute to minute until a human has it in hand, and after."""

from datetime import datetime

import pytest

from callbridge.standin.telephones import BUSY, SAYS_NOTHING, UNREACHABLE, presses
from dispatch import cases
from dispatch.attention import Need
from dispatch.models import Attempt, Call, CallState, Ladder, LadderState
from dispatch.views.ladders import ladder_of
from dispatch.wire.cases import Acknowledge, Close
from dispatch.wire.ladders import LadderView
from registry.models import LineKind, RuleKind
from tests.dispatch.hours.line import ONE_DATABASE, Line

BUTTON = "+8619800235004"
SUPERVISOR, DOCTOR, NURSE = "+8613600000001", "+8613600000002", "+8613600000003"
DAUGHTER, SON = "+8617700232004", "+8617700232005"
MIDNIGHT = datetime.fromisoformat("2026-03-03T00:10:00+08:00")
STEPS = [
    {"who": "operators", "seconds": 30},
    {"who": "supervisor", "seconds": 60, "numbers": [SUPERVISOR]},
    {"who": "on_call", "seconds": 60, "numbers": [DOCTOR, NURSE]},
    {"who": "contacts", "seconds": 90},
]


@pytest.fixture
async def night(line: Line) -> Line:
    """Ten past midnight; a resident has a button and two children, and nobody anywhere answers a telephone."""
    line.town.resident(number=BUTTON, kind=LineKind.BUTTON, contacts=[DAUGHTER, SON])
    line.rule(RuleKind.LADDER, steps=STEPS, pause_seconds=20, arrival_seconds=900)
    line.town.clock.move_to(MIDNIGHT)
    await line.settle()
    return line


def ladder(line: Line) -> Ladder:
    (found,) = line.town.all(Ladder)
    return found


def shown(line: Line) -> LadderView:
    """As the case shows it."""
    with line.town.store.reading() as session:
        view = ladder_of(session, line.case())
    assert view is not None
    return view


def called_at(line: Line, number: str) -> list[float]:
    """How many seconds after midnight's press that telephone began to ring."""
    return [(each.at - MIDNIGHT).total_seconds() for each in line.called(number)]


def acknowledge(line: Line) -> None:
    with line.town.store.writing() as session:
        cases.acknowledge(session, line.town.desk, line.case().number, Acknowledge())


@ONE_DATABASE
async def test_a_press_that_nobody_acknowledges_is_climbed_for_round_after_round(night: Line) -> None:
    press = await night.call_in(BUTTON)
    await night.passes(seconds=25)
    await night.hang_up(press)
    await night.passes(minutes=16)
    steps = night.journal("ladder.step")
    assert [(row.at - MIDNIGHT).total_seconds() for row in steps[:9]] == [0, 30, 90, 150, 240, 270, 330, 390, 480]
    assert [row.data["rung"] for row in steps[:5]] == ["operators", "supervisor", "on_call", "contacts", "operators"]
    assert (ladder(night).state, ladder(night).round) == (LadderState.CLIMBING, 5)
    assert len(night.journal("ladder.exhausted")) == 4
    # Each rings for half a minute and once more after the pause, while her step is asked.
    assert called_at(night, SUPERVISOR)[:4] == [30, 80, 270, 320]
    assert called_at(night, DAUGHTER)[:3] == [150, 200, 390]
    assert night.case().needs_why == Need.EMERGENCY
    assert night.case().attempts == 1


async def test_the_daughter_answers_in_the_second_round_and_is_going(night: Line) -> None:
    night.when_called(DAUGHTER, UNREACHABLE, UNREACHABLE, BUSY, BUSY, UNREACHABLE, presses("1"))
    night.when_called(SON, presses("2"))
    await night.call_in(BUTTON)
    await night.passes(minutes=9)
    going = shown(night).going
    assert going is not None
    assert (going.number, going.answer, going.round) == (DAUGHTER, "going", 2)
    assert "王秀英奶奶" in night.voice.said(night.called(DAUGHTER)[0])
    assert ladder(night).state is LadderState.ACKNOWLEDGED
    assert len(night.journal("ladder.cannot")) == 2, "the son, once in each round"
    assert night.case().needs_why is None


@ONE_DATABASE
async def test_when_everybody_of_a_step_cannot_the_next_is_asked_before_its_time(night: Line) -> None:
    night.when_called(SUPERVISOR, presses("2", rings=4, thinks=6))
    await night.call_in(BUTTON)
    await night.passes(minutes=2)
    assert called_at(night, SUPERVISOR) == [30]
    assert called_at(night, DOCTOR)[0] == 40, "four seconds of ringing and six of listening"


@ONE_DATABASE
async def test_who_is_going_and_does_not_arrive_starts_it_again(night: Line) -> None:
    night.when_called(SUPERVISOR, presses("1", rings=4, thinks=6), SAYS_NOTHING)
    await night.call_in(BUTTON)
    await night.passes(seconds=41)
    assert shown(night).arrival_due_at is not None
    await night.passes(minutes=14, seconds=58)
    assert ladder(night).state is LadderState.ACKNOWLEDGED
    assert night.called(DOCTOR) == []
    await night.passes(minutes=2)
    assert (ladder(night).state, ladder(night).round) == (LadderState.CLIMBING, 2)
    assert night.case().needs_why == Need.RESPONDER_LATE
    assert night.called(DOCTOR), "it climbs as it did before"


@ONE_DATABASE
async def test_an_operator_who_answers_the_call_stops_the_telephones_that_ring(night: Line) -> None:
    press = await night.call_in(BUTTON)
    await night.passes(seconds=40)
    (rings,) = night.called(SUPERVISOR)
    await night.answer(press)
    assert rings.channel.uniqueid not in {each["Uniqueid"] for each in night.exchange.channels}
    assert (rings.at - MIDNIGHT).total_seconds() == 30
    assert ladder(night).operator_id == night.town.desk.operator_id
    await night.passes(hours=3)
    assert len(night.called()) == 1


@ONE_DATABASE
async def test_an_operator_who_acknowledges_on_the_board_stops_them_too(night: Line) -> None:
    await night.call_in(BUTTON)
    await night.passes(seconds=160)
    assert len(night.exchange.channels) > 2
    acknowledge(night)
    await night.settle()
    trunk = [each for each in night.exchange.channels if each["Context"] == "from-trunk"]
    assert trunk == []
    await night.passes(hours=1)
    assert len(night.called(DAUGHTER)) == 1


async def test_a_call_of_which_nobody_knows_is_made_again_and_the_double_can_be_seen(night: Line) -> None:
    """The exchange takes the order, the supervisor's telephone rings, and the link breaks before it has said so."""
    night.when_called(SUPERVISOR, SAYS_NOTHING, presses("1"))
    await night.call_in(BUTTON)
    await night.passes(seconds=29)
    night.exchange.takes_one_order_more()
    await night.passes(seconds=2)
    assert len(night.called(SUPERVISOR)) == 1
    await night.passes(seconds=25)
    assert len(night.called(SUPERVISOR)) == 1, "nobody can be asked, and nobody can be called"
    await night.finds_the_exchange()
    await night.passes(seconds=50)
    assert len(night.called(SUPERVISOR)) == 2
    assert [attempt.repeated for attempt in night.town.all(Attempt)].count(True) == 1
    assert shown(night).doubles == 1
    going = shown(night).going
    assert going is not None
    assert going.number == SUPERVISOR


@ONE_DATABASE
async def test_a_later_call_that_is_answered_does_not_settle_it(night: Line) -> None:
    await night.gives_up(BUTTON)
    acknowledge(night)
    later = await night.call_in(BUTTON)
    await night.answer(later)
    await night.passes(minutes=2)
    await night.hang_up(later)
    await night.passes(hours=8)
    case = night.case()
    assert (case.priority, case.attempts, case.reminders) == ("emergency", 1, 1)
    with night.town.store.writing() as session:
        cases.close(session, night.town.desk, case.number, Close(expects="open", outcome="served"))
    assert night.cases() == []
    assert ladder(night).state is LadderState.OVER


@ONE_DATABASE
async def test_a_press_while_the_service_is_away_is_climbed_for_as_soon_as_it_is_back(night: Line) -> None:
    await night.switch_off()
    await night.gives_up(BUTTON)
    await night.passes(minutes=30)
    await night.switch_on()
    (call,) = night.town.all(Call)
    assert (call.state, call.recovered, call.arrived_at) == (CallState.ENDED, True, MIDNIGHT)
    await night.passes(seconds=31)
    assert len(night.called(SUPERVISOR)) == 1
    assert night.case().needs_why == Need.EMERGENCY


@ONE_DATABASE
async def test_a_service_that_comes_back_while_a_telephone_rings_knows_its_own_call(night: Line) -> None:
    await night.gives_up(BUTTON)
    await night.passes(seconds=15)
    await night.switch_off()
    await night.passes(seconds=5)
    await night.switch_on()
    await night.passes(minutes=1)
    assert called_at(night, SUPERVISOR) == [30, 80]
    assert len(night.town.all(Call)) == 1, "nobody has called in but her"
    assert len(night.cases()) == 1
