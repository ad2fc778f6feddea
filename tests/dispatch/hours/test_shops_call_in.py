"""A shop calls in: it hears its jobs and reports by key, and a human answers whenever that does not go on."""

import pytest

from callbridge.events import CallEnd, Party
from dispatch.attention import Need
from dispatch.models import (
    Call,
    CallMenu,
    CallState,
    Card,
    CardState,
    Offer,
    OfferState,
    VisitState,
)
from registry.models import LineKind, MerchantKind
from tests.dispatch.hours.line import ONE_DATABASE, Line

SHOP, WRITES = "+862367008002", "+8613900000001"


def offered(line: Line, resident: int, service: str = "medicine") -> str:
    """A job for the shop, which has not answered yet."""
    number = line.town.open(resident, service)
    line.town.dispatch(number)
    return number


def only_call(line: Line) -> Call:
    (call,) = line.town.all(Call)
    return call


def code(line: Line, number: str) -> str:
    return " ".join(line.town.newest_offer(number).code)


async def test_a_shop_hears_its_job_accepts_it_and_reports_by_key(line: Line) -> None:
    line.town.merchant("康宁药房", voice=SHOP)
    number = offered(line, line.town.resident())
    call = await line.call_in(SHOP)
    (heard,) = line.read_to(call)
    assert heard.startswith(f"您好，这里是邻里热线。您有1单开着。单号{code(line, number)}：送药上门，地点：青石里，")
    assert "502" not in heard
    assert "五零二" not in heard, "the door, before it has accepted"
    await line.press(call, "1")
    assert line.town.states(number) == [OfferState.ACCEPTED]
    door = line.read_to(call)[-1]
    assert "五零二" in door
    assert "请敲门" in door
    await line.press(call, "3")
    assert line.town.visit(number).state is VisitState.ON_THE_WAY
    assert line.read_to(call)[-1].startswith(f"单号{code(line, number)}：已记下您已出发。没有别的单了")
    await line.press(call, "6")
    await line.press(call, "5")
    assert line.town.visit(number).state is VisitState.DONE
    await line.hang_up(call)
    await line.passes(minutes=10)
    assert only_call(line).end is CallEnd.REPORTED
    assert line.cases("call_back") == [], "who has reported does not have to be called back"
    assert line.called(SHOP) == [], "it has heard the door in its own call"
    pressed = [row.data["key"] for row in line.journal("call.pressed")]
    assert pressed == ["1", "3", "6", "5"]
    assert {str(row.actor) for row in line.journal("call.pressed")} == {"merchant"}


@ONE_DATABASE
async def test_who_hangs_up_before_the_door_has_been_said_is_called_with_it(line: Line) -> None:
    line.town.merchant("康宁药房", voice=SHOP)
    offered(line, line.town.resident())
    call = await line.call_in(SHOP)
    await line.press(call, "1")
    await line.passes(seconds=2)
    await line.hang_up(call)
    (door,) = line.called(SHOP)
    assert "五零二" in line.voice.said(door)


@ONE_DATABASE
async def test_several_jobs_come_one_after_the_other_and_one_that_is_skipped_stays_open(line: Line) -> None:
    line.town.merchant("康宁药房", sms=WRITES)
    resident = line.town.resident()
    first, second = offered(line, resident), offered(line, resident)
    call = await line.call_in(WRITES)
    assert "您有2单开着" in line.read_to(call)[0]
    assert "听下一单请按6" in line.read_to(call)[0]
    await line.press(call, "6")
    assert f"单号{code(line, second)}" in line.read_to(call)[-1]
    assert "听下一单" not in line.read_to(call)[-1]
    await line.press(call, "2")
    assert line.town.states(second) == [OfferState.DECLINED]
    assert f"单号{code(line, second)}：已记下您不接，谢谢。没有别的单了" in line.read_to(call)[-1]
    await line.press(call, "6")
    await line.press(call, "1")
    assert line.town.states(first) == [OfferState.ACCEPTED]
    await line.hang_up(call)
    await line.passes(seconds=1)
    assert "502" in line.town.sms_to(WRITES)[-1], "who reads SMS has the door in writing too"
    assert not any(sms.startswith("单号") for sms in line.town.sms_to(WRITES)), "what was said is not written as well"


async def test_zero_or_silence_leads_to_a_human_and_so_does_a_death_of_the_service(line: Line) -> None:
    line.town.merchant("康宁药房", voice=SHOP)
    offered(line, line.town.resident())
    wants, silent, left_alone = [await line.call_in(SHOP) for _ in range(3)]
    waiting = line.exchange.callers.here
    assert [each.queued for each in waiting.values()] == [False] * 3
    await line.press(wants, "4")  # of an offer, as when we call
    await line.passes(seconds=3)
    assert (waiting[wants].queued, waiting[silent].queued) == (True, False)
    await line.switch_off()
    await line.exchange.menus.press(left_alone, "1")
    await line.passes(minutes=1)
    assert [each.queued for each in waiting.values()] == [True] * 3
    await line.switch_on()
    assert line.town.all(Offer)[0].state is OfferState.ACCEPTED, "what was pressed while we were away is not lost"
    assert [len(line.read_to(call)) for call in (wants, silent)] == [1, 1], "no second menu for who wants a human"
    await line.answer(wants)
    assert line.town.call(wants).state is CallState.TALKING
    await line.hang_up(silent)
    assert line.case("call_back").needs_why == Need.ABANDONED


@pytest.mark.parametrize("role", ["a resident too", "her daughter", "a button"])
@ONE_DATABASE
async def test_whoever_may_be_or_call_for_a_resident_is_answered_by_a_human(line: Line, role: str) -> None:
    line.town.merchant("康宁药房", voice=SHOP)
    if role == "her daughter":
        offered(line, line.town.resident(contacts=(SHOP,)))
    else:
        kind = LineKind.BUTTON if role == "a button" else LineKind.LANDLINE
        offered(line, line.town.resident(number=SHOP, kind=kind))
    call = await line.call_in(SHOP)
    assert line.read_to(call) == []
    assert line.exchange.callers.here[call].queued


@ONE_DATABASE
async def test_an_operator_who_is_faster_keeps_the_call_and_a_centre_may_do_without_menus(line: Line) -> None:
    line.town.merchant("康宁药房", voice=SHOP)
    offered(line, line.town.resident())
    taken = await line.exchange.callers.call_in(SHOP)
    await line.exchange.callers.answer(taken, "801")
    await line.settle()
    assert line.read_to(taken) == []
    assert line.exchange.callers.here[taken].extension == "801"
    await line.hang_up(taken, Party.OPERATOR)
    line.town.rule("offer_policy", menu_when_calling=False)
    assert line.read_to(await line.call_in(SHOP)) == []


async def test_a_key_counts_once_however_often_it_is_told_and_one_too_late_hears_the_truth(line: Line) -> None:
    line.town.merchant("康宁药房", voice=SHOP)
    line.town.merchant("长乐药房", sms=WRITES, position=(29.5345, 106.5070))
    number = offered(line, line.town.resident())
    call = await line.call_in(SHOP)
    await line.passes(minutes=5.1)  # silent: back in the queue, and the offer goes to the next
    assert line.town.states(number)[0] is OfferState.EXPIRED
    late = await line.call_in(SHOP)
    assert "您现在没有开着的单" in line.read_to(late)[-1]
    line.town.hears(WRITES, "1")
    assert line.town.states(number) == [OfferState.EXPIRED, OfferState.ACCEPTED]
    await line.loses_the_exchange()
    await line.finds_the_exchange()
    await line.switch_off()
    await line.switch_on()
    assert len(line.town.all(CallMenu)) == 2
    assert [menu.key for menu in line.town.all(CallMenu) if menu.call_id == line.town.call(call).id] == [""]
    assert line.journal("call.pressed")[0].data["key"] == ""


@ONE_DATABASE
async def test_a_shop_hears_its_record_and_disputes_its_card_by_key(line: Line) -> None:
    line.town.merchant("康宁药房", voice=SHOP)
    number = offered(line, line.town.resident())
    line.town.answer_by_word_of_mouth(number, "accept")
    await line.passes(minutes=61)
    call = await line.call_in(SHOP)
    await line.press(call, "7")
    record = line.read_to(call)[-1]
    assert "派给您1单，接1单" in record
    assert f"最近一张牌，单号{code(line, number)}：没有按时到门，记黄牌一张" in record
    await line.press(call, "8")
    (card,) = line.town.all(Card)
    assert (card.state, card.dispute) == (CardState.DISPUTED, "打来电话按键申诉，没有说原因")
    assert line.town.case(number).needs_why == Need.CARD_DISPUTED
    assert line.read_to(call)[-1].startswith("申诉已记下，由主管处理")
    await line.press(call, "7")
    assert "有异议请按8" not in line.read_to(call)[-1], "a card is disputed once"


@ONE_DATABASE
async def test_the_residents_word_is_keyed_in_and_a_wrong_one_asked_for_again(line: Line) -> None:
    line.town.merchant("青石小店", voice=SHOP, services=("groceries",), kind=MerchantKind.SHOP)
    number = offered(line, line.town.resident(), "groceries")
    line.town.answer_by_word_of_mouth(number, "accept")
    word = line.town.visit(number).word
    assert word is not None
    call = await line.call_in(SHOP)
    await line.press(call, "5")
    assert "请按下老人告诉您的四位数" in line.read_to(call)[-1]
    await line.press(call, f"{(int(word) + 1) % 10_000:04}")
    assert line.read_to(call)[-1].startswith("四位数不对")
    await line.press(call, word)
    assert line.town.visit(number).state is VisitState.DONE
    assert word not in str([row.data for row in line.journal("call.pressed")])
