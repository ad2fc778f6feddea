"""Her record, changed at the desk and kept by the service."""

import asyncio
from functools import partial

import pytest
from sqlmodel import col, select

from registry import people
from registry.areas import add_area, root
from registry.drafts import ResidentChange
from registry.models import Contact, Line, LineKind, Resident, ResidentGroup, UsualMerchant
from tests.console.conftest import Seat
from tests.console.test_record import fill
from tests.dispatch.town import Town

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def open_part(seat: Seat, town: Town, part: str, **her: object) -> int:
    resident_id: int = await asyncio.to_thread(partial(town.resident, **her))
    await seat.press("f3")
    await seat.finds("王秀英", "王秀英奶奶")
    await seat.press("enter")
    await seat.sees("门铃坏了，请敲门")
    await seat.press("u")
    await seat.sees("改她的哪一项资料")
    await seat.press(part)
    return resident_id


def contacts(town: Town) -> list[tuple[str, str, bool]]:
    with town.store.reading() as session:
        ranked = select(Contact).where(col(Contact.rank).is_not(None)).order_by(col(Contact.rank))
        return [(each.name, each.number, each.has_key) for each in session.exec(ranked)]


async def test_a_neighbour_with_the_key_goes_before_the_daughter_whose_number_is_new(seat: Seat, town: Town) -> None:
    await open_part(seat, town, "1", contacts=["+8617700232001"])
    await seat.sees("王珂", "177 0023 2001")
    await seat.press("n")
    await seat.type("李䶮")
    await fill(seat, "number", "13900001111或13900002222")
    await seat.press("ctrl+s")
    await seat.sees("只能写一个电话号码", "13900001111或13900002222")
    await fill(seat, "number", "139 0000 1111 转802")
    await seat.press("down", "right", "ctrl+s")
    await seat.sees("139 0000 1111", "有钥匙", "ext. 802")
    await seat.press("u")
    await seat.sees("1 李䶮")
    await seat.press("down", "enter")
    await seat.sees("改联系人")
    await fill(seat, "number", "13800003333")
    await seat.press("ctrl+s")
    await seat.sees("138 0000 3333")
    assert contacts(town) == [("李䶮", "+8613900001111", True), ("王珂", "+8613800003333", False)]
    await seat.press("x", "2")
    await seat.until(lambda: len(contacts(town)) == 1)
    await seat.sees("1 李䶮")
    await seat.press("x", "2")
    await seat.sees("还没有联系人")
    await seat.press("escape")
    await seat.sees("u 改资料")


async def test_her_button_ends_after_one_question_and_its_history_is_kept(seat: Seat, town: Town) -> None:
    await open_part(seat, town, "2")
    await seat.sees("02367001001", "座机")
    await seat.press("b")
    await seat.type("023-67001009")
    await fill(seat, "device_id", "SOS-17")
    await seat.press("ctrl+s")
    await seat.sees("02367001009", "按钮", "SOS-17")
    (line,) = [each for each in town.all(Line) if each.kind is LineKind.BUTTON]
    assert (line.number, line.device_id) == ("+862367001009", "SOS-17")
    await seat.press("x")
    await seat.sees("按它不再是她的紧急呼叫")
    await seat.press("2", "escape")
    await seat.sees("曾用", "02367001009 按钮")
    (line,) = [each for each in town.all(Line) if each.kind is LineKind.BUTTON]
    assert line.ended_at is not None


async def test_what_is_known_of_her_reaches_the_register(seat: Seat, town: Town) -> None:
    def below() -> None:
        with town.store.writing() as session:
            add_area(session, town.centre_id, "500108001", "南坪街道", root(session, town.centre_id).id)

    await asyncio.to_thread(below)
    resident_id = await open_part(seat, town, "3")
    await fill(seat, "called", "王老师")
    await fill(seat, "born", "1790-01-01")
    await seat.press("ctrl+s")
    await seat.sees("超出范围", "王老师", "1790-01-01")
    await fill(seat, "born", "1941")
    await seat.press("ctrl+s")
    await seat.sees("王秀英 王老师 85岁")
    await seat.press("u", "4")
    await fill(seat, "door", "503")
    await seat.press("ctrl+s")
    await seat.sees("503")
    await seat.press("u", "5")
    await seat.finds("南坪", "500108001")
    await seat.press("enter")
    await seat.sees("（南坪街道）")
    await seat.press("u", "6")
    await seat.sees("沟通、照护和健康")
    await fill(seat, "care_level", "2")
    await seat.press("down", "1", "ctrl+s")
    await seat.sees("独居 照护2级")
    await seat.press("u", "7", "enter")
    await seat.finds("康宁", "康宁药房")
    await seat.press("enter")
    await seat.until(lambda: len(town.all(UsualMerchant)) == 1)
    await seat.press("escape")
    await seat.sees("药店 康宁药房")
    her = town.get(Resident, resident_id)
    assert (her.called, her.door, her.care_level, her.hearing) == ("王老师", "503", 2, "good")
    assert [each.group for each in town.all(ResidentGroup)] == ["living_alone"]


async def test_who_changed_her_meanwhile_is_named_and_both_changes_are_kept(seat: Seat, town: Town) -> None:
    resident_id = await open_part(seat, town, "4")
    await fill(seat, "entrance_note", "从北门进")

    def elsewhere() -> None:
        with town.store.writing() as session:
            seen = session.get_one(Resident, resident_id).version
            people.change_resident(
                session,
                town.colleague.scope,
                resident_id,
                ResidentChange(door="601"),
                seen_version=seen,
                actor=town.colleague.actor,
                vault=town.vault,
            )

    await asyncio.to_thread(elsewhere)
    await seat.press("ctrl+s")
    await seat.sees("刘洋 刚改过", "您写的还在", "601", "从北门进")
    await seat.press("ctrl+s")
    await seat.sees("从北门进", "601")
    await seat.until(lambda: town.get(Resident, resident_id).entrance_note == "从北门进")
    assert town.get(Resident, resident_id).door == "601"
