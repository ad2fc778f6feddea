"""What follows when a merchant was not reached: each row of docs/channels.md, by the rule of a new centre."""

import pytest

from callbridge.events import Outcome
from callbridge.gateways.door import SmsState
from dispatch import results
from dispatch.models import Attempt, Message, OfferState
from registry.drafts import MerchantChange, NumberDraft
from registry.errors import Refused
from registry.merchants import change_merchant, merchant_card
from registry.models import Channel
from registry.seed import NEXT_STEPS
from registry.store import Actor, Scope
from registry.wrong_numbers import to_correct
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

FIRST, SECOND, SMS, OTHER = "+8613900000011", "+8613900000012", "+8613900000001", "+8613900000002"


@pytest.fixture
def number(town: Town) -> str:
    """A case that a pharmacy with two telephones and SMS is called about; another one would be asked by SMS."""
    town.merchant("康宁药房", sms=SMS, voice=FIRST, first_channel=Channel.VOICE)
    writes(town, SMS, FIRST, SECOND)
    town.merchant("同心药房", sms=OTHER, position=FAR)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    return number


def writes(town: Town, sms: str, *voice: str) -> None:
    """Somebody writes down the first merchant's numbers."""
    numbers = [NumberDraft(channel=Channel.SMS, number=sms)]
    numbers += [NumberDraft(channel=Channel.VOICE, number=each) for each in voice]
    with town.store.writing() as session:
        seen = merchant_card(session, Scope(town.centre_id), 1).merchant.version
        change = MerchantChange(numbers=numbers)
        change_merchant(session, Scope(town.centre_id), 1, change, seen_version=seen, actor=Actor.system())


def goes_on(town: Town, outcome: Outcome, *, seconds: int = 0) -> str:
    """The last call has ended so; what has been dialled or written to next, after so many seconds."""
    called, wrote = len(town.exchange.dialled), len(town.gateway.taken)
    town.ends(town.exchange.dialled[-1].number, outcome)
    if seconds:
        town.passes(seconds=seconds)
    town.send()
    asked = [call.number for call in town.exchange.dialled[called:]]
    asked += [sms.to for sms in town.gateway.taken[wrote:]]
    return " ".join(asked)


def test_busy_is_called_again_soon_then_at_the_next_number_then_written_to(town: Town, number: str) -> None:
    assert goes_on(town, Outcome.BUSY, seconds=29) == ""
    town.passes(seconds=1)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [FIRST, FIRST]
    assert goes_on(town, Outcome.BUSY) == SECOND
    assert goes_on(town, Outcome.BUSY, seconds=30) == SECOND
    assert goes_on(town, Outcome.BUSY) == SMS
    assert town.states(number) == [OfferState.SENT]


def test_no_answer_is_called_at_the_next_number_and_later_again(town: Town, number: str) -> None:
    assert goes_on(town, Outcome.NO_ANSWER) == SECOND
    assert goes_on(town, Outcome.NO_ANSWER, seconds=59) == ""
    town.passes(seconds=1)
    town.send()
    assert goes_on(town, Outcome.NO_ANSWER) == SMS


@pytest.mark.parametrize("outcome", [Outcome.UNREACHABLE, Outcome.REJECTED, Outcome.NO_KEY])
def test_who_is_unreachable_rejects_or_presses_nothing_is_written_to_at_once(
    town: Town, number: str, outcome: Outcome
) -> None:
    assert goes_on(town, outcome) == SMS
    assert town.states(number) == [OfferState.SENT]


def test_who_can_be_reached_by_neither_channel_makes_room_for_the_next_merchant(town: Town, number: str) -> None:
    assert goes_on(town, Outcome.REJECTED) == SMS
    fails(town, SMS)
    assert town.states(number)[0] is OfferState.FAILED
    assert town.newest_offer(number).number == OTHER


def test_a_number_that_does_not_exist_is_never_dialled_again_until_somebody_corrects_it(
    town: Town, number: str
) -> None:
    assert goes_on(town, Outcome.INVALID) == SECOND
    with town.store.reading() as session:
        assert [(each.merchant, each.number) for each in to_correct(session, Scope(town.centre_id))] == [
            ("康宁药房", FIRST)
        ]
    assert town.journal("merchant")[-1] == "merchant.number_wrong"
    town.ends(SECOND, Outcome.KEY, "2")
    assert town.dispatch(town.open(1)).number == SECOND
    writes(town, SMS, FIRST, SECOND)  # it was right after all
    with town.store.reading() as session:
        assert to_correct(session, Scope(town.centre_id)) == []
    assert town.dispatch(town.open(1)).number == FIRST


def test_where_our_own_trunk_has_no_room_the_merchants_tries_are_not_used_up(town: Town, number: str) -> None:
    for _ in range(5):
        assert goes_on(town, Outcome.CONGESTED, seconds=5) == FIRST
    assert goes_on(town, Outcome.BUSY, seconds=30) == FIRST
    assert goes_on(town, Outcome.BUSY) == SECOND


def test_a_trunk_that_stays_full_leads_to_an_sms(town: Town, number: str) -> None:
    for _ in range(NEXT_STEPS["congested_tries"] - 1):
        assert goes_on(town, Outcome.CONGESTED, seconds=5) == FIRST
    assert goes_on(town, Outcome.CONGESTED) == SMS


def test_what_failed_for_another_reason_is_called_again_a_minute_later(town: Town, number: str) -> None:
    assert goes_on(town, Outcome.FAILED, seconds=60) == FIRST
    assert goes_on(town, Outcome.FAILED) == SECOND


def fails(town: Town, number: str) -> None:
    """The gateway reports that the last SMS to that number did not arrive."""
    with town.store.writing() as session:
        newest = [each for each in town.all(Message) if each.number == number][-1]
        attempt = [each for each in town.all(Attempt) if each.message_id == newest.id][-1]
        results.sms_taken(session, attempt.id, SmsState.FAILED)


def test_an_sms_that_did_not_arrive_leads_to_a_call_at_once(town: Town) -> None:
    town.merchant("康宁药房", sms=SMS, voice=FIRST)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    fails(town, SMS)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [FIRST]


def test_one_that_was_delivered_and_not_answered_leads_to_a_call_when_the_rule_says(town: Town) -> None:
    town.rule("next_steps", silent_percent=40)
    town.merchant("康宁药房", sms=SMS, voice=FIRST)
    town.dispatch(town.open(town.resident()))
    town.send()
    town.passes(seconds=119)
    town.send()
    assert town.exchange.dialled == []
    town.passes(seconds=2)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [FIRST]


def test_a_centre_changes_what_follows_and_the_next_call_obeys(town: Town, number: str) -> None:
    town.rule("next_steps", busy=["other_channel"], no_answer=[])
    assert goes_on(town, Outcome.BUSY) == SMS


def test_an_empty_line_is_the_next_merchants_turn_at_once(town: Town, number: str) -> None:
    town.rule("next_steps", no_answer=[])
    assert goes_on(town, Outcome.NO_ANSWER) == OTHER
    assert town.states(number) == [OfferState.FAILED, OfferState.SENT]


def test_steps_that_there_are_not_are_refused_at_their_place(town: Town) -> None:
    with pytest.raises(Refused) as refused:
        town.rule("next_steps", busy=["again", "pigeon"], silent=["again"], silent_percent=0)
    assert {each.field for each in refused.value.problems} == {"busy.1", "silent.0", "silent_percent"}
