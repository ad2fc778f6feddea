"""What a board is told of the calls behind a case, and of its ladder."""

from datetime import timedelta
from typing import Any

import pytest

from callbridge.events import CallEnd, Choice
from tests.dispatch.api.desks import Console
from tests.dispatch.test_choices import chooses
from tests.dispatch.town import Town

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def only_case(console: Console) -> dict[str, Any]:
    (case,) = console.get("board")["cases"]
    assert isinstance(case, dict)
    return case


def test_who_is_unknown_or_hidden_is_readable_on_the_case_to_call_back(console: Console, town: Town) -> None:
    town.hangs_up(town.rings_in("13912345678"))
    last = only_case(console)["last_call"]
    assert (last["number"], last["number_known"], last["end"]) == ("+8613912345678", True, "abandoned")
    town.hangs_up(town.rings_in("anonymous"))
    hidden = console.get("board")["cases"][1]["last_call"]
    assert (hidden["number"], hidden["number_known"]) == ("anonymous", False)


def test_each_attempt_stands_on_the_cases_card(console: Console, town: Town) -> None:
    first = town.rings_in()
    town.hangs_up(first)
    town.clock.move(timedelta(minutes=2))
    second = town.rings_in()
    chooses(town, second, Choice.CALL_BACK)
    town.hangs_up(second, CallEnd.CALL_BACK)
    case = only_case(console)
    assert (case["attempts"], case["last_call"]["chosen"]["choice"]) == (2, "call_back")
    card = console.get(f"cases/{case['number']}")
    assert [each["id"] for each in card["history"]] == card["calls"] == [town.call(first).id, town.call(second).id]
    assert [each["end"] for each in card["history"]] == ["abandoned", "call_back"]


def test_what_she_ordered_has_a_name_on_her_call_and_on_the_case(console: Console, town: Town) -> None:
    town.resident()
    call = town.rings_in()
    chooses(town, call, Choice.ORDER, "1")
    chosen = {"choice": "order", "service_zh": "送药上门", "service_en": "Medicine delivery"}
    assert console.get(f"calls/{town.call(call).id}")["chosen"] == chosen
    assert only_case(console)["last_call"]["chosen"] == chosen


def test_an_open_ladder_stands_on_the_line_of_its_case(console: Console, town: Town) -> None:
    town.resident()
    town.rings_in(emergency=True)
    case = only_case(console)
    ladder = case["ladder"]
    assert (ladder["state"], ladder["step"], ladder["round"]) == ("climbing", 0, 1)
    assert ladder["steps"] == ["operators", "supervisor", "on_call", "contacts"]
    assert ladder["due_at"] == case["clock"]["due_at"]
    console.post(f"cases/{case['number']}/acknowledge", needs_since=case["needs_since"])
    ladder = only_case(console)["ladder"]
    assert (ladder["state"], ladder["due_at"], ladder["by"]["name"]) == ("acknowledged", None, "陈雨")
