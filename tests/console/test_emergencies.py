"""An emergency on the board and on its case: how far the ladder is, who was asked, who is going; a silent call."""

from datetime import timedelta

from tests.console import people
from tests.console.conftest import HandClock
from tests.console.stand_in import Town

NUMBER = "TL-20260302-0001"


async def test_the_boards_row_runs_the_clock_of_the_step(sit_down, size, town: Town, clock: HandClock) -> None:
    town.cases[NUMBER] = people.emergency()
    async with sit_down(size) as seat:
        await seat.sees("紧急情况  林婉芝奶奶 82岁  第 2/4 级 主管 00:31  青石里 3栋")
        clock.move(seconds=11)
        await seat.sees("第 2/4 级 主管 00:20")
        town.change_case(NUMBER, "ladder.step", ladder=people.ladder(step=0, round=2))
        await seat.sees("第 2 轮第 1/4 级 全体坐席")


async def test_the_case_shows_who_was_asked_and_one_key_takes_it_in_hand(sit_down, size, town: Town) -> None:
    calls = [
        people.asked(rung="supervisor", step=1, name="", relation="", number="+8613900000001", result="busy"),
        people.asked(
            rung="supervisor", step=1, name="", relation="", number="+8613900000002", state="handed_over", id=2
        ),
    ]
    town.cases[NUMBER] = people.emergency(ladder=people.ladder(calls=calls, doubles=1))
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees("第 2/4 级 主管  00:31 后问值班  可能重复拨打 1 次")
        await seat.sees("139 0000 0001", "占线", "139 0000 0002", "正在拨打", "09:59:40")
        await seat.press("a")
        assert (await seat.told("acknowledge")).body == {"needs_since": "2026-03-02T01:59:16Z"}
        await seat.sees("陈晓 10:00:00 接应")


async def test_without_a_clinic_it_goes_out_to_everybody_else_by_the_same_key(sit_down, size, town: Town) -> None:
    town.merchants = []
    medical = {"code": "emergency_medical", "priority": "emergency", "keypad_digit": None}
    town.services = [*town.services, town.services[0].model_copy(update=medical)]
    town.cases[NUMBER] = people.emergency(needs_since=None, needs_why=None)
    async with sit_down(size) as seat:
        await seat.press("1", "d")
        await seat.sees("没有诊所", "回车通知")
        await seat.press("enter")
        assert (await seat.told("dispatch")).body == {"expects": "open", "sheet_id": 7, "merchant_id": None}


async def test_who_is_going_and_when_she_should_be_there(sit_down, size, town: Town, clock: HandClock) -> None:
    going = people.asked(answer="going", answered_at=people.NOW - timedelta(seconds=2))
    cannot = people.asked(id=2, name="网格员[/b]䶮", answer="cannot", answered_at=people.NOW - timedelta(seconds=9))
    rang = people.asked(id=3, name="邻居", state="failed", result="failed", ended_at=people.NOW)
    acknowledged = people.ladder(
        state="acknowledged",
        step=3,
        due_at=None,
        going=going,
        arrival_due_at=people.NOW + timedelta(minutes=30),
        acknowledged_at=people.NOW - timedelta(seconds=2),
        calls=[cannot, rang, going],
    )
    town.cases[NUMBER] = people.emergency(needs_since=None, needs_why=None, ladder=acknowledged)
    async with sit_down(size) as seat:
        await seat.sees("有人正赶去", "女儿 林晓 10:30 应到，还有 30:00")
        await seat.press("1")
        await seat.sees("女儿 林晓 177 0023 2001 说马上去，10:30 应到，还有 30:00")
        await seat.sees("网格员[/b]䶮", "去不了", "马上去", "09:59:51", "09:59:58", "邻居", "不用了，已有人")
        data = {"ladder_call": 1, "rung": "contacts"}
        town.happen("ladder.going", case=town.cases[NUMBER], data=data)
        await seat.sees("女儿 林晓 177 0023 2001 说马上去")
        clock.move(minutes=31)
        await seat.sees("已过 01:00")


async def test_a_ladder_with_nobody_called_yet_is_no_mistake(sit_down, size, town: Town) -> None:
    town.cases[NUMBER] = people.emergency(ladder=people.ladder(step=3))
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees("第 4/4 级 亲友", "后从头再问", "还没有打电话问谁")
        await seat.press("z", "p", "v", "5", "!", "enter", "f12")
        await seat.sees("第 4/4 级 亲友")


def silent(town: Town, why: str = "need.silent") -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME, answered_at=people.NOW, silent_at=people.NOW)
    last = people.last_call(id=41, state="talking", end=None, ended_at=None, silent_at=people.NOW)
    town.cases[NUMBER] = people.emergency(needs_why=why, last_call=last)


async def test_answered_and_nobody_speaks_is_cleared_by_one_key_from_the_card(sit_down, size, town: Town) -> None:
    silent(town)
    async with sit_down(size) as seat:
        await seat.sees("住址", "10:00:00 起没有人说话", "F12 不是紧急", "接通后没有声音")
        await seat.press("f12")
        await seat.told("calls/41/clear")
        await seat.until(lambda: "F12" not in seat.text)


async def test_a_telephone_that_was_only_lifted_is_cleared_by_the_same_key(sit_down, town: Town) -> None:
    silent(town, "need.no_digits")
    async with sit_down() as seat:
        await seat.sees("摘机未拨号的来电", "F12 不是紧急")
        await seat.press("f12")
        await seat.told("calls/41/clear")


async def test_it_can_be_cleared_from_the_case_or_closed_with_its_outcome(sit_down, town: Town) -> None:
    silent(town)
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("f4")
        await seat.sees(NUMBER, "不是紧急")
        await seat.press("c")
        await seat.sees("结案：结果是什么", "误报")
        await seat.press("escape")
        await seat.sees("经过")
        await seat.press("n")
        await seat.told("calls/41/clear")
        await seat.sees("已结案", "误报")


async def test_a_call_in_which_somebody_speaks_has_no_such_key(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME, answered_at=people.NOW)
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("f12")
        await seat.pilot.pause(0.2)
        assert "F12" not in seat.text
        assert [each.path for each in town.told] == ["login"]


async def test_a_ladder_that_stands_still_after_a_restore_is_not_shown_as_over(sit_down, size, town: Town) -> None:
    held = people.ladder(state="held", due_at=None)
    town.cases[NUMBER] = people.emergency(ladder=held, needs_why="need.ladder_held", clock=None)
    async with sit_down(size) as seat:
        await seat.sees("紧急求助来自备份，尚未放行，没有人被呼叫")
        await seat.press("1")
        await seat.sees("恢复备份后暂停，没有人被呼叫")
        assert "求助结束" not in seat.text
