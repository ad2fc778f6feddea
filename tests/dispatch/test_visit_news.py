"""What the resident is told: who comes and by when, her word, and that it gets late."""

from datetime import timedelta

import pytest

from callbridge.events import Outcome
from callbridge.gateways import SmsState, SmsStatus
from dispatch import cases, results
from dispatch.attention import Need
from dispatch.models import Message, MessageKind
from dispatch.wire.cases import Cancel
from registry.drafts import LineDraft
from registry.models import Hearing, LineKind, MerchantKind, Sight, VisitProof
from registry.store.journal import Journal
from tests.dispatch.register import HER_LINE
from tests.dispatch.test_visit_reports import SHOP, accepted, asks_for, shop
from tests.dispatch.town import Town

HER_MOBILE = "+8613600000001"

__all__ = ["shop"]


def test_who_comes_and_by_when_is_said_by_telephone(shop: Town) -> None:
    accepted(shop)
    assert shop.heard(HER_LINE) == [
        "王秀英奶奶您好，这里是邻里热线。您要的送药上门，康宁药房会上门，最晚10:00到。听清请按1，再听一遍请按3。"
    ]


def test_her_word_is_spoken_as_people_say_it(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    word = str(shop.visit(number).word)
    spoken = "".join("零幺二三四五六七八九"[int(digit)] for digit in word)
    assert f"请您记住四位数：{spoken}。再说一遍：{spoken}。" in shop.heard(HER_LINE)[-1]
    assert word not in shop.heard(HER_LINE)[-1]


def test_with_a_mobile_it_is_written_too_and_only_a_word_is_also_said(shop: Town) -> None:
    her = shop.resident(number=HER_MOBILE, kind=LineKind.MOBILE)
    accepted(shop, her)
    assert "康宁药房上门，最晚10:00到" in shop.sms_to(HER_MOBILE)[-1]
    assert shop.heard(HER_MOBILE) == []
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop, her)
    assert f"请把四位数告诉来人：{shop.visit(number).word}" in shop.sms_to(HER_MOBILE)[-1]
    assert len(shop.heard(HER_MOBILE)) == 1


def test_when_it_gets_late_she_hears_so(shop: Town) -> None:
    number = accepted(shop)
    shop.ends(HER_LINE, Outcome.KEY, "1")
    shop.passes(minutes=61)
    shop.send()
    assert shop.case(number).needs_why == Need.ARRIVAL_LATE
    assert "康宁药房还没有到，我们正在催" in shop.heard(HER_LINE)[-1]


def test_who_is_at_the_door_in_time_is_not_announced_as_late(shop: Town) -> None:
    accepted(shop)
    shop.ends(HER_LINE, Outcome.KEY, "1")
    shop.writes(SHOP, "4")
    shop.passes(minutes=61)
    shop.send()
    assert len(shop.heard(HER_LINE)) == 1


def test_a_word_that_she_could_not_be_told_is_a_matter_for_the_operator(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop)
    for _ in range(2):
        shop.ends(HER_LINE, Outcome.NO_ANSWER)
        shop.clock.move(timedelta(minutes=2))
        shop.send()
    assert shop.case(number).needs_why == Need.RESIDENT_NOT_TOLD


def test_who_is_not_at_home_to_hear_who_comes_rings_no_bell(shop: Town) -> None:
    number = accepted(shop)
    for _ in range(2):
        shop.ends(HER_LINE, Outcome.NO_ANSWER)
        shop.clock.move(timedelta(minutes=2))
        shop.send()
    assert shop.case(number).needs_why is None


def test_a_deaf_resident_without_a_mobile_is_told_by_a_person(shop: Town) -> None:
    asks_for(shop, VisitProof.WORD)
    number = accepted(shop, shop.resident(hearing=Hearing.DEAF))
    assert shop.heard(HER_LINE) == []
    assert shop.case(number).needs_why == Need.RESIDENT_NOT_TOLD


def test_who_is_blind_is_told_aloud_and_gets_nothing_to_read(shop: Town) -> None:
    accepted(shop, shop.resident(number=HER_MOBILE, kind=LineKind.MOBILE, sight=Sight.BLIND))
    assert shop.sms_to(HER_MOBILE) == []
    assert "康宁药房会上门，最晚10:00到" in shop.heard(HER_MOBILE)[-1]
    assert "老人看不见，敲门请说出您是谁。" in shop.sms_to(SHOP)[-1]


def test_who_sees_badly_is_told_aloud_as_well(shop: Town) -> None:
    accepted(shop, shop.resident(number=HER_MOBILE, kind=LineKind.MOBILE, sight=Sight.POOR))
    assert (len(shop.sms_to(HER_MOBILE)), len(shop.heard(HER_MOBILE))) == (1, 1)
    assert "看不见" not in shop.sms_to(SHOP)[-1]


def test_a_blind_resident_whom_the_telephone_did_not_reach_is_told_by_a_person(shop: Town) -> None:
    number = accepted(shop, shop.resident(sight=Sight.BLIND))
    for _ in range(2):
        shop.ends(HER_LINE, Outcome.NO_ANSWER)
        shop.clock.move(timedelta(minutes=2))
        shop.send()
    assert shop.case(number).needs_why == Need.RESIDENT_NOT_TOLD


def test_what_cannot_be_written_to_her_is_said(shop: Town) -> None:
    lines = [LineDraft(number=HER_MOBILE, kind=LineKind.MOBILE), LineDraft(number=HER_LINE, kind=LineKind.LANDLINE)]
    accepted(shop, shop.resident(lines=lines, hearing=Hearing.HARD))
    news = next(sms for sms in shop.gateway.taken if sms.to == HER_MOBILE)
    with shop.store.writing() as session:
        results.take_status(
            session,
            "phone",
            SmsStatus(event_id="e-1", attempt=news.attempt, status=SmsState.FAILED, at=shop.clock.now()),
        )
    shop.send()
    assert "最晚10:00到" in shop.heard(HER_MOBILE)[-1]


def test_a_wish_for_tomorrow_is_announced_at_a_decent_hour(shop: Town) -> None:
    shop.clock.move(timedelta(hours=13))  # 22:00
    number = shop.open(shop.resident(), wanted_at="2026-03-03T15:00:00+08:00")
    shop.dispatch(number)
    shop.send()
    shop.writes(SHOP, "1")
    assert shop.heard(HER_LINE) == []
    shop.clock.move(timedelta(hours=10, minutes=1))
    shop.send()
    assert "最晚15:00到" in shop.heard(HER_LINE)[-1]


def test_nobody_is_told_about_an_emergency(town: Town) -> None:
    town.merchant("社区诊所", sms=SHOP, services=("emergency_medical",), kind=MerchantKind.CLINIC)
    number = town.open(town.resident(), service="emergency_medical")
    town.dispatch(number)
    town.send()
    town.writes(SHOP, "1")
    assert not [message for message in town.all(Message) if message.kind is MessageKind.VISIT_NEWS]


def test_who_is_not_expected_any_more_is_not_announced(shop: Town) -> None:
    number = shop.open(shop.resident())
    shop.dispatch(number)
    shop.send()
    shop.hears(SHOP, "1")
    with shop.store.writing() as session:
        cases.cancel(session, shop.desk, number, Cancel(expects="accepted"))
    shop.send()
    assert shop.heard(HER_LINE) == []


def staffed(town: Town, *staff: dict[str, object], language: str = "zh") -> str:
    """A case that a merchant with these people has accepted by SMS."""
    town.merchant("家庭药房", sms="+8613900000009", staff=list(staff))
    lines = [LineDraft(number=HER_MOBILE, kind=LineKind.MOBILE)]
    number = town.open(town.resident(lines=lines, language=language))
    town.dispatch(number)
    town.send()
    town.writes("+8613900000009", "1")
    return number


def test_the_only_one_who_is_there_is_named_without_being_asked(town: Town) -> None:
    number = staffed(town, {"name": "李䶮"}, {"name": "陈静", "away": {"last": "2026-03-02"}})
    assert town.visit(number).comes == "李䶮"
    assert "由家庭药房的李䶮上门，最晚10:00到" in town.sms_to(HER_MOBILE)[-1]
    town.passes(minutes=61)
    town.send()
    assert "家庭药房的李䶮还没有到" in town.sms_to(HER_MOBILE)[-1]
    assert not [entry for entry in town.all(Journal) if "李䶮" in str(entry.data)]


def test_in_english_too(town: Town) -> None:
    staffed(town, {"name": "Li Wei"}, language="en")
    assert "comes from Li Wei of 家庭药房, by 10:00" in town.sms_to(HER_MOBILE)[-1]


@pytest.mark.parametrize(
    "staff",
    [
        [{"name": "李䶮"}, {"name": "陈静"}],
        [{"name": "李䶮"}, {"name": "陈静", "away": {"first": "2026-03-03"}}],
    ],
)
def test_of_several_who_are_there_nobody_is_named(town: Town, staff: list[dict[str, object]]) -> None:
    number = staffed(town, *staff)
    assert town.visit(number).comes is None
    assert "由家庭药房上门，" in town.sms_to(HER_MOBILE)[-1]


def test_who_is_there_is_asked_of_the_day_for_which_somebody_is_wanted(town: Town) -> None:
    today = {"first": "2026-03-02", "last": "2026-03-02"}
    staff = [{"name": "李䶮", "away": today}, {"name": "陈静", "away": {"first": "2026-03-03"}}]
    town.merchant("家庭药房", sms="+8613900000009", staff=staff)
    number = town.open(town.resident(), wanted_at="2026-03-03T15:00:00+08:00")
    town.dispatch(number)
    town.send()
    town.writes("+8613900000009", "1")
    assert town.visit(number).comes == "李䶮"
