"""By which way a merchant is asked, and what comes next when it was not reached by it."""

from datetime import time

import pytest

from callbridge.events import Outcome
from dispatch.attention import Need
from dispatch.cases import acknowledge
from dispatch.models import CaseState, MessageState, OfferState, Turn
from dispatch.wire.cases import Acknowledge
from registry.drafts import HoursDraft, MerchantChange, NumberDraft
from registry.merchants import change_merchant
from registry.models import Channel
from registry.store import Actor, Scope
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

SMS, VOICE, SECOND, OTHER = "+8613900000001", "+8613900000011", "+8613900000012", "+8613900000002"


def offered(town: Town, *, sms: str | None = SMS, voice: str | None = VOICE) -> str:
    """A case that the first of two pharmacies has been asked about; the other one is asked by SMS."""
    town.merchant("康宁药房", sms=sms, voice=voice)
    town.merchant("同心药房", sms=OTHER, position=FAR)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    return number


def test_who_is_silent_after_an_sms_is_called_at_half_time(town: Town) -> None:
    number = offered(town)
    town.passes(minutes=2)
    town.send()
    assert town.exchange.dialled == []
    town.passes(minutes=1)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [VOICE]
    town.presses(VOICE, "1")
    assert town.states(number) == [OfferState.ACCEPTED]
    assert len(town.sms_to(SMS)) == 1


def test_who_has_answered_in_time_or_has_no_telephone_is_not_called(town: Town) -> None:
    number = offered(town, voice=None)
    town.passes(minutes=3)
    town.writes(SMS, "2")
    town.passes(minutes=3)
    town.send()
    assert town.exchange.dialled == []
    assert town.states(number)[0] is OfferState.DECLINED


def test_a_centre_may_leave_those_alone_who_are_silent(town: Town) -> None:
    town.rule("next_steps", silent=[])
    offered(town)
    town.passes(minutes=3)
    town.send()
    assert town.exchange.dialled == []


def test_answered_without_a_key_is_told_in_writing_and_not_called_again(town: Town) -> None:
    town.merchant("电话药房", sms=SMS, voice=VOICE, first_channel=Channel.VOICE)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    town.ends(VOICE, Outcome.NO_KEY)
    town.send()
    assert (len(town.exchange.dialled), len(town.sms_to(SMS))) == (1, 1)
    assert town.states(number) == [OfferState.SENT]
    town.writes(SMS, "1")
    assert town.case(number).state is CaseState.ACCEPTED


def test_a_second_number_is_tried_when_nobody_was_reached_at_the_first(town: Town) -> None:
    number = offered(town, sms=None)
    numbers = [NumberDraft(channel=Channel.VOICE, number=each) for each in (VOICE, SECOND)]
    with town.store.writing() as session:
        change = MerchantChange(numbers=numbers)
        change_merchant(session, Scope(town.centre_id), 1, change, seen_version=1, actor=Actor.system())
    town.ends(VOICE, Outcome.INVALID)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [VOICE, SECOND]
    town.ends(SECOND, Outcome.INVALID)
    assert town.states(number) == [OfferState.FAILED, OfferState.PENDING]


def test_a_shop_that_has_closed_meanwhile_is_not_called_again_and_the_next_is_asked(town: Town) -> None:
    number = offered(town, sms=None)
    closes = [HoursDraft(weekday=day, opens=time(8), closes=time(9, 1)) for day in range(7)]
    with town.store.writing() as session:
        change = MerchantChange(hours=closes)
        change_merchant(session, Scope(town.centre_id), 1, change, seen_version=1, actor=Actor.system())
    town.ends(VOICE, Outcome.NO_ANSWER)
    town.passes(seconds=61)
    town.send()
    assert [call.number for call in town.exchange.dialled] == [VOICE]
    assert town.states(number) == [OfferState.FAILED, OfferState.SENT]


def test_a_merchant_that_is_on_the_line_with_us_is_called_afterwards(town: Town) -> None:
    number = offered(town, sms=None)
    town.ends(VOICE, Outcome.NO_ANSWER)
    call = town.rings_in(VOICE)
    town.passes(seconds=61)
    town.send()
    assert len(town.exchange.dialled) == 1, "its telephone would be busy"
    town.hangs_up(call)
    town.passes(seconds=16)
    town.send()
    assert len(town.exchange.dialled) == 2
    assert town.states(number) == [OfferState.SENT]


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.CONGESTED])
def test_a_shop_that_is_called_again_for_one_job_is_told_so(town: Town, outcome: Outcome) -> None:
    offered(town, sms=None)
    town.ends(VOICE, outcome)
    town.passes(seconds=61)
    town.send()
    first, second = town.exchange.dialled
    assert "又一次来电" not in first.text
    assert second.text == f"这是刚才那一单的又一次来电。{first.text}"


def test_key_4_brings_an_operator_at_once_and_the_offer_stays_open(town: Town) -> None:
    number = offered(town, sms=None)
    assert "接线员说话请按4" in town.exchange.dialled[0].text
    town.presses(VOICE, "4")
    case = town.case(number)
    assert (case.needs_why, case.turn) == (Need.CALL_ME, Turn.OPERATOR)
    assert town.states(number) == [OfferState.SENT]
    town.answer_by_word_of_mouth(number, "accept")
    assert town.case(number).state is CaseState.ACCEPTED
    assert town.messages(MessageState.UNKNOWN) == []


def test_a_case_that_no_operator_looks_at_is_the_supervisors_turn(town: Town) -> None:
    number = offered(town, voice=None)
    town.answer_by_word_of_mouth(number, "decline")
    town.answer_by_word_of_mouth(number, "decline")
    assert (town.case(number).turn, town.case(number).needs_why) == (Turn.OPERATOR, Need.NOBODY_LEFT)
    town.passes(minutes=9)
    assert town.case(number).turn is Turn.OPERATOR
    town.passes(minutes=2)
    assert (town.case(number).turn, town.case(number).needs_why) == (Turn.SUPERVISOR, Need.NOBODY_LEFT)
    assert "case.unattended" in town.journal("case")


def test_a_case_that_the_supervisor_does_not_look_at_either_goes_round_until_somebody_does(town: Town) -> None:
    number = offered(town, voice=None)
    town.answer_by_word_of_mouth(number, "decline")
    town.answer_by_word_of_mouth(number, "decline")
    turns = []
    for _ in range(5):
        town.passes(minutes=10, seconds=1)
        turns.append(town.case(number).turn)
    assert turns == [Turn.SUPERVISOR, Turn.OPERATOR, Turn.SUPERVISOR, Turn.OPERATOR, Turn.SUPERVISOR]
    with town.store.writing() as session:
        acknowledge(session, town.desk, number, Acknowledge())
    town.passes(minutes=30)
    assert (town.case(number).turn, town.case(number).turn_operator_id) == (Turn.OPERATOR, town.desk.operator_id)
    assert town.journal("case").count("case.unattended_again") == 2
