"""Half a memory is enough: one field, F3, over the real register."""

import asyncio

import pytest

from registry.models import Gender
from tests.console.conftest import Seat
from tests.dispatch.town import Town

# What an operator types, and who has to stand first.
MEMORIES = {
    "王秀英": "王秀英奶奶",
    "秀英": "王秀英奶奶",
    "wxy": "王秀英奶奶",
    "wangxiuying": "王秀英奶奶",
    "1001": "王秀英奶奶",  # the last four digits of her line
    "5-2-502": "王秀英奶奶",
    "王老师": "王建国 王老师",  # how he wants to be called
    "王珂": "周桂芳奶奶",  # her daughter
    "17700232001": "周桂芳奶奶",  # her daughter's number
    "李𬱖": "李𬱖奶奶",
}


def register(town: Town) -> None:
    town.resident()
    teacher = {"called": "王老师", "gender": Gender.MALE, "building": "12", "unit": "", "door": "1204"}
    town.resident("王建国", "+8613800001002", **teacher)
    town.resident("周桂芳", "+862367001003", contacts=["+8617700232001"], building="7", unit="1", door="301")
    town.resident("李𬱖", "+862367001004", building="9", unit="1", door="101")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_resident_is_found_from_half_a_memory(seat: Seat, town: Town) -> None:
    await asyncio.to_thread(register, town)
    await seat.press("f3")
    await seat.sees("查找老人", "电话后四位")
    for words, who in MEMORIES.items():
        await seat.finds(words)
        await seat.until(lambda who=who: first(seat).startswith(who), f"{words} did not find {who}")
        assert "青石里" in first(seat)
        await seat.press(*["backspace"] * len(words))
        await seat.sees("门牌")  # the hint is back: the field is empty
    await seat.finds("wxy", "王秀英奶奶")
    await seat.press("enter")
    await seat.sees("门铃坏了，请敲门")


def first(seat: Seat) -> str:
    """The first line below the field."""
    lines = [line.strip() for line in seat.text.splitlines()]
    title = next((place for place, line in enumerate(lines) if line == "查找老人"), -1)
    return lines[title + 3] if title >= 0 else ""
