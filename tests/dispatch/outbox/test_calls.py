"""Calls to merchants: tried again, waited for, asked about, and one key that counts once."""

from dataclasses import replace
from datetime import timedelta

from callbridge.events import CallOut, LinkUp, Outcome
from dispatch.attention import Need
from dispatch.models import CaseState, OfferState
from tests.dispatch.outbox.messages import SMS, TELEPHONE, asked, later
from tests.dispatch.register import FAR
from tests.dispatch.town import Town


def test_a_call_that_is_not_answered_is_tried_again_and_then_the_next_is_asked(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.merchant("同心药房", sms=SMS, position=FAR)
    town.send()
    town.ends(TELEPHONE, Outcome.BUSY)
    town.send()
    assert len(town.exchange.dialled) == 1, "not at once"
    later(town, seconds=61)
    assert len(town.exchange.dialled) == 2
    town.ends(TELEPHONE, Outcome.NO_ANSWER)
    town.send()
    assert town.states(number) == [OfferState.FAILED, OfferState.SENT]
    assert [attempt.result for attempt in town.attempts()][:2] == ["busy", "no_answer"]


def test_no_key_is_no_acceptance(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    town.ends(TELEPHONE, Outcome.NO_KEY)
    assert town.case(number).state is CaseState.OFFERING
    assert town.states(number) == [OfferState.SENT]


def test_a_number_that_does_not_exist_is_not_called_twice(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    town.ends(TELEPHONE, Outcome.INVALID)
    assert town.states(number) == [OfferState.FAILED]
    assert town.case(number).needs_why == Need.NOBODY_LEFT


def test_a_call_ordered_while_the_link_broke_is_not_made_again(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.exchange.behaviour.append("lost_rings")
    town.send()
    later(town, seconds=10)
    assert len(town.exchange.dialled) == 1
    town.presses(TELEPHONE, "2")
    assert town.states(number) == [OfferState.DECLINED]


def test_a_call_the_exchange_never_saw_is_made(town: Town) -> None:
    asked(town, voice=TELEPHONE)
    town.exchange.behaviour.append("lost")
    town.send()
    later(town, seconds=10)
    later(town, seconds=20)
    assert [attempt.result for attempt in town.attempts()] == ["never_seen", None]
    assert len(town.exchange.dialled) == 1


def test_a_call_waits_for_the_link(town: Town) -> None:
    asked(town, voice=TELEPHONE)
    town.exchange.behaviour.extend(["not_linked", "not_linked"])
    town.send()
    assert town.exchange.dialled == []
    later(town, seconds=16)
    later(town, seconds=31)
    assert len(town.exchange.dialled) == 1


def test_the_end_of_a_call_that_nobody_reported_is_asked_for(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    attempt = town.exchange.dialled[0].attempt
    event = town.presses(TELEPHONE, "1")
    assert town.case(number).state is CaseState.ACCEPTED
    # the same again, for a case whose event is lost: only the exchange knows
    second = town.open(town.resident("李建国", number="+862367001002"))
    town.dispatch(second)
    town.send()
    lost = [call.attempt for call in town.exchange.dialled if call.number == TELEPHONE][-1]
    assert lost != attempt
    town.exchange.ended[lost] = replace(event, attempt=lost)
    later(town, minutes=4, seconds=10)
    assert town.case(second).state is CaseState.ACCEPTED


def test_a_call_that_went_down_with_the_exchange_is_asked_for_as_soon_as_it_is_back(town: Town) -> None:
    asked(town, voice=TELEPHONE)
    town.send()
    (cut_off,) = town.exchange.dialled
    later(town, seconds=5)
    now = town.clock.now()
    town.exchange.ended[cut_off.attempt] = CallOut(
        exchange="main", at=now, attempt=cut_off.attempt, outcome=Outcome.FAILED, key="", answered_at=None, cause=0
    )
    town.tell(LinkUp(exchange="main", at=now, away_since=now - timedelta(seconds=3), exchange_restarted=True))
    town.send()
    assert [attempt.result for attempt in town.attempts()] == [Outcome.FAILED]


def test_a_key_that_comes_twice_counts_once(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    event = town.presses(TELEPHONE, "1")
    town.tell(event)
    town.tell(event)
    assert town.journal("offer").count("offer.accepted") == 1
    assert town.case(number).state is CaseState.ACCEPTED


def test_a_key_that_comes_too_late_changes_nothing_and_is_told_so(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.send()
    town.answer_by_word_of_mouth(number, "decline")
    town.presses(TELEPHONE, "1")
    town.send()
    assert town.states(number) == [OfferState.DECLINED]
    assert "不需要您去了" in town.exchange.dialled[-1].text


def test_a_telephone_that_rings_for_an_offer_that_is_over_is_let_be(town: Town) -> None:
    number = asked(town, voice=TELEPHONE)
    town.merchant("同心药房", sms=SMS, position=FAR)
    town.send()
    ringing = town.exchange.dialled[0].attempt
    town.dispatch(number, merchant_id=2)
    town.send()
    assert town.exchange.hung_up == [ringing]
    town.ends(TELEPHONE, Outcome.FAILED)
    town.send()
    assert town.states(number) == [OfferState.WITHDRAWN, OfferState.SENT]
    assert [call.text for call in town.exchange.dialled if "接单请按1" in call.text] == [
        town.exchange.dialled[0].text
    ]
