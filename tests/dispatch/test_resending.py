"""An operator has a merchant told once more, or gives the job to another one."""

import pytest

from dispatch import resending
from dispatch.errors import BadValue, Conflict, ForbiddenMove
from dispatch.models import CaseState, Offer, OfferState
from dispatch.wire.offers import OfferResend
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

SMS, VOICE, OTHER = "+8613900000001", "+8613900000011", "+8613900000002"


@pytest.fixture
def asked(town: Town) -> str:
    """A case that the first of two pharmacies has been asked about by SMS; the second one has no telephone."""
    town.merchant("康宁药房", sms=SMS, voice=VOICE)
    town.merchant("同心药房", sms=OTHER, position=FAR)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    return number


def resend(town: Town, number: str, **order: object) -> Offer:
    offer = town.newest_offer(number)
    with town.store.writing() as session:
        again = OfferResend.model_validate({"expects": offer.state.value} | order)
        return resending.resend_offer(session, town.desk, number, offer.id or 0, again)


def test_an_open_offer_goes_out_again_with_the_same_code_and_its_whole_time(town: Town, asked: str) -> None:
    town.passes(minutes=2)
    offer = resend(town, asked)
    town.send()
    first, second = town.sms_to(SMS)
    assert offer.code in first
    assert offer.code in second
    town.passes(minutes=4)
    assert town.states(asked) == [OfferState.SENT]
    town.passes(minutes=2)
    assert town.states(asked) == [OfferState.EXPIRED, OfferState.PENDING]


def test_it_goes_by_telephone_when_the_operator_wants_it_so(town: Town, asked: str) -> None:
    resend(town, asked, channel="voice")
    town.send()
    town.presses(VOICE, "1")
    assert town.case(asked).state is CaseState.ACCEPTED
    assert "offer.resent" in town.journal("offer")


def test_what_is_on_its_way_is_not_sent_twice(town: Town, asked: str) -> None:
    resend(town, asked)
    with pytest.raises(Conflict) as refused:
        resend(town, asked)
    assert refused.value.values["now"] == "being_sent"


def test_who_has_accepted_is_told_the_door_again(town: Town, asked: str) -> None:
    town.writes(SMS, "1")
    resend(town, asked)
    town.send()
    assert [text for text in town.sms_to(SMS) if "502" in text] == town.sms_to(SMS)[1:]
    assert len(town.sms_to(SMS)) == 3


def test_a_channel_that_it_does_not_have_and_an_offer_that_is_over_are_refused(town: Town, asked: str) -> None:
    town.answer_by_word_of_mouth(asked, "decline")
    with pytest.raises(BadValue):
        resend(town, asked, channel="voice")
    town.answer_by_word_of_mouth(asked, "decline")
    with pytest.raises(ForbiddenMove):
        resend(town, asked)


def test_a_job_is_taken_from_one_and_given_to_another_by_hand(town: Town, asked: str) -> None:
    town.writes(SMS, "1")
    town.writes(SMS, "3")
    given = town.dispatch(asked, merchant_id=2)
    town.send()
    assert (given.merchant_id, given.by_hand) == (2, True)
    assert town.states(asked) == [OfferState.REVOKED, OfferState.SENT]
    assert town.case(asked).state is CaseState.OFFERING
    assert "不需要您去了" in town.sms_to(SMS)[-1]
    town.writes(OTHER, "1")
    assert town.case(asked).state is CaseState.ACCEPTED
    with pytest.raises(ForbiddenMove):
        town.dispatch(asked)
