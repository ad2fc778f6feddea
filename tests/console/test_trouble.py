"""The service goes away, events come in bursts, callers have strange names: the screen stays right."""

from datetime import timedelta

import pytest

from dispatch.wire.board import HoldLine, LinkLine
from tests.console import people
from tests.console.conftest import HandClock
from tests.console.stand_in import Server, Town

NASTY = "[/b]老人 [bold]x[/] \u202eevil\u202c\x1b[31m\n\r\t" + "长" * 300


async def test_an_outage_is_told_since_when_and_caught_up_with_alone(
    sit_down, size, town: Town, server: Server, clock: HandClock
) -> None:
    async with sit_down(size) as seat:
        await seat.sees("没有来电")
        server.stop()
        await seat.sees("服务中断：10:00:00 起")
        clock.move(seconds=83)
        await seat.sees("已 01:23")
        call = people.call(ringing=["802"])
        town.calls[call.id] = call
        town.happen("call.arrived", call=call)
        server.start()
        await seat.sees("林婉芝奶奶")
        assert "服务中断" not in seat.text


async def test_an_event_log_that_cannot_be_read_is_told_on_every_screen(sit_down, size, town: Town) -> None:
    async with sit_down(size) as seat:
        await seat.sees("没有来电")
        town.happen("exchange.log_unreadable", link=LinkLine(exchange="main", up=True, log_problem="is locked"))
        await seat.sees("通话日志读不出")
        town.happen("exchange.log_readable", link=LinkLine(exchange="main", up=True))
        await seat.until(lambda: "通话日志读不出" not in seat.text)


async def test_a_command_given_during_an_outage_is_not_lost_and_not_doubled(
    sit_down, town: Town, server: Server
) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        town.lose_answers = 1000
        await seat.press("m")
        await seat.sees("服务没有回答")
        town.lose_answers = 0
        await seat.press("m")
        await seat.sees("已记催单")
        assert town.cases["TL-20260302-0001"].reminders == 1


async def test_the_list_of_services_comes_although_it_could_not_be_read_at_first(sit_down, town: Town) -> None:
    town.lose_reads["services"] = 150  # longer than the client's patience
    town.calls[41] = people.my_call()
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("新工单", "送药上门")
        assert town.lose_reads["services"] == 0


async def test_a_login_that_ran_out_is_asked_for_again_and_nothing_below_is_lost(sit_down, town: Town) -> None:
    town.calls[41] = people.call(state="talking", operator=people.ME)
    async with sit_down() as seat:
        await seat.sees("住址")
        await seat.press("n")
        await seat.sees("新工单")
        await seat.press("w")
        await seat.type("two boxes")
        seat.app.desk.client._transport.authorise("old")
        await seat.press("enter", "1")
        await seat.sees("登录已过期")
        await seat.type("chen")
        await seat.press("enter")
        await seat.type("secret")
        await seat.press("enter")
        await seat.sees("新工单", "two boxes")


async def test_a_wrong_password_can_be_typed_again(sit_down, size) -> None:
    async with sit_down(size, password="wrong") as seat:
        await seat.sees("用户名或密码不对", "chen")
        await seat.type("secret")
        await seat.press("enter")
        await seat.sees("要我处理")


async def test_names_from_outside_are_text_on_every_screen(sit_down, size, town: Town) -> None:
    resident = people.LIN.model_copy(
        update={
            "name": NASTY,
            "addressed": NASTY,
            "address": NASTY,
            "entrance_note": NASTY,
            "health_note": NASTY,
            "contacts": [people.LIN.contacts[0].model_copy(update={"name": NASTY, "note": NASTY})],
        }
    )
    town.residents[resident.id] = resident
    town.merchants = [merchant.model_copy(update={"name": NASTY}) for merchant in town.merchants]
    town.services[0:1] = [town.services[0].model_copy(update={"name_zh": NASTY, "questions_zh": [NASTY]})]
    town.inbound[1] = people.sms(NASTY)
    town.cases["TL-20260302-0001"] = people.case(
        about=resident, words=NASTY, needs_since=people.NOW, needs_why=NASTY[:60]
    )
    town.calls[40] = people.call(40, about=None, name_heard=NASTY, number=NASTY, number_known=False)
    town.calls[41] = people.call(41, about=resident, state="talking", operator=people.ME, speaker_name=NASTY)
    async with sit_down(size) as seat:
        for keys in (
            ["escape"],
            ["f2"],
            ["w"],
            ["escape", "n"],
            ["1"],
            ["enter"],
            ["e"],
            ["escape", "ctrl+p"],
            ["escape"],
        ):
            await seat.press(*keys)
            await seat.pilot.pause(0.15)
            assert "[/b]老人" in seat.text or seat.app.screen.is_modal, keys
            assert not set(seat.text) & {"\u202e", "\x1b", "\r", "\t"}
            assert all(len(line) <= size[0] for line in seat.text.split("\n"))
        await seat.press("escape", "escape", "escape", "escape")
        await seat.sees("要我处理")


async def test_fifty_events_a_second_neither_freeze_nor_lose_the_cursor(sit_down, size, town: Town, clock) -> None:
    for number in range(1, 201):
        opened = clock.at - timedelta(minutes=number)
        case = people.case(f"TL-20260302-{number:04}", state="accepted", turn="merchant", turn_operator=None)
        town.cases[case.number] = case.model_copy(update={"opened_at": opened})
    async with sit_down(size) as seat:
        await seat.sees("未结工单 200")
        await seat.press("tab", *["down"] * 5)
        ledger = seat.app.screen.query_one("#cases-rows")
        ledger.focus()
        ledger.cursor = 5
        here = ledger.current
        paints = 0
        paint = seat.app.screen.paint

        def counted() -> None:
            nonlocal paints
            paints += 1
            paint()

        seat.app.screen.paint = counted
        for round_ in range(100):
            town.change_case(f"TL-20260302-{round_ % 50 + 1:04}", "case.changed", words=f"round {round_}")
        await seat.until(lambda: seat.app.desk.world.cases["TL-20260302-0050"].words == "round 99")
        await seat.press("down", "up")
        assert ledger.current == here
        assert paints < 60, "a burst has to be painted in batches"


async def test_after_a_restore_the_board_says_loudly_what_is_held_and_a_supervisor_lets_it_go_with_one_key(
    sit_down, size, town: Town
) -> None:
    town.me = people.ME.model_copy(update={"role": "supervisor"})
    town.hold = HoldLine(
        backup_at=people.NOW - timedelta(hours=8), since=people.NOW - timedelta(minutes=2), messages=17, ladders=1
    )
    async with sit_down(size) as seat:
        await seat.sees("已从 02:00 的备份恢复：17 条短信和外呼、1 个求助暂停", "按 Ctrl-R 放行", "02:00")
        await seat.press("ctrl+r")
        told = await seat.told("hold/release")
        assert told.body == {"since": "2026-03-02T01:58:00Z"}
        await seat.sees("已放行：17 条短信和外呼、1 个求助", "现在没有要处理的事")
        await seat.press("ctrl+r")
        assert len([each for each in town.told if each.path == "hold/release"]) == 1


async def test_an_operator_sees_what_is_held_and_has_no_key_for_it(sit_down, town: Town) -> None:
    async with sit_down() as seat:
        town.hold = HoldLine(backup_at=people.NOW, since=people.NOW, messages=1, ladders=0)
        town.happen("message.wanted", hold=town.hold)
        await seat.sees("1 条短信和外呼", "等主管放行")
        await seat.press("ctrl+r")
        town.hold = None
        town.happen("centre.released", hold=None)
        await seat.until(lambda: "放行" not in seat.text)
        assert not town.told[1:]


async def test_a_service_that_came_back_from_a_backup_brings_another_board_by_itself(
    sit_down, town: Town, server: Server
) -> None:
    town.cases["TL-20260302-0001"] = people.case()
    async with sit_down() as seat:
        await seat.press("1")
        await seat.sees("降压药一盒")
        server.stop()
        town.epoch = "e2"
        town.events.clear()
        town.cases = {"TL-20260302-0007": people.case(id=7, number="TL-20260302-0007", words="氧气瓶")}
        server.start()
        await seat.until(lambda: "TL-20260302-0007" in seat.app.desk.world.cases)
        await seat.press("escape")
        await seat.sees("0302-0007")
        assert "0302-0001" not in seat.text


EVERY_KEY = [*"bcdefghijklmopstuvwxyz123456789!@/na", "f5", "f6", "f12", "ctrl+s", "ctrl+r", "tab", "enter"]


@pytest.mark.parametrize("opens", [["r"], ["f2", "c"], ["1", "r"]], ids=["rules", "care", "merchant"])
async def test_no_key_ends_the_console_where_nothing_is_there(sit_down, town: Town, opens: list[str]) -> None:
    town.me = people.ME.model_copy(update={"role": "supervisor"})
    town.calls[41] = people.call()
    town.cases["TL-20260302-0001"] = people.case(merchant=people.MERCHANTS[0])
    async with sit_down() as seat:
        await seat.press(*opens, *EVERY_KEY, *["escape"] * 6)
        await seat.sees("要我处理")
