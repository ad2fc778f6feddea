"""A line that nobody can remember is not offered to be remembered."""

from tests.console import people
from tests.console.stand_in import Town

HIDDEN = {"number": "anonymous", "number_known": False, "state": "talking", "operator": people.ME}


async def test_registering_behind_a_hidden_number_promises_no_line(sit_down, town: Town) -> None:
    town.calls[41] = people.call(about=None, **HIDDEN)
    async with sit_down() as seat:
        await seat.sees("来电隐藏了号码")
        await seat.press("r")
        await seat.sees("登记老人", "姓名")
        assert "anonymous" not in seat.text


async def test_a_hidden_number_is_not_kept_as_anybodys_line(sit_down, town: Town) -> None:
    town.calls[41] = people.call(who=[], **HIDDEN)
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("k")
        await seat.press("w")
        await seat.sees("谁")
        assert [told.path for told in town.told if "calls/41" in told.path] == []
