"""Nobody sends medicine without having seen what she must not have."""

from tests.console import people
from tests.console.stand_in import Town

ALLERGIC = people.LIN.model_copy(update={"allergies": "青霉素[/b]"})


async def test_her_allergies_stand_above_the_candidates_though_her_card_was_never_opened(
    sit_down, size, town: Town
) -> None:
    town.residents[11] = ALLERGIC
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("d")
        await seat.sees("康宁大药房", "过敏 青霉素[/b]")
        assert town.opened[-1] == "resident 11"


async def test_they_are_as_they_are_now_also_when_a_colleague_has_changed_them_since(sit_down, town: Town) -> None:
    town.residents[11] = ALLERGIC
    async with sit_down() as seat:
        await seat.press("f3")
        await seat.finds("林婉芝", "林婉芝奶奶")
        await seat.press("enter")
        await seat.sees("过敏     青霉素[/b]")
        town.residents[11] = people.LIN.model_copy(update={"allergies": "磺胺"})
        await seat.press("n")
        await seat.sees("送药上门")
        await seat.press("1")
        await seat.sees("康宁大药房", "过敏 磺胺")


async def test_who_sends_a_plumber_opens_no_record(sit_down, town: Town) -> None:
    town.residents[11] = ALLERGIC
    town.cases["TL-20260302-0001"] = people.case(service_code="water", service="供水报修")
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("d")
        await seat.sees("康宁大药房")
        assert "resident 11" not in town.opened
