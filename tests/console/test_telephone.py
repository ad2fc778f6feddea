"""The operator's telephone from the keyboard: what the service is told, and what is said when it cannot be."""

from dispatch.wire.case_calls import CaseCallLine
from tests.console import people
from tests.console.conftest import HandClock
from tests.console.refusals import conflict
from tests.console.stand_in import Town


async def test_the_chosen_waiting_call_is_taken_on_the_board(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call()
    town.calls[42] = people.call(42, people.ZHOU, arrived_at=people.NOW)
    async with sit_down(size) as seat:
        await seat.sees("林婉芝奶奶", "周桂芳奶奶")
        await seat.press("down", "t")
        assert (await seat.told("calls/42/take")).body == {"expects": "queued"}
        await seat.sees("在我这里响", "周桂芳奶奶 78岁")


async def test_a_waiting_call_is_taken_on_its_card_and_who_was_faster_is_named(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call()
    town.refusals["take"] = conflict("taken", by="刘芳")
    async with sit_down(size) as seat:
        await seat.press("f2")
        await seat.sees("住址")
        await seat.press("t")
        await seat.sees("刘芳 先接了这个电话")
        town.change_call(41, "call.answered", state="talking", operator=people.SHE)
        await seat.sees("已由 刘芳 接听")
        await seat.press("t")
        await seat.sees("没有选中等待的来电")


async def test_one_key_holds_and_resumes_and_the_card_says_since_when(
    sit_down, size, town: Town, clock: HandClock
) -> None:
    town.calls[41] = people.my_call()
    async with sit_down(size) as seat:
        await seat.sees("通话各方 林婉芝奶奶 82岁 02:00 | 我 02:00")
        await seat.press("h")
        assert (await seat.told("calls/41/hold")).body == {"expects": "talking"}
        clock.move(seconds=40)
        await seat.sees("保持 00:40（10:00:00 起）", "林婉芝奶奶 82岁 保持中")
        await seat.press("h")
        await seat.told("calls/41/resume")
        await seat.until(lambda: "保持中" not in seat.text)


async def test_hold_is_on_every_screen_and_the_top_says_it_there(sit_down, town: Town) -> None:
    town.calls[41] = people.my_call()
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("h")
        await seat.told("calls/41/hold")
        await seat.sees("通话中 林婉芝奶奶 82岁 02:00 保持 00:00")


async def test_a_contact_is_brought_in_is_seen_to_ring_and_is_dropped(sit_down, size, town: Town) -> None:
    town.calls[41] = people.my_call()
    async with sit_down(size) as seat:
        await seat.sees("林晓 女儿")
        await seat.press("j")
        await seat.sees("请谁加入通话", "网格员小唐", "其他号码")
        await seat.press("1")
        assert (await seat.told("calls/41/bring-in")).body == {"expects": "talking", "contact_id": 5}
        await seat.sees("林晓 振铃 00:00")
        joined = [*people.legs(), people.leg(53, "林晓", joined_at=people.NOW)]
        town.change_call(41, "call.party_joined", legs=joined)
        await seat.sees("| 林晓 00:00")
        await seat.press("q")
        assert (await seat.told("calls/41/drop")).body == {"expects": "talking", "leg_id": 53}
        await seat.until(lambda: "| 林晓" not in seat.text)


async def test_the_merchant_of_an_open_case_and_a_colleague_can_be_brought_in(sit_down, town: Town) -> None:
    town.calls[41] = people.my_call()
    town.colleagues = [people.SHE]
    town.cases["TL-20260302-0001"] = people.case(state="accepted", turn="merchant", merchant=people.MERCHANTS[1])
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("j")
        await seat.sees("3 同心药店 177 0023 4002", "5 刘芳", "802  就绪")
        await seat.press("3")
        assert (await seat.told("calls/41/bring-in")).body["merchant_id"] == 32
        town.told.clear()
        await seat.sees("同心药店 振铃")
        await seat.press("j")
        await seat.sees("5 刘芳")
        await seat.press("5")
        assert (await seat.told("calls/41/bring-in")).body["operator_id"] == 2


async def test_any_number_is_typed_as_people_write_it_and_what_is_none_is_said_to_be_none(
    sit_down, town: Town
) -> None:
    town.calls[41] = people.my_call(resident=None, card=None, who=[])
    async with sit_down() as seat:
        await seat.sees("通话中")
        await seat.press("j")
        await seat.sees("请谁加入通话")
        await seat.press("1")
        await seat.sees("输入号码")
        await seat.type("hallo")
        await seat.press("enter")
        await seat.sees("「hallo」不是电话号码", "输入号码")
        await seat.type("１３９ 0000-1234")
        await seat.press("enter")
        assert (await seat.told("bring-in")).body == {"expects": "talking", "number": "13900001234"}


async def test_of_several_one_is_picked_to_be_dropped(sit_down, town: Town) -> None:
    both = people.leg(3, "林晓", joined_at=people.NOW), people.leg(4, "", number="+8613900001234")
    town.calls[41] = people.my_call(legs=people.legs(*both))
    async with sit_down() as seat:
        await seat.sees("| 林晓 00:00 | 139 0000 1234 振铃")
        await seat.press("q")
        await seat.sees("请谁离开通话", "1 林晓", "2 139 0000 1234")
        await seat.press("2")
        assert (await seat.told("drop")).body["leg_id"] == 4


async def test_a_call_is_handed_to_a_colleague_who_is_there(sit_down, size, town: Town) -> None:
    away = people.SHE.model_copy(update={"id": 3, "name": "何秋月", "phone_reachable": False})
    gone = people.SHE.model_copy(update={"id": 4, "name": "王敏", "presence": "off"})
    town.colleagues = [people.SHE, away, gone]
    town.calls[41] = people.my_call()
    async with sit_down(size) as seat:
        await seat.sees("住址")
        await seat.press("y")
        await seat.sees("转给哪位同事", "1 刘芳")
        assert "何秋月" not in seat.text
        assert "王敏" not in seat.text
        await seat.press("1")
        assert (await seat.told("calls/41/hand-over")).body == {"expects": "talking", "operator_id": 2}
        await seat.sees("刘芳 振铃")
        hers = people.leg(53, "刘芳", role="operator", operator=people.SHE, joined_at=people.NOW)
        handed = {"by": 1, "to": 2}
        call = town.calls[41] = town.calls[41].model_copy(
            update={"operator": people.SHE, "legs": [people.legs()[0], hers], "version": 9}
        )
        town.happen("call.handed_over", call=call, data=handed)
        await seat.sees("刘芳 已接手这个电话", "已由 刘芳 接听")
        await seat.press("h")
        await seat.sees("您现在没有在通话")


async def test_with_nobody_there_a_call_cannot_be_handed_over_and_it_is_said(sit_down, town: Town) -> None:
    town.calls[41] = people.my_call()
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("y")
        await seat.sees("没有话机在线的同事在岗")
        assert [each.path for each in town.told] == ["login"]


async def test_a_colleague_who_has_gone_meanwhile_is_named(sit_down, town: Town) -> None:
    town.colleagues = [people.SHE]
    town.calls[41] = people.my_call()
    town.refusals["hand-over"] = conflict("off", subject="operator", by="刘芳")
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("y", "1")
        await seat.sees("刘芳 已经离岗")


async def test_a_call_that_a_colleague_hands_to_me_rings_here_with_its_card(sit_down, size, town: Town) -> None:
    town.colleagues = [people.SHE]
    async with sit_down(size) as seat:
        hers = people.leg(2, "刘芳", role="operator", operator=people.SHE, joined_at=people.NOW)
        mine = people.leg(3, "陈晓", role="operator", operator=people.ME)
        town.calls[41] = people.my_call(operator=people.SHE, legs=[people.legs()[0], hers, mine])
        town.happen("call.handing_over", call=town.calls[41])
        await seat.sees("在我这里响", "住址", "| 刘芳 00:00 | 我 振铃 00:00")


async def test_one_key_hangs_up(sit_down, size, town: Town) -> None:
    town.calls[41] = people.my_call()
    async with sit_down(size) as seat:
        await seat.sees("住址")
        await seat.press("g")
        assert (await seat.told("calls/41/hang-up")).body == {"expects": "talking"}
        await seat.sees("已接听 接线员挂断")


async def test_where_others_would_be_cut_off_it_is_asked_before(sit_down, size, town: Town) -> None:
    town.calls[41] = people.my_call(legs=people.legs(people.leg(3, "林晓", joined_at=people.NOW)))
    async with sit_down(size) as seat:
        await seat.sees("| 林晓 00:00")
        await seat.press("g")
        await seat.sees("结束整个通话", "挂断，3 方都断开")
        await seat.press("2")
        await seat.until(lambda: "结束整个通话" not in seat.text)
        assert [each.path for each in town.told] == ["login"]
        await seat.press("g", "1")
        await seat.told("calls/41/hang-up")


async def test_a_call_that_ended_meanwhile_is_said_to_be_over(sit_down, town: Town) -> None:
    town.calls[41] = people.my_call()
    town.refusals["hold"] = conflict("ended", by="陈晓")
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("h")
        await seat.sees("电话已经结束")


async def test_what_the_exchange_could_not_do_is_said_to_who_ordered_it(sit_down, town: Town) -> None:
    town.calls[41] = people.my_call()
    async with sit_down() as seat:
        await seat.sees("住址")
        failed = {"order": "hold", "why": "nobody talks to the caller yet"}
        town.happen("call.order_failed", call=town.calls[41], data=failed | {"operator": 2})
        town.happen("call.order_failed", call=town.calls[41], data=failed | {"operator": 1})
        await seat.sees("交换机没有办成「保持」")
        assert seat.text.count("没有办成") == 1


async def test_who_did_not_answer_and_who_has_left_is_said_by_name(sit_down, town: Town) -> None:
    both = people.leg(3, "林晓", joined_at=people.NOW), people.leg(4, "康宁大药房")
    town.calls[41] = people.my_call(legs=people.legs(*both))
    async with sit_down() as seat:
        await seat.sees("康宁大药房 振铃")
        town.calls[41] = town.calls[41].model_copy(update={"legs": people.legs(both[0]), "version": 2})
        town.happen("call.party_not_reached", call=town.calls[41], data={"leg": 4, "cause": 17})
        await seat.sees("康宁大药房 占线")
        town.calls[41] = town.calls[41].model_copy(update={"legs": people.legs(), "version": 3})
        town.happen("call.party_left", call=town.calls[41], data={"leg": 3, "cause": 16})
        await seat.sees("林晓 已离开通话")


async def test_a_number_of_the_card_is_called_and_its_own_card_opens(sit_down, size, town: Town) -> None:
    town.calls[41] = people.call(state="ended", end="abandoned", call_back="TL-20260302-0001")
    town.cases["TL-20260302-0001"] = people.case(call_back=True, attempts=1, calls=[41])
    async with sit_down(size) as seat:
        town.happen("call.ended", call=town.calls[41])
        await seat.press("1")
        await seat.sees("0302-0001")
        await seat.press("u")
        await seat.sees("住址")
        await seat.press("l")
        await seat.sees("打给谁", "林婉芝奶奶 82岁 023", "2 林晓 女儿")
        await seat.press("2")
        assert (await seat.told("dial")).body == {"contact_id": 5, "resident_id": 11, "case_number": None}
        await seat.sees("拨打中 00:00", "话机响了请拿起")


async def test_one_key_calls_back_from_a_case_and_one_settles_it_when_she_has_been_reached(
    sit_down, size, town: Town
) -> None:
    number = "TL-20260302-0001"
    missed = CaseCallLine(id=40, state="ended", end="abandoned", arrived_at=people.NOW)
    town.cases[number] = people.case(call_back=True, attempts=2, calls=[38, 40], last_call=missed)
    async with sit_down(size) as seat:
        await seat.press("1")
        await seat.sees(number)
        await seat.press("l")
        assert (await seat.told("dial")).body == {"call_id": 40, "resident_id": 11, "case_number": number}
        await seat.sees("拨打中")
        town.change_call(70, "call.talking", state="talking", answered_at=people.NOW, call_back=number)
        await seat.sees("通话中 00:00")
        await seat.press("s")
        await seat.told("calls/70/settle")


async def test_no_second_call_is_begun_from_a_telephone_in_use(sit_down, town: Town) -> None:
    town.calls[41] = people.my_call()
    town.cases["TL-20260302-0001"] = people.case(call_back=True)
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("l")
        await seat.sees("您的话机正在用")
        assert [each.path for each in town.told] == ["login"]


async def test_help_is_called_into_the_call_from_any_screen_with_the_address_large(
    sit_down, size, town: Town
) -> None:
    town.calls[41] = people.my_call()
    async with sit_down(size) as seat:
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("新工单")
        await seat.press("w")
        await seat.type("chest pain")
        await seat.press("f9")
        await seat.sees("请谁来救援", "1 120  急救", "2 110  报警", "3 119  消防")
        await seat.press("1")
        assert (await seat.told("calls/41/bring-in")).body == {"expects": "talking", "number": "120"}
        large = "青 石 里 \u3000 ３ 栋 \u3000 ２ 单 元 \u3000 ５ ０ ２"
        await seat.sees("正在呼叫 120 急救", large, "来电号码 023", "chest pain")
        joined = [*people.legs(), people.leg(53, "", number="120", joined_at=people.NOW)]
        town.change_call(41, "call.party_joined", legs=joined)
        await seat.sees("已接通 120 急救", large)
        town.change_call(41, "call.party_left", legs=people.legs())
        await seat.until(lambda: large not in seat.text)


async def test_help_goes_to_the_place_of_the_emergency_which_may_not_be_her_home(sit_down, town: Town) -> None:
    rings = people.legs(people.leg(3, "", number="119"))
    town.calls[41] = people.my_call(legs=rings)
    town.cases["TL-20260302-0001"] = people.case(priority="emergency", place="北街菜市场")
    async with sit_down() as seat:
        await seat.sees("北 街 菜 市 场", "青 石 里")


async def test_help_is_called_from_the_telephone_when_the_caller_has_hung_up(sit_down, town: Town) -> None:
    town.cases["TL-20260302-0001"] = people.case(priority="emergency")
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        await seat.press("f9", "1")
        body = (await seat.told("dial")).body
        assert body == {"number": "120", "resident_id": 11, "case_number": "TL-20260302-0001"}
        await seat.sees("正在呼叫 120 急救", "青 石 里")


async def test_a_wrong_key_is_answered_with_a_sentence(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        for key, said in (
            ("t", "没有选中等待的来电"),
            ("h", "您现在没有在通话"),
            ("q", "通话里没有可以请出的人"),
            ("l", "这里没有可以拨打的人"),
            ("f", "这里没有录音"),
        ):
            await seat.press(key)
            await seat.sees(said)
        assert [each.path for each in town.told] == ["login"]
