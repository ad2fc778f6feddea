"""How a case is offered, seen and changed by a key; several shops asked at once, each with its clock; told again."""

from datetime import date, timedelta

import pytest

from dispatch.wire.cases import CaseCard, OfferingLine
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.offers import OfferView
from dispatch.wire.people import AwayView, StaffView
from tests.console import people
from tests.console.stand_in import Town

NUMBER = "TL-20260302-0001"


def race(town: Town) -> CaseCard:
    offers = [
        OfferView(
            id=id_,
            case_number=NUMBER,
            merchant=merchant,
            role="supplier",
            state="sent",
            channel="sms",
            code="K7AB",
            distance=430 * id_,
            offered_at=town.now(),
            expires_at=town.now() + timedelta(minutes=4 + id_),
            version=1,
        )
        for id_, merchant in enumerate(town.merchants[:2], 1)
    ]
    return people.case(
        state="offering",
        turn="merchant",
        turn_operator=None,
        offers=offers,
        offering=OfferingLine(way="race", chosen=True, at_once=3, minutes=5),
    )


@pytest.fixture
def asked(town: Town) -> Town:
    town.cases[NUMBER] = race(town)
    return town


async def test_the_way_and_every_shops_clock_stand_on_the_case(sit_down, size, asked: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("tab", "enter")
        await seat.sees("同时抢单 3 家（本单），5 分钟内答复", *(each.name for each in asked.merchants[:2]))
        await seat.sees("05:00", "06:00")


async def test_the_way_is_changed_by_a_key_and_given_back_to_the_service(sit_down, size, asked: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("tab", "enter")
        await seat.sees("同时抢单")
        await seat.press("k")
        await seat.sees("这一单怎样派？", "择优依次", "轮流", "常用优先", "按服务的规定")
        await seat.press("4")
        assert (await seat.told(f"cases/{NUMBER}")).body == {"version": 1, "way": "round_robin"}
        asked.told.clear()
        await seat.press("k")
        await seat.sees("这一单怎样派？")
        await seat.press("6")
        assert (await seat.told(f"cases/{NUMBER}")).body == {"version": 2, "way": None}


async def test_of_several_who_are_asked_the_operator_says_which_one_answered(sit_down, asked: Town) -> None:
    async with sit_down() as seat:
        await seat.press("tab", "enter")
        await seat.sees("同时抢单")
        await seat.press("p")
        await seat.sees(asked.merchants[0].name, asked.merchants[1].name)
        await seat.press("4")  # the newest first: the other one declines
        told = await seat.told("offers/1/answer")
        assert told.body == {"expects": "sent", "answer": "decline"}


async def test_where_several_can_come_the_operator_says_who_does(sit_down, size, asked: Town) -> None:
    staff = [
        StaffView(id=7, name="李䶮[/b]"),
        StaffView(id=8, name="陈静", away=AwayView(last=people.NOW.date())),
        StaffView(id=9, name="王五", away=AwayView(first=date(2027, 1, 1))),
    ]
    shop = asked.merchants[1]
    asked.records[shop.id] = MerchantCard(**dict(shop), staff=staff, version=1)
    async with sit_down(size) as seat:
        await seat.press("tab", "enter")
        await seat.sees("同时抢单")
        await seat.press("p", "1")
        await seat.sees("谁来", "没说", "李䶮[/b]", "王五")
        assert "陈静" not in seat.text
        await seat.press("2")
        told = await seat.told("offers/2/answer")
        assert told.body == {"expects": "sent", "answer": "accept", "comes": 7}
        await seat.sees("李䶮[/b]来")


async def test_who_comes_need_not_be_said(sit_down, asked: Town) -> None:
    staff = [StaffView(id=7, name="李䶮"), StaffView(id=8, name="陈静")]
    shop = asked.merchants[1]
    asked.records[shop.id] = MerchantCard(**dict(shop), staff=staff, version=1)
    async with sit_down() as seat:
        await seat.press("tab", "enter")
        await seat.sees("同时抢单")
        await seat.press("p", "1")
        await seat.sees("谁来")
        await seat.press("1")
        assert (await seat.told("offers/2/answer")).body == {"expects": "sent", "answer": "accept"}


async def test_a_shop_is_told_again_by_telephone(sit_down, size, asked: Town) -> None:
    async with sit_down(size) as seat:
        await seat.press("tab", "enter")
        await seat.sees("同时抢单")
        await seat.press("b")
        await seat.sees("再告诉一次", "短信", "电话")
        await seat.press("2")
        assert (await seat.told("offers/2/resend")).body == {"expects": "sent", "channel": "voice"}
        await seat.sees("再次通知")


async def test_a_job_that_somebody_has_accepted_is_given_to_another_by_hand(sit_down, asked: Town) -> None:
    accepted = asked.cases[NUMBER].model_copy(update={"state": "accepted", "offers": []})
    asked.cases[NUMBER] = accepted
    async with sit_down() as seat:
        await seat.press("tab", "enter")
        await seat.sees("已接单")
        await seat.press("d")
        await seat.sees(asked.merchants[0].name)
        await seat.press("1")
        sent = (await seat.told("dispatch")).body
        assert (sent["expects"], sent["merchant_id"]) == ("accepted", asked.merchants[0].id)
