"""The history of a record as the service has it, on the screen of whoever changed it."""

import asyncio

import pytest

from registry.drafts import ResidentChange
from registry.people import change_resident
from tests.console.conftest import Seat
from tests.dispatch.town import Town


def changed(town: Town) -> None:
    her = town.resident()
    with town.store.writing() as session:
        change_resident(
            session,
            town.desk.scope,
            her,
            ResidentChange(entrance_note="从东门进"),
            seen_version=1,
            actor=town.desk.actor,
            vault=town.vault,
        )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_change_is_told_with_its_author_and_with_what_it_was_before(seat: Seat, town: Town) -> None:
    await asyncio.to_thread(changed, town)
    await seat.press("f3")
    await seat.finds("王秀英", "王秀英奶奶")
    await seat.press("enter")
    await seat.sees("从东门进", "p 变更")
    await seat.press("p")
    await seat.sees("档案变更记录 2", "第2版", "陈雨", "建档", "系统")
    await seat.sees("修改：进门说明 门铃坏了，请敲门 → 从东门进")
