"""Breaks, work after a call and going home from the keyboard, and what colleagues are seen to do."""

from datetime import timedelta

from tests.console import people
from tests.console.conftest import HandClock
from tests.console.refusals import conflict
from tests.console.stand_in import Town


async def test_a_break_has_its_reason_and_clock_and_one_key_ends_it(
    sit_down, size, town: Town, clock: HandClock
) -> None:
    async with sit_down(size) as seat:
        await seat.sees("陈晓 就绪")
        await seat.press("f7")
        await seat.sees("我的状态", "小休 用餐")
        await seat.press("2")
        assert (await seat.told("me/presence")).body == {"presence": "break", "reason": "meal"}
        clock.move(minutes=3)
        await seat.sees("小休 用餐 03:00")
        await seat.press("f10")
        await seat.until(lambda: town.told[-1].body == {"presence": "ready"})
        await seat.sees("陈晓 就绪")


async def test_after_call_work_runs_down_and_ready_now_ends_it(sit_down, town: Town, clock: HandClock) -> None:
    until = people.NOW + timedelta(seconds=30)
    town.me = people.ME.model_copy(update={"presence": "after_call", "presence_until": until})
    async with sit_down() as seat:
        await seat.sees("话后 00:30", "F10 立即就绪")
        clock.move(seconds=12)
        await seat.sees("话后 00:18")
        await seat.press("f10")
        await seat.sees("陈晓 就绪")
        assert "F10" not in seat.text


async def test_the_board_says_in_one_line_what_colleagues_do(sit_down, size, town: Town) -> None:
    eats = people.SHE.model_copy(
        update={"id": 3, "name": "何秋月", "presence": "break", "break_reason": "meal", "presence_since": people.NOW}
    )
    away = people.SHE.model_copy(update={"id": 4, "name": "王敏", "phone_reachable": False})
    town.colleagues = [people.SHE, eats.model_copy(update={"rings": False}), away]
    town.calls[41] = people.my_call(operator=people.SHE, legs=[])
    async with sit_down(size) as seat:
        await seat.sees("在岗同事 3，空闲 0", "刘芳 通话 02:00", "何秋月 小休 用餐 00:00", "王敏 话机不通")


async def test_who_cannot_go_is_shown_her_open_turns_and_opens_one(sit_down, size, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    numbers = ["TL-20260302-0001"]
    town.refusals["logout"] = conflict("open_turns", subject="operator", cases=numbers)
    async with sit_down(size) as seat:
        await seat.press("ctrl+q")
        await seat.sees("1 张轮到您的工单交给在岗同事")
        await seat.press("1")
        await seat.sees("不能离岗", "0302-0001 送药上门")
        await seat.press("1")
        await seat.sees("TL-20260302-0001", "降压药一盒")


async def test_going_home_logs_out_of_the_queue(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("ctrl+q", "1")
        await seat.told("logout")
        await seat.until(lambda: not seat.app.is_running or seat.app._exit)
