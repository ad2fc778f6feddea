"""The survey at her door: the last visit, the next one, and one that was just made."""

from datetime import date

import pytest

from dispatch.wire.people import DueVisit, ResidentLine
from tests.console import people
from tests.console.her_record import LIN, open_part
from tests.console.stand_in import Town


@pytest.mark.parametrize(
    ("facts", "zh", "en"),
    [
        (
            {"visit_due_on": date(2026, 5, 29)},
            "走访     2025-11-30 李芳，下次 2026-05-29",
            "2025-11-30 李芳, next on 2026-05-29",
        ),
        (
            {"visit_due_on": date(2026, 3, 2)},
            "走访     2025-11-30 李芳，2026-03-02 起应再走访",
            "2025-11-30 李芳, due again since 2026-03-02",
        ),
        (
            {"visited_on": None, "visited_by": "", "visit_due_on": date(2026, 2, 1)},
            "走访     没有走访过，2026-02-01 起应再走访",
            "never visited, due again since 2026-02-01",
        ),
    ],
)
async def test_the_card_tells_the_last_visit_and_when_the_next_is_due(
    sit_down, size, town: Town, facts: dict[str, object], zh: str, en: str
) -> None:
    town.residents[LIN] = people.LIN.model_copy(update=facts)
    async with sit_down(size) as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "青石里 3栋")
        await seat.press("enter")
        await seat.sees(zh)
        await seat.press("f8")
        await seat.sees(en)


async def test_a_visit_is_recorded_with_its_day_and_who_made_it(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await open_part(seat, "8", "哪一天入户走访的", "2026-03-02")
        await seat.press("ctrl+u")
        await seat.type("2026-03-03")
        await seat.press("enter")
        await seat.sees("写一个已经到了的日期", "2026-03-03")
        await seat.press("ctrl+u")
        await seat.type("2026.3.1")
        await seat.press("enter")
        await seat.sees("谁去走访的", "李芳")
        await seat.press("ctrl+u")
        await seat.type("王䶮")
        await seat.press("enter")
        await seat.sees("2026-03-01 王䶮")
        told = await seat.told(f"residents/{LIN}")
    assert told.body == {"version": 3, "visited_on": "2026-03-01", "visited_by": "王䶮"}


async def test_a_visit_that_was_noted_by_mistake_is_taken_back_and_escape_changes_nothing(
    sit_down, town: Town
) -> None:
    async with sit_down() as seat:
        await open_part(seat, "8", "哪一天入户走访的")
        await seat.press("enter")
        await seat.sees("谁去走访的")
        await seat.press("escape")
        await seat.until(lambda: "谁去走访的" not in seat.text)
        assert not [each for each in town.told if each.method == "PATCH"]
        await seat.press("u", "8")
        await seat.sees("哪一天入户走访的")
        await seat.press("ctrl+u", "enter")
        assert (await seat.told(f"residents/{LIN}")).body == {"version": 3, "visited_on": None, "visited_by": ""}


def due(card: ResidentLine, due_on: date, overdue_days: int, **facts: object) -> DueVisit:
    line = ResidentLine(**dict(card))
    return DueVisit.model_validate({"resident": line, "due_on": due_on, "overdue_days": overdue_days} | facts)


async def test_a_supervisor_sees_who_is_due_opens_her_card_and_finds_her_gone_once_visited(
    sit_down, size, town: Town
) -> None:
    town.me = people.ME.model_copy(update={"role": "supervisor"})
    seen = {"visited_on": date(2025, 11, 30), "visited_by": "李芳", "area": "南坪街道"}
    town.due_visits = [due(people.LIN, date(2026, 1, 29), 32, **seen), due(people.WANG, date(2026, 3, 2), 0)]
    async with sit_down(size) as seat:
        await seat.press("v")
        await seat.sees("应入户走访：2 人", "林婉芝", "南坪街道", "2025-11-30 李芳", "逾期 32 天")
        await seat.sees("王䶮", "没有走访过", "今天到期")
        assert town.opened == [], "the list opens nobody's record"
        await seat.press("f8")
        await seat.sees("survey visits due: 2", "32 days overdue", "due today", "never visited")
        await seat.press("f8", "enter")
        await seat.sees("单元门禁坏了")
        assert town.opened == [f"resident {LIN}"]
        town.due_visits = town.due_visits[1:]
        await seat.press("escape")
        await seat.sees("应入户走访：1 人", "王䶮")
        town.due_visits = []
        await seat.press("escape", "v")
        await seat.sees("没有到期的走访")


async def test_at_the_end_of_the_list_more_is_read(sit_down, town: Town) -> None:
    town.me = people.ME.model_copy(update={"role": "supervisor"})
    several = [people.ZHOU.model_copy(update={"id": 100 + at, "name": f"周{at}"}) for at in range(60)]
    town.due_visits = [due(card, date(2026, 1, 29), 32) for card in several]
    async with sit_down() as seat:
        await seat.press("v")
        await seat.sees("应入户走访：60 人", "周0")
        await seat.press("end")
        await seat.sees("周49")
        await seat.press("end")
        await seat.sees("周59")


async def test_an_operator_has_no_list_of_visits(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        await seat.press("v")
        await seat.pilot.pause(0.2)
        assert "走访" not in seat.text
