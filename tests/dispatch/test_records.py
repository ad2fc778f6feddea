"""A merchant's record: what it is made of, what it does, how it is heard and disputed."""

from datetime import timedelta

import pytest

from dispatch import cards, offers, suspensions
from dispatch.attention import Need
from dispatch.desk import Desk
from dispatch.errors import Conflict, NotAllowed
from dispatch.models import Card, CardState, InboundReading, OfferState, Turn
from dispatch.records import record_of
from dispatch.wire.cards import DecideCard, DisputeCard, Suspend
from dispatch.wire.words import CardState as CardWord
from registry.models import Merchant
from registry.records import Record
from registry.store import Role, Scope
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

SMS, OTHER = "+8613900000001", "+8613900000002"


def supervisor(town: Town) -> Desk:
    scope = Scope(town.centre_id, role=Role.SUPERVISOR)
    return Desk(scope=scope, operator_id=town.desk.operator_id, extension=None)


def record(town: Town, merchant_id: int) -> Record:
    with town.store.reading() as session:
        return record_of(session, town.centre_id, merchant_id, town.clock.now())


def job(town: Town, resident: int) -> str:
    number = town.open(resident)
    town.dispatch(number)
    town.send()
    return number


def late(town: Town, resident: int) -> str:
    """A job that is accepted and not come to: a yellow card and a red one."""
    number = job(town, resident)
    town.answer_by_word_of_mouth(number, "accept")
    town.passes(minutes=61)
    town.passes(minutes=30)
    town.send()
    return number


def decide(town: Town, card: Card, expects: CardWord, *, upheld: bool) -> None:
    with town.store.writing() as session:
        decision = DecideCard(expects=expects, upheld=upheld, why="核实了通话")
        cards.decide_card(session, supervisor(town), card.id or 0, decision)
    town.send()


def test_what_it_is_made_of(town: Town) -> None:
    shop, resident = town.merchant("康宁药房", sms=SMS), town.resident()
    done = job(town, resident)
    town.writes(SMS, "1")
    town.passes(minutes=61)
    town.writes(SMS, "4")
    town.writes(SMS, "5")
    town.close(done)
    job(town, resident)
    town.writes(SMS, "2")
    job(town, resident)
    town.passes(minutes=6)
    assert record(town, shop) == Record(asked=3, declined=1, silent=1, visits=1, late=1, satisfied=1, yellow=1)
    town.passes(days=31)
    assert record(town, shop) == Record()


def test_whoever_comes_too_late_falls_behind_one_that_is_farther_away(town: Town) -> None:
    near, far = town.merchant("康宁药房", sms=SMS), town.merchant("长乐药房", sms=OTHER, position=(29.5345, 106.5070))
    resident = town.resident()
    assert town.newest_offer(late(town, resident)).merchant_id == near
    number = town.open(resident)
    with town.store.writing() as session:
        sheet = offers.candidates(session, town.desk, number).body
    ranked = [one["merchant"]["id"] for one in sheet["candidates"]]
    assert ranked == [far, near]
    (why,) = [each for each in sheet["candidates"][1]["reasons"] if each["key"] == "reason.record"]
    assert (why["values"]["yellow"], why["values"]["red"]) == (1, 1)


def test_a_merchant_hears_its_record_by_sms(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS)
    late(town, town.resident())
    assert town.writes(SMS, "记录").reading is InboundReading.RECORD
    assert "派给您1单，接1、不接0、没回0" in town.sms_to(SMS)[-1]
    assert "黄牌1、红牌1" in town.sms_to(SMS)[-1]


def test_a_dispute_is_the_supervisors_task_and_a_withdrawn_card_counts_no_more(town: Town) -> None:
    shop = town.merchant("康宁药房", sms=SMS)
    number = late(town, town.resident())
    inbound = town.writes(SMS, "申诉：老人不在家，等了20分钟")
    assert (inbound.reading, inbound.needs_operator) == (InboundReading.DISPUTE, False)
    yellow, red = town.all(Card)
    assert (red.state, red.dispute) == (CardState.DISPUTED, "老人不在家，等了20分钟")
    assert (town.case(number).needs_why, town.case(number).turn) == (Need.CARD_DISPUTED, Turn.SUPERVISOR)
    decision = DecideCard(expects="disputed", upheld=False, why="x")
    with pytest.raises(NotAllowed), town.store.writing() as session:
        cards.decide_card(session, town.desk, red.id or 0, decision)
    decide(town, red, "disputed", upheld=False)
    assert "已撤销。核实了通话" in town.sms_to(SMS)[-1]
    assert (town.case(number).needs_why, town.case(number).turn) == (None, Turn.MERCHANT)
    assert (record(town, shop).yellow, record(town, shop).red) == (1, 0)
    with town.store.writing() as session:
        told = DisputeCard(expects="standing", words="到了，没有信号")
        cards.dispute_card(session, town.desk, yellow.id or 0, told)
    decide(town, yellow, "disputed", upheld=True)
    assert "这张牌保留" in town.sms_to(SMS)[-1]
    with pytest.raises(Conflict), town.store.writing() as session:
        cards.dispute_card(session, town.desk, yellow.id or 0, told)
    town.writes(SMS, "申诉 再来一次")
    assert town.sms_to(SMS)[-1] == "您没有可以申诉的黄红牌。"


def test_too_many_red_cards_suspend_it_for_a_time_and_a_withdrawn_one_frees_it(town: Town) -> None:
    shop, resident = town.merchant("康宁药房", sms=SMS), town.resident()
    town.rule("records", suspend_at_red=1)
    number = late(town, resident)
    merchant = town.get(Merchant, shop)
    assert (merchant.suspended_why, merchant.suspended_by_rule) == ("30天内红牌1张", True)
    assert merchant.suspended_until == merchant.suspended_at + timedelta(days=7)  # type: ignore[operator]
    assert any("不再派新单给您" in text for text in town.sms_to(SMS))
    assert town.newest_offer(number).state is OfferState.ACCEPTED, "what it has accepted stays its job"
    other = town.open(resident)
    with town.store.writing() as session:
        sheet = offers.candidates(session, town.desk, other).body
    assert [(one["merchant"]["id"], one["reasons"][0]["key"]) for one in sheet["excluded"]] == [
        (shop, "reason.suspended")
    ]
    decide(town, town.all(Card)[1], "standing", upheld=False)
    assert town.get(Merchant, shop).suspended_at is None
    assert town.journal("merchant")[-2:] == ["merchant.suspended", "merchant.resumed"]


def test_a_supervisor_suspends_by_hand_until_a_day_and_it_is_asked_again_afterwards(town: Town) -> None:
    shop, resident = town.merchant("康宁药房", sms=SMS, position=FAR), town.resident()
    until = town.clock.now() + timedelta(days=2)
    with town.store.writing() as session:
        suspensions.suspend(session, supervisor(town), shop, Suspend(why="换药师", until=until))
    number = town.open(resident)
    with pytest.raises(Conflict):
        town.dispatch(number)
    town.passes(days=2, seconds=1)
    assert town.dispatch(number).merchant_id == shop
