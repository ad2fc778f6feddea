"""The bell rings for what is new, and again for what nobody has taken."""

from console.bell import AGAIN, Bell
from console.world import World
from tests.console import people
from tests.console.conftest import HandClock


def test_it_rings_once_then_again_after_a_while_and_never_for_a_turn(clock: HandClock) -> None:
    world, bell = World(clock), Bell()
    world.me = people.ME
    world.put_case(people.case())
    assert not bell.is_due(world), "somebody's turn is no alarm"
    world.put_case(people.case(version=2, needs_since=clock.at, needs_why="need.nobody_left"))
    assert bell.is_due(world)
    assert not bell.is_due(world)
    clock.move(seconds=AGAIN.total_seconds())
    assert bell.is_due(world)
    world.put_case(people.case(version=3))
    clock.move(seconds=AGAIN.total_seconds())
    assert not bell.is_due(world)
    world.put_case(people.case(version=4, needs_since=clock.at, needs_why="need.nobody_left"))
    assert bell.is_due(world), "needed once more is new"
