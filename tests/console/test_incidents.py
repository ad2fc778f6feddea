"""Many have the same: the operator sees it, and one key makes one job of them."""

from dispatch.wire.cases import ManyLine
from tests.console import people
from tests.console.stand_in import Town

NEWEST, INCIDENT = "TL-20260302-0007", "TL-20260302-0008"


async def test_one_key_makes_an_incident_of_many(sit_down, town: Town) -> None:
    many = ManyLine(where="青石里", alike=7)
    town.cases[NEWEST] = people.case(NEWEST, words="没有水", many=many)
    async with sit_down() as seat:
        await seat.sees("一小时内已有 7 起，按 j 合并成一件")
        await seat.press("1")
        await seat.sees("没有水")
        await seat.press("j")
        await seat.sees("事件，7 户", INCIDENT)
        assert [each.path for each in town.told] == ["login", f"cases/{NEWEST}/gather"]


async def test_those_alike_by_chance_are_dismissed_by_one_key_from_the_case_and_from_the_board(
    sit_down, size, town: Town
) -> None:
    many = ManyLine(where="青石里[/b]䶮", alike=7)
    town.cases[NEWEST] = people.case(NEWEST, turn="merchant", turn_operator=None, words="没有水", many=many)
    async with sit_down(size) as seat:
        await seat.sees("7 起")
        await seat.press("a")  # the cursor is elsewhere: nothing is dismissed unseen
        await seat.press("1")
        await seat.sees("没有水", "J 不是一起的")
        await seat.press("J")
        await seat.sees("不再提示", "看过了，7 起不是一件事")
        await seat.press("escape")
        await seat.until(lambda: "7 起，按 j" not in seat.text)
        town.change_case(NEWEST, "case.changed", many=many)
        await seat.sees("7 起")
        await seat.press("shift+tab", "a")
        await seat.until(lambda: town.told[-1].path == f"cases/{NEWEST}/keep-apart" and len(town.told) == 3)
        await seat.sees("现在没有要处理的事")
