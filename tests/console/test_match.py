"""Who could come without a case, and why a past case was decided so, from the keyboard."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from console.case.moment import some_moment
from tests.console import people
from tests.console.stand_in import Town

SUPERVISOR = people.ME.model_copy(update={"role": "supervisor"})
PAST = "TL-20260220-0003"


@pytest.fixture
def looking_back(town: Town) -> Town:
    town.me = SUPERVISOR
    over = {"state": "closed", "turn": "nobody", "turn_operator": None, "outcome": "served"}
    town.cases[PAST] = people.case(PAST, words="降压药[/b]一盒", **over)
    return town


async def test_who_could_come_at_night_is_answered_without_a_case(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("m")
        await seat.sees("谁能来：要什么")
        await seat.press("1")
        await seat.sees("查找老人")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("送药上门  林婉芝奶奶 82岁", "能来的 3 家", "老人常用", "不能来的 5 家", "不能来的 4 家")
        await seat.sees("太远 3  已打烊 1")
        await seat.press("e")
        await seat.type("2-17 21:30")
        await seat.press("enter")
        await seat.sees("2026-02-17 21:30", "能来的 1 家", "已打烊，08:00 开门")
        await seat.press("tab", "r")
        await seat.sees("长乐药房", "北街 2号")
        assert [each.path for each in town.told] == ["login"]


async def test_a_past_case_is_found_and_says_why_it_was_not_that_shop(sit_down, size, looking_back: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("c")
        await seat.finds("降压", "0220-0003", "降压药[/b]一盒")
        await seat.press("enter")
        await seat.sees("已结案", "W 为什么")
        await seat.press("W")
        await seat.sees(
            "第 2/2 次匹配", "当时派给：康宁大药房, 同心药店", "当时：2026-03-02 10:00 要，普通", "能来的 3 家"
        )
        await seat.press("w")
        await seat.finds("长乐", "北街 2号")
        await seat.press("enter")
        await seat.sees("为什么不是 长乐药房：已打烊，08:00 开门", "（商户资料后来改过）")
        await seat.press("n")
        await seat.sees("第 1/2 次匹配", "当时派给：康宁大药房\n")
        assert looking_back.opened[-1] == "sheet 7"


async def test_what_if_it_had_been_later_more_urgent_or_elsewhere(sit_down, looking_back: Town) -> None:
    async with sit_down() as seat:
        await seat.press("c")
        await seat.finds("降压", "0220-0003")
        await seat.press("enter")
        await seat.sees("W 为什么")
        await seat.press("W")
        await seat.sees("择优依次，5 分钟内答复")
        await seat.press("e")
        await seat.type("21:30")
        await seat.press("enter")
        await seat.sees("假如：2026-03-02 21:30 要，普通", "能来的 1 家")
        await seat.press("p", "2")
        await seat.sees("加急", "择优依次，3 分钟内答复")
        await seat.press("b")
        await seat.finds("周桂芳", "周桂芳奶奶")
        await seat.press("enter")
        await seat.sees("周桂芳奶奶家")
        await seat.press("f8")
        await seat.sees("What if: wanted 2026-03-02 21:30, urgent, the home of 周桂芳奶奶", "1 can come")
        await seat.press("o")
        await seat.sees("As it was: wanted 2026-03-02 10:00, routine", "3 can come")


async def test_why_is_not_on_an_operators_keyboard(sit_down, looking_back: Town) -> None:
    looking_back.me = people.ME
    async with sit_down() as seat:
        await seat.press("c")
        await seat.finds("降压", "0220-0003")
        await seat.press("enter")
        await seat.sees("已结案")
        await seat.press("W")
        await seat.pilot.pause(0.2)
        assert "能来的" not in seat.text
        assert "为什么" not in seat.text


def test_any_time_past_or_to_come_is_read() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    near = datetime(2026, 3, 2, 10, 0, tzinfo=zone)
    read = {"21:30": (3, 2, 21), "２－17 21：30": (2, 17, 21), "2026-02-17T21:30": (2, 17, 21)}
    for text, (month, day, hour) in read.items():
        assert some_moment(text, near, zone) == datetime(2026, month, day, hour, 30, tzinfo=zone)
    assert some_moment(" ", near, zone) is None
    for wrong in ("25:00", "2-30 10:00", "明天 10:00", "x", "1 2 3"):
        with pytest.raises(ValueError, match=r".*"):
            some_moment(wrong, near, zone)
