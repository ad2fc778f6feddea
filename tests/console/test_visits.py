"""The survey at her door: the last visit, the next one, and one that was just made."""

from datetime import date

import pytest

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
