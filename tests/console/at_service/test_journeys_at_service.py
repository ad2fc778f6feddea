"""The console at the service itself: its HTTP API and its event stream on a real database, over a real port."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from callbridge.events import CallHeld, CallReached, CallResumed, CallRinging, LinkUp, PartyLeft, PhoneReached
from console.rules.fields import fields_of
from console.speech import Speech
from dispatch import telephone
from dispatch.models import Case, Ladder, LadderState, Leg, LegRole, Operator, PhoneOrder, Presence
from dispatch.policy import care_policy
from dispatch.rules import in_force
from dispatch.wire.telephone import CallVerb
from registry.store import MovableClock, Role
from tests.console.at_service.conftest import OTHER, PHARMACY
from tests.console.conftest import Seat
from tests.dispatch.register import HER_LINE
from tests.dispatch.test_silence import falls_silent
from tests.dispatch.test_surveys import later
from tests.dispatch.town import Town


def rings_at(town: Town, uniqueid: str, extension: str) -> None:
    town.tell(CallRinging(exchange="main", at=town.clock.now(), uniqueid=uniqueid, extension=extension))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_from_the_ringing_telephone_to_the_closed_case(seat: Seat, town: Town) -> None:
    await asyncio.to_thread(town.resident)
    uniqueid = await asyncio.to_thread(town.rings_in)
    await seat.sees("王秀英奶奶", "青石里")
    await asyncio.to_thread(rings_at, town, uniqueid, "801")
    await seat.sees("在我这里响", "进门", "门铃坏了，请敲门")
    await asyncio.to_thread(town.answers, uniqueid)
    await seat.sees("通话中")
    await seat.press("n")
    await seat.sees("送药上门")
    await seat.press("1")
    await seat.sees("康宁药房", "直线", "同心药店")
    await seat.press("enter")
    await seat.sees("派单中", "派给 康宁药房（短信）")
    await asyncio.to_thread(town.send)
    await seat.sees("等待回复")
    await asyncio.to_thread(town.writes, PHARMACY, "2")
    await seat.sees("康宁药房 不接（短信）", "派给 同心药店（短信）")
    await asyncio.to_thread(town.writes, OTHER, "1")
    await seat.sees("同心药店 接单（短信）", "应到门")
    for key, said in (("1", "已出发"), ("1", "已到门口"), ("1", "已办完")):
        await seat.press("v")
        await seat.sees("商户到哪一步了")
        await seat.press(key)
        await seat.sees(f"同心药店 {said}")
    await seat.press("c")
    await seat.sees("结案：结果是什么")
    await seat.press("1")
    await seat.sees("满意吗")
    await seat.press("1")
    await seat.sees("结案：已服务", "已结案")
    (number,) = {case.number for case in town.all(type(town.case("TL-20260302-0001")))}
    assert town.case(number).satisfaction == "satisfied"
    journal = town.journal("case", "offer", "visit")
    assert [what for what in journal if what.startswith("visit.")] == [
        "visit.on_the_way",
        "visit.at_the_door",
        "visit.done",
    ]
    assert journal[-1] == "case.closed"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_was_first_is_said_when_a_colleague_was_faster(seat: Seat, town: Town) -> None:
    number = await asyncio.to_thread(lambda: town.open(town.resident()))
    await seat.sees("送药上门")
    await seat.press("1")
    await seat.sees(number)
    await seat.press("d")
    await seat.sees("康宁药房")
    await asyncio.to_thread(town.dispatch, number)
    await asyncio.to_thread(town.answer_by_word_of_mouth, number, "accept")
    await seat.sees("已接单")
    await seat.press("enter")
    await seat.sees("先到的是 康宁药房")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nobody_left_rings_until_it_is_acknowledged(seat: Seat, town: Town, clock: MovableClock) -> None:
    number = await asyncio.to_thread(lambda: town.open(town.resident()))
    await asyncio.to_thread(town.dispatch, number)
    await asyncio.to_thread(town.answer_by_word_of_mouth, number, "decline")
    await asyncio.to_thread(town.answer_by_word_of_mouth, number, "decline")
    await seat.sees("问遍了，没有商户能接", "要我处理 (1)")
    await seat.press("a")
    await seat.until(lambda: town.case(number).needs_since is None)
    assert town.case(number).turn_operator_id == town.desk.operator_id
    await seat.sees("待派")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_stranger_is_registered_and_the_next_call_is_hers(seat: Seat, town: Town) -> None:
    uniqueid = await asyncio.to_thread(town.rings_in, "13912345678")
    await asyncio.to_thread(town.answers, uniqueid)
    await seat.sees("这个号码没有登记", "139 1234 5678")
    await seat.press("r")
    await seat.sees("登记老人")
    await seat.type("吴敏")
    await seat.press("ctrl+s")
    await seat.sees("事主 吴敏")
    await asyncio.to_thread(town.hangs_up, uniqueid)
    again = await asyncio.to_thread(town.rings_in, "13912345678")
    assert town.call(again).resident_id == town.call(uniqueid).resident_id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_she_is_found_by_the_beginnings_of_her_name_and_her_line_remembered(seat: Seat, town: Town) -> None:
    resident = await asyncio.to_thread(town.resident)
    uniqueid = await asyncio.to_thread(town.rings_in, "13912345678")
    await asyncio.to_thread(town.answers, uniqueid)
    await seat.sees("这个号码没有登记")
    await seat.press("b")
    await seat.finds("wxy", "王秀英奶奶")
    await seat.press("enter")
    await seat.sees("事主 王秀英奶奶")
    await seat.press("k")
    await seat.sees("已记住")
    town.clock.move(timedelta(minutes=1))
    again = await asyncio.to_thread(town.rings_in, "13912345678")
    assert town.call(again).resident_id == resident


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_value_of_every_rule_of_a_new_centre_has_a_name_in_both_languages(town: Town) -> None:
    with town.store.reading() as session:
        rules = in_force(session, town.desk)
        labels = {field.label for rule in rules for field in fields_of(rule.kind, rule.body)}
        kinds = {f"rule_kind.{rule.kind}" for rule in rules}
    for speech in (Speech("zh"), Speech("en")):
        assert {each for each in labels | kinds if not speech.knows(each)} == set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_supervisor_changes_a_rule_and_what_cannot_be_is_said_at_its_field(seat: Seat, town: Town) -> None:
    def promote() -> None:
        with town.store.writing() as session:
            operator = session.lock(Operator, town.desk.operator_id)
            assert operator is not None
            operator.role = Role.SUPERVISOR

    await asyncio.to_thread(promote)
    seat.app.desk.world.me = seat.app.desk.world.me.model_copy(update={"role": "supervisor"})
    await seat.press("r")
    await seat.sees("平安电话", "第 1 版", "初始")
    await seat.press("enter")
    await seat.sees("最多打几次")
    await seat.press("end", "0", "ctrl+s")
    await seat.sees("至多 10")
    await seat.press("backspace", "backspace", "5", "ctrl+s")
    await seat.sees("第 2 版", "陈雨", "最多打几次 3 > 5")
    with town.store.reading() as session:
        assert care_policy(session, town.centre_id).tries == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_care_call_is_agreed_and_how_she_was_stands_on_her_card(seat: Seat, town: Town) -> None:
    await asyncio.to_thread(town.resident)
    await asyncio.to_thread(town.rings_in)
    await seat.sees("王秀英奶奶")
    await seat.press("f2")
    await seat.sees("住址")
    await seat.press("c")
    await seat.sees("还没有约")
    await seat.press("n")
    await seat.sees("约平安电话")
    await seat.press(*["backspace"] * 5, *"23:00", "ctrl+s")
    await seat.sees("约平安电话", "23:00")
    assert "还没有打过" not in seat.text
    await seat.press(*["backspace"] * 5, *"10:00", "ctrl+s")
    await seat.sees("每天 10:00 节假日不打", "下次 10:00")
    await asyncio.to_thread(later, town, minutes=61)
    await asyncio.to_thread(town.presses, HER_LINE, "1")
    await seat.press("escape", "escape", "f2")
    await seat.sees("每天 10:00 节假日不打", "平安")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_button_nobody_answers_is_taken_in_hand_by_one_key(
    seat: Seat, town: Town, clock: MovableClock
) -> None:
    await asyncio.to_thread(town.resident)
    await asyncio.to_thread(partial(town.rings_in, emergency=True))
    await seat.sees("紧急情况", "王秀英奶奶", "第 1/4 级 全体坐席")
    await seat.press("f4")
    await seat.sees("后问主管", "开始逐级求助")
    await seat.press("a")
    await seat.sees("陈雨", "接应")
    (ladder,) = town.all(Ladder)
    assert ladder.state is LadderState.ACKNOWLEDGED
    await seat.press("w")
    await seat.sees("轮到谁")
    await seat.press("1")
    await seat.sees("轮到 任一接线员", "首问 陈雨")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_hung_up_is_called_back_and_settled_by_one_key(seat: Seat, town: Town) -> None:
    uniqueid = await asyncio.to_thread(town.rings_in, "13912345678")
    await asyncio.to_thread(town.hangs_up, uniqueid)
    await seat.sees("未接来电", "未登记号码 139 1234 5678")
    await seat.press("1")
    await seat.sees("回电", "待回电")
    await seat.press("s")
    await seat.sees("已回电", "已结案")
    await seat.press("escape")
    await seat.sees("现在没有要处理的事")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nobody_speaks_and_one_key_says_that_it_is_no_emergency(seat: Seat, town: Town) -> None:
    uniqueid = await asyncio.to_thread(town.rings_in, "13912345678")
    await asyncio.to_thread(town.answers, uniqueid)
    await seat.sees("通话中")
    await asyncio.to_thread(falls_silent, town, uniqueid)
    await seat.sees("起没有人说话", "F12 不是紧急")
    await seat.press("f12")
    await seat.sees("不是紧急情况")
    await seat.until(lambda: "F12" not in seat.text)
    (case,) = town.all(Case)
    assert (case.state, case.outcome) == ("closed", "false_alarm")


def telephones_work(town: Town) -> None:
    """The exchange is linked and both telephones are registered."""
    at = town.clock.now()
    town.tell(LinkUp(exchange="main", at=at, away_since=None, exchange_restarted=False))
    for extension in ("801", "802"):
        town.tell(PhoneReached(exchange="main", at=at, extension=extension, reachable=True))


def colleague_takes(town: Town, uniqueid: str) -> None:
    with town.store.writing() as session:
        telephone.take(session, town.colleague, town.call(uniqueid).id or 0, CallVerb(expects="queued"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_call_that_a_colleague_took_first_is_hers_and_she_is_named(seat: Seat, town: Town) -> None:
    await asyncio.to_thread(telephones_work, town)
    await asyncio.to_thread(town.resident)
    uniqueid = await asyncio.to_thread(town.rings_in)
    await seat.sees("王秀英奶奶", "在线", "t 接听")
    await asyncio.to_thread(colleague_takes, town, uniqueid)
    await seat.press("t")
    await seat.sees("刘洋 先接了这个电话", "刘洋 在接")
    assert town.call(uniqueid).taken_by_id == town.colleague.operator_id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_call_is_held_shared_and_ended_by_what_the_exchange_reports(seat: Seat, town: Town) -> None:
    await asyncio.to_thread(telephones_work, town)
    await asyncio.to_thread(lambda: town.resident(contacts=["+8613912345678"]))
    uniqueid = await asyncio.to_thread(town.rings_in)
    await asyncio.to_thread(town.answers, uniqueid)
    await seat.sees("通话各方 王秀英奶奶", "| 我")
    await seat.press("h")
    await seat.until(lambda: [order.kind for order in town.all(PhoneOrder)][-1] == "hold")
    await asyncio.to_thread(town.tell, CallHeld(exchange="main", at=town.clock.now(), uniqueid=uniqueid))
    await seat.sees("保持 00:00")
    await seat.press("h")
    await seat.until(lambda: [order.kind for order in town.all(PhoneOrder)][-1] == "resume")
    await asyncio.to_thread(town.tell, CallResumed(exchange="main", at=town.clock.now(), uniqueid=uniqueid))
    await seat.until(lambda: "保持 00" not in seat.text)
    await seat.press("j")
    await seat.sees("请谁加入通话", "王珂")  # the card is fetched first
    await seat.press("1")
    await seat.sees("| 王珂 振铃 00:00")
    (third,) = [leg for leg in town.all(Leg) if leg.role is LegRole.THIRD]
    left = PartyLeft(exchange="main", at=town.clock.now(), leg=third.uniqueid, cause=17)
    await asyncio.to_thread(town.tell, left)
    await seat.sees("王珂 占线")
    await seat.until(lambda: "| 王珂" not in seat.text)  # with a third party the key would ask first
    await seat.press("g")
    await seat.until(lambda: [order.kind for order in town.all(PhoneOrder)][-1] == "hang_up")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_break_and_going_home_with_open_turns_are_the_services_to_decide(seat: Seat, town: Town) -> None:
    number = await asyncio.to_thread(lambda: town.open(town.resident()))
    await seat.press("f7", "2")
    await seat.sees("小休 用餐")
    await seat.press("f10")
    await seat.sees("陈雨 就绪")
    await seat.press("ctrl+q", "1")
    await seat.sees("不能离岗", number.partition("-")[2][4:])
    await seat.press("escape")
    assert town.get(Operator, town.desk.operator_id).presence is Presence.READY


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_called_in_vain_is_called_back_by_one_key_and_settled_by_another(seat: Seat, town: Town) -> None:
    await asyncio.to_thread(telephones_work, town)
    await asyncio.to_thread(town.resident)
    missed = await asyncio.to_thread(town.rings_in)
    await asyncio.to_thread(town.hangs_up, missed)
    await seat.sees("回电")
    await seat.press("1")
    await seat.sees("l 回拨")
    await seat.press("l")
    await seat.sees("拨打中", "话机响了请拿起")
    (own,) = [leg for leg in town.all(Leg) if leg.role is LegRole.OPERATOR]
    await asyncio.to_thread(
        town.tell, CallReached(exchange="main", at=town.clock.now(), uniqueid=own.uniqueid, called="main-1.7")
    )
    await seat.sees("通话中", "s 已回电")
    await seat.press("s")
    await seat.until(lambda: [case.state for case in town.all(Case)] == ["closed"])
