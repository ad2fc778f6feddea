"""`make soak` in short: nothing is lost and nothing doubled, whatever is killed or away while people call."""

from pathlib import Path

import pytest

from benchmarks.scene import Ports, Scene
from benchmarks.soak.away import RUSH, away
from benchmarks.soak.breakdown import Plan, break_down
from benchmarks.soak.powercut import power_cut
from benchmarks.soak.report import losses

pytestmark = pytest.mark.system


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "soak", Ports.free())


def test_in_a_power_cut_every_call_has_its_row_and_everyone_not_answered_one_call_back_case(scene: Scene) -> None:
    found = power_cut(scene, calls=30, within=4, at_most=20, stays=(2, 3, 5), quiet_calls=2, calm=0)
    assert losses(found) == {}
    assert found["counts"]["calls_kept"] == 32
    assert found["counts"]["unanswered"] > 10
    assert found["channels_sampled"] > 0


def test_when_the_exchange_and_then_the_service_is_killed_no_call_is_lost_or_doubled(scene: Scene) -> None:
    plan = Plan(seconds=12, per_second=2, lasts=1, every=4, stays=(4, 6, 9), with_orders=False)
    found = break_down(scene, ["exchange", "kill"], plan)
    assert losses(found) == {}
    assert found["counts"]["calls_kept"] == plan.seconds * plan.per_second
    assert found["counts"]["cut_off"] > 0
    assert found["times"]["board_right_after_the_break_began"]["count"] == 2


def test_while_the_service_is_stopped_telephones_are_answered_buttons_first_and_afterwards_all_are_in_the_list(
    scene: Scene,
) -> None:
    found = away(scene, seconds=20, every=20)
    assert losses(found) == {}
    assert (found["counts"]["buttons"], found["counts"]["gap_calls"]) == (1, RUSH)
    assert found["counts"]["waited_when_a_button_came"] > 0
