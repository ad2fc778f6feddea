"""Who is to be called back: why, how often, who it was; one key settles it."""

from datetime import timedelta

import pytest

from tests.console import people
from tests.console.stand_in import Town


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("abandoned", "未接来电"),
        ("timed_out", "等待太久，没有接到"),
        ("cut_off", "电话中断"),
        ("call_back_wanted", "请求回电，排队位置保留"),
        ("message_left", "有留言"),
    ],
)
async def test_the_reason_stands_before_the_name(sit_down, town: Town, why: str, said: str) -> None:
    town.cases["TL-20260302-0001"] = people.to_call_back(about=people.ZHOU, needs_why=f"need.{why}")
    async with sit_down() as seat:
        await seat.sees(f"{said} 09:55  周桂芳奶奶 78岁")


async def test_the_attempts_are_counted_and_strangers_are_readable(sit_down, size, town: Town) -> None:
    hidden = people.last_call(number="anonymous", number_known=False)
    named = people.last_call(name_heard="[/b]老人")
    shop = people.last_call(speaker="merchant", speaker_name="康宁大药房", number="+862367002001")
    town.cases = {
        case.number: case
        for case in (
            people.to_call_back("TL-20260302-0001", last_call=named, attempts=3),
            people.to_call_back("TL-20260302-0002", last_call=hidden),
            people.to_call_back("TL-20260302-0003", last_call=shop),
            people.to_call_back("TL-20260302-0004", about=people.WANG),
        )
    }
    async with sit_down(size) as seat:
        await seat.sees("3 次 09:55  未登记号码 139 0000 1234 [/b]老人", "隐藏号码", "康宁大药房 02367002001")
        await seat.sees("王䶮爷爷 87岁", "待回电")
        await seat.press("1")
        await seat.sees("TL-20260302-0001", "来电 未登记号码 139 0000 1234", "3 次")


async def test_emergencies_come_first_and_who_asked_keeps_her_place(sit_down, town: Town) -> None:
    earlier = people.NOW - timedelta(minutes=9)
    town.cases = {
        case.number: case
        for case in (
            people.to_call_back("TL-20260302-0001", priority="urgent", attempts=2),
            people.to_call_back("TL-20260302-0002"),
            people.to_call_back("TL-20260302-0003", needs_why="need.call_back_wanted", needs_since=earlier),
            people.emergency("TL-20260302-0004"),
        )
    }
    async with sit_down() as seat:
        await seat.sees("要我处理 (4)")
        needs = seat.app.desk.world.needs()
        assert [need.case.number[-1] for need in needs if need.case] == ["4", "1", "3", "2"]


async def test_what_she_chose_by_key_stands_on_her_call_and_on_the_case(sit_down, size, town: Town) -> None:
    chosen = {"choice": "order", "service_zh": "送药上门", "service_en": "Medicine delivery"}
    town.calls[41] = people.call(chosen=chosen)
    town.cases["TL-20260302-0001"] = people.case(last_call=people.last_call(id=41, chosen=chosen))
    async with sit_down(size) as seat:
        await seat.press("f2")
        await seat.sees("按键订了 送药上门")
        await seat.press("1")
        await seat.sees("TL-20260302-0001", "按键订了 送药上门")


async def test_one_key_settles_it_from_the_case(sit_down, size, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.to_call_back()
    town.calls[40] = people.call(40, about=None, state="ended", end="abandoned", ended_at=people.NOW)
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees("已回电")
        await seat.press("s")
        await seat.told("calls/40/settle")
