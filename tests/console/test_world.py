"""The console's model of the world, without a screen."""

from datetime import timedelta

import pytest

from console.world import World
from dispatch.wire.board import Board, Event, LinkLine
from dispatch.wire.ladders import ActorLine
from tests.console import people
from tests.console.conftest import HandClock


@pytest.fixture
def world(clock: HandClock) -> World:
    world = World(clock)
    world.me = people.ME
    return world


def board(**lines: object) -> Board:
    nothing: dict[str, object] = {"calls": [], "cases": [], "inbound": [], "operators": [people.ME], "links": []}
    facts = {"at": people.NOW, "last_event_id": "e1-0", "centre_name": "邻里热线", "time_zone": "Asia/Shanghai"}
    return Board.model_validate(nothing | facts | lines)


def event(what: str = "case.changed", **about: object) -> Event:
    facts = {"id": "e1-1", "at": people.NOW, "what": what, "actor": ActorLine(kind="system")}
    return Event.model_validate({"subject": what.partition(".")[0], "subject_id": 1, **facts, **about})


def test_a_waiting_call_stands_by_urgency_and_then_by_how_long_it_waits(world: World) -> None:
    calls = [
        people.call(1, arrived_at=people.NOW - timedelta(seconds=5)),
        people.call(2, arrived_at=people.NOW - timedelta(seconds=50)),
        people.call(3, priority="emergency", arrived_at=people.NOW),
        people.call(4, state="talking", operator=people.SHE),
    ]
    world.take(board(calls=calls))
    assert [call.id for call in world.waiting()] == [3, 2, 1]
    assert [call.id for call in world.talking()] == [4]
    assert world.my_call() is None


def test_my_extension_rings_only_while_the_call_waits(world: World) -> None:
    world.take(board(calls=[people.call(ringing=["802", "801"])]))
    assert world.ringing_here() is not None
    world.apply(
        event("call.talking", call=people.call(state="talking", ringing=["801"], operator=people.ME, version=2))
    )
    assert world.ringing_here() is None
    assert world.my_call() is not None


def test_an_older_line_that_comes_late_changes_nothing(world: World) -> None:
    world.take(board(cases=[people.case(version=5, words="new")]))
    world.apply(event(case=people.case(version=4, words="old")))
    assert world.cases["TL-20260302-0001"].words == "new"


def test_the_same_event_twice_changes_nothing(world: World) -> None:
    world.take(board())
    for _ in range(2):
        world.apply(event(case=people.case()))
    assert len(world.cases) == 1


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_a_case_that_is_over_leaves_the_board(world: World, state: str) -> None:
    world.take(board(cases=[people.case()]))
    world.apply(event(case=people.case(state=state, turn="nobody", version=2)))
    assert not world.open_cases()
    assert not world.needs()


def test_a_call_that_ended_leaves_the_board_and_who_was_not_answered_has_a_case(world: World) -> None:
    world.take(board(calls=[people.call(1)]))
    world.apply(event("call.ended", call=people.call(1, state="ended", end="abandoned", version=2)))
    asks = people.case(call_back=True, attempts=1, needs_since=people.NOW, needs_why="need.abandoned")
    world.apply(event("case.needs", case=asks))
    assert not world.calls
    assert [need.why for need in world.needs()] == ["need.abandoned"]


def test_what_may_no_longer_be_seen_leaves_the_board(world: World) -> None:
    """An event without the line it is about: the resident went to another area."""
    world.take(board(calls=[people.call(1), people.call(2)], cases=[people.case(), people.case("TL-20260302-0002")]))
    world.apply(event("call.changed"))
    world.apply(event("case.changed"))
    assert list(world.calls) == [2]
    assert list(world.cases) == ["TL-20260302-0002"]


def test_late_cases_stand_on_top_then_what_needs_somebody_then_by_the_clock(world: World, clock: HandClock) -> None:
    def due(minutes: int, kind: str = "arrival_due") -> dict[str, object]:
        return {"kind": kind, "due_at": people.NOW + timedelta(minutes=minutes)}

    cases = [
        people.case("TL-20260302-0001", clock=due(30)),
        people.case("TL-20260302-0002", needs_since=people.NOW, needs_why="need.nobody_left"),
        people.case("TL-20260302-0003"),
        people.case("TL-20260302-0004", clock=due(10)),
        people.case("TL-20260302-0005", clock=due(-1), priority="routine"),
        people.case("TL-20260302-0006", clock=due(-1), priority="urgent"),
    ]
    world.take(board(cases=cases))
    assert [case.number[-1] for case in world.open_cases()] == ["6", "5", "2", "4", "1", "3"]
    assert world.late_by(cases[4]) == timedelta(minutes=1)
    clock.move(minutes=11)
    assert [case.number[-1] for case in world.late()] == ["6", "5", "4"]


def test_a_clock_that_the_service_answers_itself_is_late_only_when_it_does_not(
    world: World, clock: HandClock
) -> None:
    case = people.case(state="offering", turn="merchant", clock={"kind": "offer_expires", "due_at": people.NOW})
    world.take(board(cases=[case]))
    clock.move(seconds=20)
    assert world.late_by(case) is None
    clock.move(seconds=20)
    assert world.late_by(case) == timedelta(seconds=40)


def test_alarms_stand_before_turns_each_by_urgency_and_age(world: World) -> None:
    def since(minutes: int) -> object:
        return people.NOW - timedelta(minutes=minutes)

    cases = [
        people.case("TL-20260302-0001", priority="emergency", opened_at=since(9)),
        people.case("TL-20260302-0002", needs_since=since(1), needs_why="need.nobody_left"),
        people.case("TL-20260302-0003", needs_since=since(5), needs_why="need.call_me"),
        people.case("TL-20260302-0004", priority="urgent", needs_since=since(2), needs_why="need.arrival_late"),
        people.case("TL-20260302-0005", state="served", served_at=since(3)),
    ]
    world.take(board(cases=cases))
    assert [need.case.number[-1] for need in world.needs() if need.case] == ["4", "3", "2", "1", "5"]
    assert [need.alarm for need in world.needs()] == [True, True, True, False, False]


def test_another_operators_turn_is_not_mine_and_anybodys_is(world: World) -> None:
    cases = [
        people.case("TL-20260302-0001", turn_operator=people.SHE),
        people.case("TL-20260302-0002", turn_operator=None),
        people.case("TL-20260302-0003", turn="supervisor", turn_operator=None),
    ]
    world.take(board(cases=cases))
    assert [need.case.number[-1] for need in world.needs() if need.case] == ["2"]
    world.me = people.ME.model_copy(update={"role": "supervisor"})
    assert [need.case.number[-1] for need in world.needs() if need.case] == ["2", "3"]


def test_a_need_that_comes_back_is_a_new_one(world: World) -> None:
    """The bell goes by the key: acknowledged and needed again has to ring again."""
    first = people.case(needs_since=people.NOW, needs_why="need.nobody_left")
    world.take(board(cases=[first]))
    before = world.needs()[0].key
    again = people.case(needs_since=people.NOW + timedelta(minutes=5), needs_why="need.nobody_left", version=3)
    world.apply(event(case=again))
    assert world.needs()[0].key != before


def test_an_sms_to_a_case_that_already_asks_is_not_a_second_alarm(world: World) -> None:
    asking = people.case(needs_since=people.NOW, needs_why="need.unread_sms")
    sms = [people.sms("?", case_number=asking.number), people.sms("??", id=2)]
    world.take(board(cases=[asking], inbound=sms))
    assert [need.sort for need in world.needs()] == ["case", "sms"]
    world.apply(event("message.seen", inbound=people.sms("??", id=2, needs_operator=False)))
    assert [need.sort for need in world.needs()] == ["case"]


def test_a_broken_link_to_the_exchange_is_the_first_alarm(world: World) -> None:
    world.take(board(cases=[people.case(needs_since=people.NOW, needs_why="need.stuck")]))
    world.apply(event("exchange.link_down", link=LinkLine(exchange="main", up=False, since=people.NOW)))
    assert world.needs()[0].why == "need.link_down"
    world.apply(event("exchange.link_up", link=LinkLine(exchange="main", up=True)))
    assert world.needs()[0].why == "need.stuck"


def test_time_is_the_services_even_where_the_desks_clock_is_wrong(world: World, clock: HandClock) -> None:
    world.take(board(at=people.NOW + timedelta(minutes=3)))
    assert world.now() == people.NOW + timedelta(minutes=3)
    world.went_away(clock())
    clock.move(seconds=10)
    assert world.away_since is not None
    assert world.now() - world.away_since == timedelta(seconds=10)


def test_my_own_line_follows_my_telephone(world: World) -> None:
    world.take(board())
    world.apply(event("operator.phone_lost", operator=people.ME.model_copy(update={"phone_reachable": False})))
    assert world.me is not None
    assert not world.me.phone_reachable
