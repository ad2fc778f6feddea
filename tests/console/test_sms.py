"""An SMS is typed from a case: its length, its parts and what it costs are told as it grows."""

from dispatch.wire.base import Problem
from tests.console import people
from tests.console.stand_in import Town

NUMBER = "TL-20260302-0001"


async def test_length_parts_and_cost_grow_with_the_text(sit_down, size, town: Town) -> None:
    town.cases[NUMBER] = people.case(state="accepted", merchant=people.MERCHANTS[0])
    async with sit_down(size) as seat:
        seat.app.desk.drafts[f"sms:{NUMBER}:31"] = {"body": "药" * 69}  # begun a while ago
        await seat.press("1")
        await seat.sees("降压药一盒", "S 写短信")
        await seat.press("S")
        await seat.sees("写给谁", "林婉芝奶奶", "康宁大药房")
        await seat.press("2")
        await seat.sees("写短信给 康宁大药房", "Enter 发送", "最后一条还可写 1 字")
        await seat.type("药")
        await seat.sees("70 字，1 条，最后一条还可写 0 字", "0.05 元")
        await seat.type("䶮")
        await seat.sees("71 字，2 条，最后一条还可写 63 字", "0.10 元")
        await seat.press("enter")
        sent = await seat.told(f"cases/{NUMBER}/sms")
        assert sent.body == {"to": "merchant", "merchant_id": 31, "body": "药" * 70 + "䶮"}
        await seat.sees("短信已交给发送", "写了一条短信")


async def test_what_was_typed_is_there_again_after_it_was_left_or_refused(sit_down, town: Town) -> None:
    town.cases[NUMBER] = people.case(merchant=None)
    detail = "to: 须是登记了手机号的老人"
    town.refusals[f"{NUMBER}/sms"] = Problem(type="/p", title="", status=422, key="bad_value", detail=detail)
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("S")  # she alone can be written to
        await seat.sees("写短信给 林婉芝奶奶")
        await seat.type("hello")
        await seat.sees("5 个字符，1 条，最后一条还可写 155 个")
        await seat.press("escape", "S")
        await seat.sees("hello", "155")
        await seat.press("enter")
        await seat.sees("须是登记了手机号的老人")
        await seat.press("S")
        await seat.sees("hello")
