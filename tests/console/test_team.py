"""What the board says of colleagues."""

import pytest

from console.phone.team import state_of
from console.speech import Speech
from console.world import World
from tests.console.people import NOW, SHE


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "就绪"),
        ({"phone_reachable": False}, "话机不通"),
        ({"phone_reachable": False, "extension": None}, "就绪"),  # she has no telephone and misses none
        ({"presence": "break", "break_reason": "meal", "presence_since": NOW}, "小休 用餐 00:00"),
    ],
)
def test_a_colleagues_line_says_what_she_does_or_that_her_telephone_is_cut_off(
    changed: dict[str, object], said: str
) -> None:
    world = World(lambda: NOW)
    assert state_of(SHE.model_copy(update=changed), world, Speech("zh")) == said
