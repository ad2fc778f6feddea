"""Whose turn a case is: handed to a colleague, taken, given to whoever is there; the owner stays."""

from dispatch.wire.ladders import ActorLine
from tests.console import people
from tests.console.stand_in import Town

NUMBER = "TL-20260302-0001"


async def test_the_turn_is_handed_to_a_colleague_and_the_owner_stays(sit_down, size, town: Town) -> None:
    town.colleagues = [people.SHE]
    town.cases[NUMBER] = people.case()
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees("轮到 我", "首问 陈晓")
        await seat.press("w")
        await seat.sees("轮到谁", "刘芳", "就绪")
        await seat.press("1")
        assert (await seat.told("hand-turn")).body == {"expects": "open", "operator_id": 2}
        await seat.sees("轮到 刘芳", "首问 陈晓", "交接给 刘芳")


async def test_it_is_anybodys_or_taken_back(sit_down, town: Town) -> None:
    town.cases[NUMBER] = people.case()
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("w")
        await seat.sees("任一接线员")
        await seat.press("1")
        assert (await seat.told("hand-turn")).body == {"expects": "open", "operator_id": None}
        await seat.sees("轮到 任一接线员")
        town.told.clear()
        await seat.press("w")
        await seat.sees("轮到谁")
        await seat.press("1")
        assert (await seat.told("hand-turn")).body == {"expects": "open", "operator_id": 1}


async def test_who_is_handed_a_turn_is_told(sit_down, town: Town) -> None:
    town.colleagues = [people.SHE]
    case = people.case(turn_operator=people.SHE)
    town.cases[NUMBER] = case
    async with sit_down() as seat:
        mine = case.model_copy(update={"turn_operator": people.ME, "version": 2})
        town.cases[NUMBER] = mine
        she = ActorLine(kind="operator", id=2, name="刘芳[/b]")
        town.happen("case.turn_handed_over", case=mine, actor=she, data={"by": 2, "to": 1})
        await seat.sees("刘芳[/b] 把 0302-0001 交给您")


async def test_a_merchants_turn_is_not_handed_over(sit_down, town: Town) -> None:
    town.cases[NUMBER] = people.case(state="accepted", turn="merchant", turn_operator=None)
    async with sit_down() as seat:
        await seat.press("tab", "enter")
        await seat.sees("TL-20260302-0001")
        await seat.press("w")
        await seat.pilot.pause(0.2)
        assert "轮到谁" not in seat.text
