"""She has died or moved away: noted from her card, and undone where it was a mistake."""

from tests.console import people
from tests.console.stand_in import Town


async def test_it_is_noted_with_two_keys_and_undone_with_two(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "青石里 3栋")
        await seat.press("enter")
        await seat.sees("林婉芝奶奶", "同意书")
        await seat.press("e")
        await seat.sees("老人的去向", "没有变化", "已离世", "已搬走")
        await seat.press("1")
        await seat.until(lambda: "老人的去向" not in seat.text)
        assert not [each for each in town.told if each.path.endswith("leave")], "a digit too many changes nothing"
        await seat.press("e")
        await seat.sees("老人的去向")
        await seat.press("2")
        left = await seat.told("residents/11/leave")
        assert left.body == {"version": people.LIN.version, "why": "died"}
        await seat.sees("已离世（2026-03-02 登记）")
        await seat.press("e")
        await seat.sees("恢复在册")
        await seat.press("2")
        await seat.told("residents/11/come-back")
        await seat.until(lambda: "已离世" not in seat.text)


async def test_who_has_left_is_found_with_that_before_her_and_brought_back(sit_down, size, town: Town) -> None:
    town.residents[11] = people.LIN.model_copy(update={"left": "moved", "left_at": people.NOW})
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "已搬走 听力差")
        await seat.press("enter")
        await seat.sees("已搬走（2026-03-02 登记）")
        await seat.press("e")
        await seat.sees("恢复在册")
        await seat.press("2")
        await seat.told("residents/11/come-back")
        await seat.until(lambda: "已搬走" not in seat.text)


async def test_not_while_she_or_anybody_is_on_the_line_about_her(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", ringing=[], operator=people.ME)
    async with sit_down() as seat:
        await seat.sees("林婉芝奶奶")
        await seat.press("f2")
        await seat.sees("对青霉素过敏")
        await seat.press("e")
        await seat.pilot.pause(0.2)
        assert "老人的去向" not in seat.text
