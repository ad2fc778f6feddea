"""One person in two records, at a supervisor's desk: found, looked at side by side, merged or kept apart."""

import pytest

from dispatch.wire.base import Problem
from dispatch.wire.people import DoubleView, ResidentLine
from tests.console import people
from tests.console.stand_in import Town

LIN, ZHOU, LI = (ResidentLine(**dict(card)) for card in (people.LIN, people.ZHOU, people.LI))


@pytest.fixture
def twice(town: Town) -> Town:
    town.me = people.ME.model_copy(update={"role": "supervisor"})
    town.doubles = [
        DoubleView(one=LIN, other=ZHOU, alike=["name", "born"]),
        DoubleView(one=LIN, other=LI, alike=["numbers"], doubt="another_spelling"),
    ]
    return town


def refused(**values: object) -> Problem:
    return Problem(type="/problems/conflict", title="", status=409, key="conflict", values=values)


async def test_the_likely_doubles_are_listed_with_what_agrees_and_what_does_not(sit_down, size, twice: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("d")
        await seat.sees("可能重复的档案：2 对", "林婉芝 青石里", "周桂芳 青石里")
        await seat.sees("姓名、生日相同", "电话相同", "但姓名写法不同")
        assert twice.opened == [], "to see who it may be opens nobody's record"
        await seat.press("f8")
        await seat.sees("who may be there twice: 2 pairs", "same name, birthday", "but spelt differ")


async def test_both_records_stand_side_by_side(sit_down, size, twice: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("d")
        await seat.sees("2 对")
        await seat.press("enter")
        await seat.sees("1  11", f"2  {ZHOU.id}", "林婉芝", "周桂芳", "02367001001", "联系人数")
        assert twice.opened == ["resident 11", f"resident {ZHOU.id}"]
        await seat.press("f8")
        await seat.sees("one person, or two?", "telephones", "keep left")


@pytest.mark.parametrize(("pressed", "kept", "gone"), [("1", LIN.id, ZHOU.id), ("2", ZHOU.id, LIN.id)])
async def test_one_record_is_kept_after_a_question_and_the_pair_is_gone(
    sit_down, twice: Town, pressed: str, kept: int, gone: int
) -> None:
    async with sit_down() as seat:
        await seat.press("d")
        await seat.sees("2 对")
        await seat.press("enter")
        await seat.sees("联系人数")
        await seat.press(pressed)
        await seat.sees("确认合并？", f"{gone} 号并入 {kept} 号", "不能撤回")
        await seat.press("1")
        await seat.until(lambda: "确认合并" not in seat.text)
        assert not [each for each in twice.told if each.path.endswith("merge")], "a digit too many merges nobody"
        await seat.press(pressed)
        await seat.sees("确认合并？")
        await seat.press("2")
        assert (await seat.told(f"residents/{kept}/merge")).body == {"other_id": gone}
        await seat.sees("可能重复的档案：1 对", f"{gone} 号已并入 {kept} 号")


async def test_two_people_are_not_named_again(sit_down, twice: Town) -> None:
    async with sit_down() as seat:
        await seat.press("d")
        await seat.sees("2 对")
        await seat.press("enter")
        await seat.sees("联系人数")
        await seat.press("3")
        assert (await seat.told(f"residents/{LIN.id}/apart")).body == {"other_id": ZHOU.id}
        await seat.sees("可能重复的档案：1 对", "已记下：是两个人")


@pytest.mark.parametrize(
    ("problem", "chinese", "english"),
    [
        (
            refused(subject="case", now="open", cases=["EM-20260302-0001"]),
            "有没办完的紧急工单：EM-20260302-0001",
            "an emergency is open: EM-20260302-0001",
        ),
        (refused(subject="call", now="going_on"), "挂断后再合并", "merge them afterwards"),
        (
            Problem(type="/p", title="", status=422, key="bad_value", values={"field": "other_id"}),
            "已经停用，不能合并",
            "no longer in the register",
        ),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_what_is_in_the_way_of_a_merge_is_said_and_the_pair_stays(
    sit_down, twice: Town, language: str, problem: Problem, chinese: str, english: str
) -> None:
    twice.refusals["merge"] = problem
    async with sit_down() as seat:
        await seat.press("d")
        await seat.sees("2 对")
        await seat.press("enter")
        await seat.sees("联系人数")
        if language == "en":
            await seat.press("f8")
        await seat.press("1")
        await seat.sees("确认合并" if language == "zh" else "merge them?")
        await seat.press("2")
        await seat.sees(chinese if language == "zh" else english, "联系人数" if language == "zh" else "telephones")


async def test_a_pair_that_somebody_else_has_merged_meanwhile_is_gone(sit_down, twice: Town) -> None:
    twice.residents[ZHOU.id] = people.LIN
    async with sit_down() as seat:
        await seat.press("d")
        await seat.sees("2 对")
        twice.doubles = []
        await seat.press("enter")
        await seat.sees("没有发现重复的档案", "已经合并了")


async def test_an_operator_has_no_such_key(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("d")
        await seat.pilot.pause(0.2)
        assert "可能重复" not in seat.text
