"""What an operator does with her keys, and what the service is told, at both sizes of terminal."""

from dispatch.wire.base import Problem
from tests.console import people
from tests.console.conftest import HandClock
from tests.console.stand_in import Town


async def test_the_card_is_on_the_screen_when_my_telephone_rings(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        call = people.call(ringing=["801"])
        town.calls[call.id] = call
        town.happen("call.ringing", call=call)
        await seat.sees("林婉芝奶奶 82岁", "青石里 3栋 2单元 502", "单元门禁坏了", "对青霉素过敏")
        await seat.sees("独居", "听力差", "照护1级", "林晓 女儿 177 0023 2001 有钥匙", "康宁大药房", "降压药")
        assert town.opened == ["call 41"]


async def test_a_call_that_rings_at_a_colleague_opens_nothing(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        call = people.call(ringing=["802"])
        town.calls[call.id] = call
        town.happen("call.ringing", call=call)
        await seat.sees("响 802")
        assert type(seat.app.screen).__name__ == "BoardScreen"
        assert not town.opened


async def test_the_card_of_a_call_that_is_over_says_so_and_can_still_be_worked_on(sit_down, town: Town) -> None:
    town.calls[41] = people.call(ringing=["801"])
    async with sit_down() as seat:
        await seat.sees("在我这里响")
        ended = {"state": "ended", "end": "answered", "hung_up_by": "caller", "ended_at": people.NOW}
        town.change_call(41, "call.ended", ringing=[], **ended)
        await seat.sees("已接听 来电人挂断 10:00:00", "住址")
        await seat.press("n")
        await seat.sees("新工单")
        await seat.press("1")
        assert (await seat.told("cases")).body["call_id"] == 41


async def test_three_keys_from_the_card_send_the_job_to_the_first_candidate(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME, answered_at=people.NOW)
    async with sit_down(size) as seat:
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("送药上门", "药名和规格")
        await seat.press("1")
        await seat.sees("康宁大药房", "直线 430 米", "老人常用", "长乐药房", "已打烊，18:00 开门")
        await seat.press("enter")
        order = await seat.told("dispatch")
        assert order.body == {"expects": "open", "sheet_id": 7, "merchant_id": None}
        opened = await seat.told("cases")
        assert opened.body == {
            "call_id": 41,
            "resident_id": 11,
            "service": "medicine",
            "words": "",
            "priority": None,
            "wanted_at": None,
            "place": None,
        }
        await seat.sees("派单中", "派给 康宁大药房（短信）")


async def test_a_digit_sends_it_to_another_candidate(sit_down, size, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("d")
        await seat.sees("同心药店")
        await seat.press("2")
        assert (await seat.told("dispatch")).body["merchant_id"] == 32


async def test_words_time_and_place_go_along_when_they_are_typed_first(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME, answered_at=people.NOW)
    async with sit_down() as seat:
        await seat.press("f2", "n")
        await seat.sees("新工单")
        await seat.press("w")
        await seat.type("buy 2")
        await seat.press("tab", "right", "right", "tab")
        await seat.type("14:30")
        await seat.press("tab")
        await seat.type("park")
        await seat.press("enter")
        await seat.sees("约定时间：14:30")
        await seat.press("1")
        body = (await seat.told("cases")).body
        assert body["words"] == "buy 2"
        assert body["priority"] == "urgent"
        assert body["wanted_at"] == "2026-03-02T14:30:00+08:00"
        assert body["place"] == "park"


async def test_asking_again_joins_the_open_case(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME, answered_at=people.NOW)
    town.cases["TL-20260302-0001"] = people.case(state="accepted", turn="merchant", turn_operator=None)
    async with sit_down(size) as seat:
        await seat.sees("住址", "0302-0001")
        await seat.press("m")
        assert (await seat.told("TL-20260302-0001/remind")).body == {"call_id": 41}
        assert not any(each.path == "cases" for each in town.told)


async def test_of_two_residents_on_one_line_the_digit_picks(sit_down, size, town: Town) -> None:
    both = [people.line(people.ZHOU), people.line(people.LI)]
    town.calls[41] = people.call(about=None, who=both, state="talking", operator=people.ME)
    async with sit_down(size) as seat:
        await seat.sees("登记了 2 人", "周桂芳奶奶", "李𬱖爷爷")
        await seat.press("2")
        assert (await seat.told("calls/41")).body == {"version": 1, "resident_id": 13}
        await seat.sees("事主 李𬱖爷爷 74岁")


async def test_an_unknown_number_says_so_and_she_is_found_by_name_and_her_line_kept(sit_down, town: Town) -> None:
    town.calls[41] = people.call(about=None, number="+8613900001234", state="talking", operator=people.ME)
    async with sit_down() as seat:
        await seat.sees("这个号码没有登记", "139 0000 1234")
        await seat.press("b")
        await seat.type("王")
        await seat.sees("王䶮爷爷")
        await seat.press("enter")
        assert (await seat.told("calls/41")).body["resident_id"] == 14
        await seat.sees("事主 王䶮爷爷 87岁")
        town.told.clear()
        await seat.press("k")
        assert (await seat.told("calls/41")).body["remember_line"] is True


async def test_a_hidden_number_says_so_and_she_is_registered_on_the_spot(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call(
        about=None, number="anonymous", number_known=False, state="talking", operator=people.ME
    )
    async with sit_down(size) as seat:
        await seat.sees("来电隐藏了号码")
        await seat.press("r")
        await seat.sees("登记老人")
        await seat.type("Wu Min")
        await seat.press("enter", "2", "tab")
        await seat.type("1944")
        await seat.press("ctrl+s")
        body = (await seat.told("residents")).body
        assert (body["name"], body["gender"], body["born"], body["call_id"]) == ("Wu Min", "male", "1944-01-01", 41)
        await seat.sees("事主 Wu Min")


async def test_who_is_on_the_line_is_another_matter_than_whom_it_is_about(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME)
    async with sit_down() as seat:
        await seat.sees("林晓 女儿")
        await seat.press("w")
        await seat.sees("谁", "林晓 女儿")
        await seat.press("2")
        body = (await seat.told("calls/41")).body
        assert (body["speaker"], body["speaker_contact_id"], body["speaker_name"]) == ("contact", 5, "林晓")
        await seat.sees("在线 联系人 林晓")


async def test_the_call_moves_on_by_itself_while_somebody_picks(sit_down, town: Town) -> None:
    both = [people.line(people.ZHOU), people.line(people.LI)]
    town.calls[41] = people.call(about=None, who=both, ringing=["801"])
    async with sit_down() as seat:
        await seat.sees("登记了 2 人")
        # Answered, and the console has not heard of it yet.
        town.calls[41] = town.calls[41].model_copy(update={"version": 2, "state": "talking", "operator": people.ME})
        await seat.press("1")
        await seat.until(lambda: len([each for each in town.told if each.path == "calls/41"]) == 2)
        assert town.calls[41].resident is not None
        assert town.calls[41].resident.id == people.ZHOU.id


async def test_a_case_from_the_merchants_word_to_its_closing(sit_down, size, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("d")
        await seat.sees("康宁大药房")
        await seat.press("enter")
        await seat.sees("等待回复")
        await seat.press("p", "1")
        assert (await seat.told("offers/1/answer")).body == {"expects": "sent", "answer": "accept"}
        await seat.sees("已接单")
        for digit, step, state in (
            ("1", "on_the_way", "在路上"),
            ("1", "at_the_door", "已到门"),
            ("1", "done", "已完成"),
        ):
            town.told.clear()
            await seat.press("v")
            await seat.sees("商户到哪一步了")
            await seat.press(digit)
            assert (await seat.told("visit")).body["step"] == step
            await seat.sees(state)
        await seat.press("c", "1")
        await seat.sees("满意吗")
        await seat.press("1")
        closing = await seat.told("close")
        assert closing.body == {"expects": "served", "outcome": "served", "satisfaction": "satisfied"}
        await seat.sees("已结案", "结案：已服务")


async def test_a_merchant_who_calls_brings_its_open_offers_and_says_yes(sit_down, size, town: Town) -> None:
    asked = people.case(state="offering", turn="merchant", turn_operator=None, merchant=people.MERCHANTS[0])
    offer = people.offer(asked.number)
    town.cases[asked.number] = asked.model_copy(update={"offers": [offer]})
    caller = {"merchant": people.MERCHANTS[0], "speaker": "merchant", "merchant_offers": [offer]}
    town.calls[41] = people.call(about=None, state="talking", operator=people.ME, **caller)
    async with sit_down(size) as seat:
        await seat.sees("商户来电：康宁大药房（药店）", "0302-0001")
        await seat.press("1")
        await seat.sees("等待回复", "通话中 康宁大药房")
        await seat.press("p")
        await seat.sees("商户在电话里怎么说")
        await seat.press("1")
        assert (await seat.told("offers/1/answer")).body == {"expects": "sent", "answer": "accept"}


async def test_an_outcome_that_is_not_served_asks_why(sit_down, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("c", "3")
        await seat.sees("写一句原因")
        await seat.type("no stock")
        await seat.press("enter")
        assert (await seat.told("close")).body == {"expects": "open", "outcome": "not_served", "note": "no stock"}


async def test_a_case_is_cancelled_and_taken_up_again(sit_down, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("x", "enter")
        assert (await seat.told("cancel")).body == {"expects": "open", "note": ""}
        await seat.sees("已取消")
        await seat.press("o", "enter")
        assert (await seat.told("reopen")).body == {"expects": "cancelled", "note": ""}


async def test_what_is_known_of_a_case_is_changed_without_touching_the_rest(sit_down, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("e")
        await seat.sees("修改 TL-20260302-0001")
        await seat.press("end")
        await seat.type("!")
        await seat.press("ctrl+s")
        await seat.until(lambda: town.told)
        assert town.told[-1].method == "PATCH"
        assert town.told[-1].body == {"version": 1, "words": "降压药一盒!"}


async def test_information_needs_nobody_to_go_and_is_closed_at_once(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME)
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("咨询")
        await seat.press("a")
        await seat.sees("结案：结果是什么")
        await seat.press("4")
        assert (await seat.told("close")).body == {"expects": "open", "outcome": "information"}


async def test_an_alarm_rings_until_somebody_acknowledges_it(sit_down, size, town: Town, clock: HandClock) -> None:
    async with sit_down(size) as seat:
        rung = []
        seat.app.bell = lambda: rung.append(clock.at)
        case = people.case(needs_since=clock.at, needs_why="need.nobody_left")
        town.cases[case.number] = case
        town.happen("case.needs", case=case)
        await seat.sees("问遍了，没有商户能接")
        assert len(rung) == 1
        clock.move(seconds=31)
        await seat.until(lambda: len(rung) == 2, "the bell did not ring again")
        await seat.press("a")
        assert (await seat.told("acknowledge")).body == {"needs_since": "2026-03-02T02:00:00Z"}
        await seat.until(lambda: "问遍了" not in seat.text)
        clock.move(seconds=31)
        await seat.pilot.pause(1.2)
        assert len(rung) == 2


async def test_an_answered_call_brings_up_who_is_to_be_called_back_and_a_key_settles_it(sit_down, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case(
        call_back=True, attempts=2, turn_operator=None, needs_since=people.NOW, needs_why="need.abandoned"
    )
    town.calls[41] = people.call(
        state="talking", operator=people.ME, call_back="TL-20260302-0001", answered_at=people.NOW
    )
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("s")
        await seat.told("calls/41/settle")


async def test_a_case_becomes_late_by_time_alone_and_goes_to_the_top(sit_down, size, town, clock: HandClock) -> None:
    soon = {"kind": "arrival_due", "due_at": people.NOW.replace(minute=5)}
    town.cases["TL-20260302-0001"] = people.case(state="accepted", turn="merchant", turn_operator=None, clock=soon)
    async with sit_down(size) as seat:
        await seat.sees("05:00", "其中超时 0")
        clock.move(minutes=7)
        await seat.sees("!!", "超 02:00", "到门超时", "其中超时 1")


async def test_a_refusal_says_what_is_now_and_who_was_first(sit_down, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    town.refusals["dispatch"] = Problem(
        type="/problems/conflict",
        title="",
        status=409,
        key="conflict",
        values={"subject": "case", "now": "accepted", "by": "同心药店", "at": "2026-03-02T02:00:00Z"},
    )
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("d")
        await seat.sees("康宁大药房")
        await seat.press("enter")
        await seat.sees("工单现在是「已接单」", "先到的是 同心药店")


async def test_typed_words_survive_a_refusal_and_leaving_the_form(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME)
    town.refusals["cases"] = Problem(type="/problems/internal", title="", status=500, key="internal")
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("新工单")
        await seat.press("w")
        await seat.type("two boxes")
        await seat.press("enter", "1")
        await seat.sees("服务内部出错", "two boxes")
        await seat.press("escape")
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("two boxes")
        await seat.press("1")
        await seat.sees("康宁大药房")
        assert town.cases["TL-20260302-0001"].words == "two boxes"


async def test_an_sms_from_a_stranger_is_read_and_done_with(sit_down, town: Town) -> None:
    town.inbound[1] = people.sms("好的[/b]")
    async with sit_down() as seat:
        await seat.sees("陌生号码的短信", "好的[/b]")
        await seat.press("1")
        await seat.sees("看过了")
        await seat.press("1")
        await seat.told("inbound/1/seen")
        await seat.sees("现在没有要处理的事")


async def test_the_language_changes_under_the_hands_and_nothing_typed_is_lost(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME)
    async with sit_down(size) as seat:
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("新工单")
        await seat.press("w")
        await seat.type("hello")
        await seat.press("f8")
        await seat.sees("New case", "Medicine delivery", "hello")
        await seat.press("f8")
        await seat.sees("新工单", "hello")


async def test_full_width_keys_of_an_input_method_are_keys(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME)
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("ｎ")
        await seat.sees("新工单")
        await seat.press("１")
        await seat.sees("康宁大药房")


async def test_a_second_press_while_the_first_is_under_way_is_not_a_second_command(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME)
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("送药上门")
        await seat.press("1", "1", "1")
        await seat.sees("康宁大药房")
        assert len([each for each in town.told if each.path == "cases"]) == 1
