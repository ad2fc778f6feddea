"""The centre's rules from a supervisor's desk: read, changed, every error at its field."""

import pytest

from console.ask.complaints import complaints
from console.rules import fields
from console.speech import Speech
from dispatch.wire.base import Problem
from registry.seed import CARE, LADDER, QUIET_HOURS
from tests.console import people
from tests.console.stand_in import Town

SUPERVISOR = people.ME.model_copy(update={"role": "supervisor"})


@pytest.fixture
def rules(town: Town) -> Town:
    town.me = SUPERVISOR
    town.rules = {
        "care": [people.rule("care", CARE), people.rule("care", CARE | {"tries": 5}, 2, author="何秋月[/b]")],
        "ladder": [people.rule("ladder", LADDER)],
    }
    return town


async def test_who_changed_what_when_stands_below_each_rule(sit_down, size, rules: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("r")
        await seat.sees("平安电话", "第 2 版", "何秋月[/b]", "最多打几次 3 > 5", "紧急求助", "初始")


async def test_a_rule_is_changed_and_only_what_was_changed_is_sent(sit_down, size, rules: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("r")
        await seat.sees("何秋月")
        await seat.press("enter")
        await seat.sees("平安电话  第 2 版（何秋月[/b]）", "最多打几次", "都没有应答就成为工单")
        await seat.press("end", "backspace", "4")
        await seat.press("ctrl+s")
        assert (await seat.told("rules/care")).body == {"version": 2, "body": {"tries": 4}}
        await seat.sees("第 3 版", "最多打几次 5 > 4")


async def test_every_error_stands_at_its_field(sit_down, size, rules: Town) -> None:
    bounds = {"field": "steps.1.seconds", "key": "out_of_range", "values": {"ge": 1}}
    number = {"field": "steps.1.numbers.0", "key": "not_valid", "values": {}}
    whole = {"field": "", "key": "ends_before_it_begins", "values": {}}
    values = {"problems": [bounds, number, whole]}
    rules.refusals["rules/ladder"] = Problem(
        type="/problems/refused", title="", status=422, key="refused", values=values
    )
    async with sit_down(size) as seat:
        await seat.press("r")
        await seat.sees("紧急求助")
        await seat.press("down", "enter")
        await seat.sees("第 4 级", "第 5 级")
        await seat.press("down", "down", "down", "down")
        await seat.press("end", "backspace", "backspace", "0", "ctrl+s")
        await seat.sees("至少 1", "填得不对", "结束早于开始")
        assert rules.told[-1].body["body"]["steps"][1] == {"who": "supervisor", "seconds": 0}
        await seat.press("end", "backspace", "9", "0", "ctrl+s")
        await seat.sees("第 2 版")
        assert rules.rules["ladder"][-1].body["steps"][1]["seconds"] == 90


async def test_nothing_changed_is_nothing_sent_and_a_stale_version_is_said(sit_down, rules: Town) -> None:
    stale = Problem(type="/p", title="", status=409, key="stale_version", values={"subject": "rule"})
    rules.refusals["rules/care"] = stale
    async with sit_down() as seat:
        await seat.press("r")
        await seat.sees("何秋月")
        await seat.press("enter")
        await seat.sees("两次之间隔几分钟")
        await seat.press("ctrl+s")
        await seat.sees("没有改动")
        assert [each.path for each in rules.told] == ["login"]
        await seat.press("end", "1", "ctrl+s")
        await seat.sees("别人刚改过", "51")


async def test_the_rules_are_not_on_an_operators_keyboard(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("r")
        await seat.pilot.pause(0.2)
        await seat.sees("要我处理")


def test_a_body_goes_through_the_form_unchanged() -> None:
    for kind, body in (("ladder", LADDER), ("quiet_hours", QUIET_HOURS | {"holidays": ["01-01", "2026-02-17"]})):
        typed = fields.as_typed(body)
        assert {field.name for field in fields.fields_of(kind, body)} == typed.keys()
        assert fields.changed(body, typed) == {}


def test_steps_are_added_changed_and_taken_away() -> None:
    typed = fields.as_typed(LADDER) | {
        "steps-1-who": "nobody",
        "steps-2-numbers": "+8613900000001，13900000002",
        "steps-4-who": "on_call",
        "steps-4-seconds": "４５",
    }
    steps = fields.changed(LADDER, typed)["steps"]
    assert [step["who"] for step in steps] == ["operators", "on_call", "contacts", "on_call"]
    assert steps[1]["numbers"] == ["+8613900000001", "13900000002"]
    assert steps[3] == {"who": "on_call", "seconds": 45}
    assert fields.field_at("steps.1.numbers.0", typed) == "steps-2-numbers"
    assert fields.field_at("steps.3.seconds", typed) == "steps-4-seconds"
    assert fields.field_at("steps", typed) == "steps-0-who"
    assert fields.field_at("holidays.2", typed) == "holidays"


def test_what_is_no_number_goes_as_it_was_typed_so_that_the_service_can_say_so() -> None:
    assert fields.changed(CARE, fields.as_typed(CARE) | {"tries": "many"}) == {"tries": "many"}


def test_values_of_a_later_age_have_fields_all_the_same() -> None:
    body = {"on": True, "at": "06:00:00", "share": 0.5, "table": {"a": [1]}}
    typed = fields.as_typed(body)
    assert typed == {"on": "yes", "at": "06:00", "share": "0.5", "table": '{"a": [1]}'}
    after = typed | {"on": "no", "share": "0.75", "table": '{"a": [2]}'}
    assert fields.changed(body, after) == {"on": False, "share": 0.75, "table": {"a": [2]}}


def test_complaints_are_said_in_the_readers_language() -> None:
    def refused(how: str, **problem: object) -> Problem:
        return Problem(type="/p", title="", status=422, key=how, values={"problems": [problem]})

    invalid = refused("invalid", field="weekdays.0", key="invalid.x", right="too [/b] big")
    assert complaints(invalid, Speech("zh")) == {"weekdays.0": "too [/b] big"}
    of_rule = refused("refused", field="tries", key="out_of_range", values={"le": 10})
    assert complaints(of_rule, Speech("en")) == {"tries": "at most 10"}
    assert complaints(Problem(type="/p", title="", status=409, key="conflict"), Speech("en")) == {}
