"""What the centre offers, from a supervisor's desk: read, changed, and who was first when somebody was."""

import pytest

from dispatch.wire.base import Problem
from tests.console import people
from tests.console.stand_in import Town

SUPERVISOR = people.ME.model_copy(update={"role": "supervisor"})
POLICY = {
    "way": "best_first",
    "at_once": 3,
    "within_metres": 0,
    "emergency_minutes": 2,
    "urgent_minutes": 3,
    "routine_minutes": 5,
}


@pytest.fixture
def offered(town: Town) -> Town:
    town.me = SUPERVISOR
    town.rules = {"policies": [people.rule("policies", {"water": POLICY | {"way": "race"}, "medicine": POLICY})]}
    town.services[0] = town.services[0].model_copy(update={"version": 3, "author": "何秋月[/b]䶮"})
    return town


async def test_every_service_stands_with_its_limits_its_proof_and_how_it_is_offered(
    sit_down, size, offered: Town
) -> None:
    async with sit_down(size) as seat:
        await seat.press("s")
        await seat.sees("1 送药上门", "5 / 60 / 15", "择优依次", "商户报告", "何秋月[/b]䶮", "第 3 版")
        await seat.sees("4 供水报修", "加急", "5 / 60 / 120", "同时抢单", "咨询")
        await seat.sees("普通 5，加急 3，紧急 2")
        await seat.press("f8")
        await seat.sees("Medicine delivery", "best first", "routine 5, urgent 3, emergency 2")


async def test_a_limit_and_the_proof_are_changed_and_only_they_are_sent(sit_down, offered: Town) -> None:
    async with sit_down() as seat:
        await seat.press("s")
        await seat.sees("送药上门")
        await seat.press("enter")
        await seat.sees("到门（分钟）", "从接单到老人门口，过了算晚到", "第 3 版（何秋月[/b]䶮）")
        await seat.press("ctrl+s")
        await seat.sees("没有改动")
        await seat.press("down", "end", "backspace", "backspace", "x", "ctrl+s")
        await seat.sees("要填 1 到 10080 的整数")
        await seat.press("backspace", "４", "5", "down", "down", "right", "ctrl+s")
        changed = await seat.told("services/medicine")
        assert (changed.method, changed.body) == ("PATCH", {"version": 3, "arrive_minutes": 45, "proof": "word"})
        await seat.sees("5 / 45 / 15", "四位数", "第 4 版")
        assert seat.app.desk.service("medicine").arrive_minutes == 45


async def test_who_was_first_is_said_and_what_was_typed_stays(sit_down, offered: Town) -> None:
    values = {"subject": "service", "by": "刘芳", "now": 4, "seen": 3}
    stale = Problem(type="/p", title="", status=409, key="stale_version", values=values)
    offered.refusals["services/medicine"] = stale
    async with sit_down() as seat:
        await seat.press("s")
        await seat.sees("送药上门")
        await seat.press("enter")
        await seat.sees("到门（分钟）")
        await seat.press("end", "1", "ctrl+s")
        await seat.sees("刘芳 刚改过这条服务", "51")


async def test_how_a_service_is_offered_is_changed_from_its_own_row(sit_down, offered: Town) -> None:
    async with sit_down() as seat:
        await seat.press("s")
        await seat.sees("供水报修")
        await seat.press("down", "p")
        await seat.sees("派单方式")
        await seat.press("right", "ctrl+s")
        body = (await seat.told("rules/policies")).body["body"]
        assert list(body) == ["water"]
        assert body["water"]["way"] != "race"


async def test_the_services_are_not_on_an_operators_keyboard(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("s")
        await seat.pilot.pause(0.2)
        await seat.sees("要我处理")
