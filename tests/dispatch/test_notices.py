"""What a merchant with a telephone only is called for, where others get an SMS: limits, cards, decisions."""

from callbridge.events import Outcome
from dispatch.attention import Need
from dispatch.models import Card, CardState, VisitState
from registry.drafts import MerchantChange, NumberDraft
from registry.merchants import change_merchant
from registry.models import Channel
from registry.store import Actor, Scope
from tests.dispatch.test_records import decide
from tests.dispatch.town import Town

VOICE, SECOND, SMS = "+862367008002", "+862367008003", "+8613900000001"


def accepted(town: Town) -> str:
    number = town.open(town.resident())
    town.dispatch(number)
    town.answer_by_word_of_mouth(number, "accept")
    town.send()
    town.presses(VOICE, "3")  # it has heard the door
    return number


def comes_too_late(town: Town) -> None:
    """The reminder has gone out, and the limit has passed."""
    town.passes(minutes=46)
    town.send()
    town.passes(minutes=15)


def test_a_merchant_without_sms_is_called_before_the_limit_and_reports_by_key(town: Town) -> None:
    town.merchant("康宁药房", voice=VOICE)
    number = accepted(town)
    town.passes(minutes=46)
    town.send()
    assert any("请在10:00前到门口" in text for text in town.heard(VOICE))
    town.presses(VOICE, "4")
    assert town.visit(number).state is VisitState.AT_THE_DOOR


def test_a_reminder_that_comes_too_late_is_not_made(town: Town) -> None:
    town.merchant("康宁药房", voice=VOICE)
    number = accepted(town)
    town.passes(minutes=46)
    town.reports(number, "at_the_door")
    town.reports(number, "done")
    calls = len(town.heard(VOICE))
    town.send()
    assert len(town.heard(VOICE)) == calls


def test_it_is_called_for_its_cards_disputes_by_key_and_hears_what_was_decided(town: Town) -> None:
    town.merchant("康宁药房", voice=VOICE)
    number = accepted(town)
    comes_too_late(town)
    town.send()
    assert "没有按时到门，记黄牌一张" in town.heard(VOICE)[-1]
    town.presses(VOICE, "8")
    (card,) = town.all(Card)
    assert (card.state, card.dispute) == (CardState.DISPUTED, "打来电话按键申诉，没有说原因")
    assert town.case(number).needs_why == Need.CARD_DISPUTED
    decide(town, card, "disputed", upheld=False)
    assert "这张牌已撤销。核实了通话" in town.heard(VOICE)[-1]


def test_nobody_is_called_at_night_about_a_card_and_who_was_told_is_not_called_again(town: Town) -> None:
    town.merchant("康宁药房", voice=VOICE)
    accepted(town)
    town.rule("quiet_hours", quiet_from="10:00", quiet_until="13:00")
    comes_too_late(town)
    calls = len(town.heard(VOICE))
    town.send()
    assert len(town.heard(VOICE)) == calls
    town.passes(hours=3)
    town.send()
    assert "记黄牌一张" in " ".join(town.heard(VOICE)[calls:])
    calls = len(town.heard(VOICE))
    town.ends(VOICE, Outcome.NO_KEY)
    town.passes(minutes=5)
    town.send()
    assert len(town.heard(VOICE)) == calls


def test_an_sms_about_a_card_that_cannot_be_sent_becomes_a_call_and_the_second_number_is_tried(town: Town) -> None:
    shop = town.merchant("康宁药房", sms=SMS, voice=VOICE)
    numbers = [
        NumberDraft(channel=channel, number=each)
        for channel, each in ((Channel.SMS, SMS), (Channel.VOICE, VOICE), (Channel.VOICE, SECOND))
    ]
    with town.store.writing() as session:
        change = MerchantChange(numbers=numbers)
        change_merchant(session, Scope(town.centre_id), shop, change, seen_version=1, actor=Actor.system())
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    town.answer_by_word_of_mouth(number, "accept")
    town.send()
    comes_too_late(town)
    town.gateway.behaviour.append("refuse")
    town.send()
    assert "没有按时到门，记黄牌一张" in town.heard(VOICE)[-1]
    town.ends(VOICE, Outcome.INVALID)
    town.send()
    assert town.heard(SECOND) == town.heard(VOICE)[-1:]
