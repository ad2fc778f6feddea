"""Care plans from the card: seen, agreed, changed, ended; how she was the last days."""

from datetime import timedelta

from dispatch.wire.care import CareCheckView
from tests.console import people
from tests.console.stand_in import Town

YESTERDAY = people.NOW - timedelta(days=1)
CHECKS = [
    CareCheckView(due_at=YESTERDAY, state="not_reached", case_number="TL-20260301-0004"),
    CareCheckView(due_at=YESTERDAY - timedelta(days=1), state="well"),
]


async def her_plans(seat, town: Town) -> None:  # type: ignore[no-untyped-def]
    town.calls[41] = people.call()
    await seat.press("f2")
    await seat.sees("住址")
    await seat.press("c")
    await seat.sees("的平安电话")


async def test_her_card_says_when_she_is_called_and_how_she_was_last(sit_down, size, town: Town) -> None:
    card = people.LIN.model_copy(update={"care_plans": [people.care_plan(checks=CHECKS)]})
    town.residents[11] = card
    town.calls[41] = people.call(about=card)
    async with sit_down(size) as seat:
        await seat.press("f2")
        await seat.sees("平安电话 每天 09:00 节假日不打  03-01 10:00 没有应答")


async def test_the_checks_of_the_last_days_lead_to_their_cases(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call()
    town.plans = {1: people.care_plan(checks=CHECKS), 2: people.care_plan(2, weekdays=[1, 3], on_holidays=True)}
    town.cases["TL-20260301-0004"] = people.case("TL-20260301-0004", words="打过三次")
    async with sit_down(size) as seat:
        await her_plans(seat, town)
        await seat.sees("每天 09:00 节假日不打", "周二 周四 09:00 节假日也打", "约好的 2 项")
        await seat.sees("03-01 10:00  没有应答", "0301-0004", "02-28 10:00  平安")
        await seat.press("tab", "enter")
        await seat.sees("打过三次")


async def test_a_plan_is_agreed_with_its_days(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call()
    async with sit_down(size) as seat:
        await her_plans(seat, town)
        await seat.sees("还没有约")
        await seat.press("n")
        await seat.sees("约平安电话")
        await seat.press(*["backspace"] * 5)
        await seat.type("15.30")
        await seat.press("tab", "1", "3", "5", "6", "7", "tab", "right")
        await seat.press("ctrl+s")
        plan = (await seat.told("care-plans")).body
        assert plan == {"local_time": "15:30:00", "weekdays": [1, 3], "on_holidays": True}
        await seat.sees("周二 周四 15:30 节假日也打", "约好的 1 项")


async def test_a_time_that_cannot_be_is_said_at_the_field_and_what_was_typed_stays(sit_down, town: Town) -> None:
    town.calls[41] = people.call()
    async with sit_down() as seat:
        await her_plans(seat, town)
        await seat.press("n")
        await seat.sees("约平安电话")
        await seat.press(*["backspace"] * 5)
        await seat.type("nine")
        await seat.press("ctrl+s")
        await seat.sees("要写时间", "nine")
        await seat.press(*["backspace"] * 4)
        await seat.type("22:00")
        await seat.press("ctrl+s")
        await seat.sees("要在可以打扰老人的时间", "22:00")
        await seat.press("tab", *"1234567")
        await seat.press("ctrl+s")
        await seat.sees("要填")
        assert [each.path for each in town.told] == ["login", "residents/11/care-plans"]


async def test_a_plan_is_changed_and_ended(sit_down, town: Town) -> None:
    town.calls[41] = people.call()
    town.plans = {1: people.care_plan()}
    async with sit_down() as seat:
        await her_plans(seat, town)
        await seat.sees("约好的 1 项", "每天")
        await seat.press("enter")
        await seat.sees("修改平安电话")
        await seat.press("tab", "6", "7", "ctrl+s")
        changed = (await seat.told("care-plans/1")).body
        assert changed == {"version": 1, "local_time": "09:00:00", "weekdays": [0, 1, 2, 3, 4], "on_holidays": False}
        await seat.sees("周一至周五 09:00")
        await seat.press("x")
        await seat.sees("停止这一项？")
        await seat.press("1")
        assert (await seat.told("care-plans/1/end")).body == {"expects": "active"}
        await seat.sees("2026-03-02 停止", "约好的 0 项")
        await seat.press("e", "x", "enter", "9")
        await seat.sees("2026-03-02 停止")


async def test_wrong_keys_on_an_empty_list_do_nothing(sit_down, town: Town) -> None:
    town.calls[41] = people.call()
    async with sit_down() as seat:
        await her_plans(seat, town)
        await seat.press("e", "x", "enter", "tab", "enter", "up", "down", "7")
        await seat.sees("还没有约")
