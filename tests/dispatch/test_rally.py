"""A medical emergency: the clinic, those who can be there first and her own people at once, each in its role."""

import pytest

from callbridge.events import Outcome
from dispatch.attention import Need
from dispatch.models import CaseState, LadderAnswer, LadderCall, LadderState, OfferRole, OfferState, Rung, Turn
from dispatch.models import Ladder as LadderRow
from registry.models import MerchantKind
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

CLINIC, VOLUNTEERS, SHOP = "+8613900000021", "+8613900000022", "+8613900000023"
DAUGHTER, SON = "+8613900000031", "+8613900000032"


@pytest.fixture
def number(town: Town) -> str:
    """An emergency that an operator has opened and sent to the clinic."""
    medical = ("emergency_medical",)
    town.merchant("杏林诊所", voice=CLINIC, kind=MerchantKind.CLINIC, services=medical, position=FAR)
    town.merchant("邻里救助队", voice=VOLUNTEERS, kind=MerchantKind.VOLUNTEERS, services=medical)
    town.merchant("康宁药房", voice=SHOP)
    number = town.open(town.resident(contacts=(DAUGHTER, SON)), service="emergency_medical")
    town.dispatch(number)
    town.send()
    return number


def answers(town: Town) -> dict[Rung, list[LadderAnswer | None]]:
    found: dict[Rung, list[LadderAnswer | None]] = {}
    for call in sorted(town.all(LadderCall), key=lambda call: call.id or 0):
        found.setdefault(call.rung, []).append(call.answer)
    return found


def test_all_of_them_are_called_at_once_and_nobody_else(town: Town, number: str) -> None:
    assert {call.number for call in town.exchange.dialled} == {CLINIC, VOLUNTEERS, DAUGHTER, SON}
    (offer,) = town.offers(number)
    assert (offer.role, offer.state) == (OfferRole.CLINIC, OfferState.SENT)
    assert answers(town) == {Rung.CONTACTS: [None, None], Rung.RESPONDERS: [None]}
    assert [ladder.state for ladder in town.all(LadderRow)] == [LadderState.ACKNOWLEDGED]


def test_whoever_says_so_is_going_and_stops_nobody_else(town: Town, number: str) -> None:
    town.presses(DAUGHTER, "1")
    town.presses(VOLUNTEERS, "1")
    assert answers(town) == {Rung.CONTACTS: [LadderAnswer.GOING, None], Rung.RESPONDERS: [LadderAnswer.GOING]}
    town.presses(CLINIC, "1")
    assert town.case(number).state is CaseState.ACCEPTED
    town.ends(SON, Outcome.NO_ANSWER)
    town.passes(seconds=30)
    town.send()
    assert [call.number for call in town.exchange.dialled].count(SON) == 2


def test_who_does_not_answer_is_called_three_times_and_no_more(town: Town, number: str) -> None:
    for _ in range(5):
        town.ends(SON, Outcome.NO_ANSWER)
        town.passes(seconds=30)
        town.send()
    assert [call.number for call in town.exchange.dialled].count(SON) == 3


def test_another_clinic_is_asked_without_calling_everybody_again(town: Town, number: str) -> None:
    town.merchant("青川诊所", voice=SHOP[:-1] + "4", kind=MerchantKind.CLINIC, services=("emergency_medical",))
    town.presses(CLINIC, "2")
    town.send()
    assert town.states(number) == [OfferState.DECLINED, OfferState.SENT]
    assert len(town.all(LadderCall)) == 3


def test_without_any_clinic_everybody_else_is_called_and_the_operator_is_told_to_call_120(town: Town) -> None:
    medical = ("emergency_medical",)
    town.merchant("邻里救助队", voice=VOLUNTEERS, kind=MerchantKind.VOLUNTEERS, services=medical)
    number = town.open(town.resident(contacts=(DAUGHTER,)), service="emergency_medical")
    assert town.sends_out(number) is None
    town.send()
    assert {call.number for call in town.exchange.dialled} == {VOLUNTEERS, DAUGHTER}
    case = town.case(number)
    assert (case.state, case.turn, case.needs_why) == (CaseState.OPEN, Turn.OPERATOR, Need.NO_CLINIC)
    assert town.offers(number) == []


def test_when_the_last_clinic_declines_the_operator_is_told_to_call_120(town: Town, number: str) -> None:
    town.presses(CLINIC, "2")
    assert town.case(number).needs_why == Need.NO_CLINIC
    assert town.sends_out(number) is None  # once more by the same key: not refused either, and nobody is called twice
    town.send()
    assert len(town.exchange.dialled) == 4
    assert (town.case(number).state, town.case(number).needs_why) == (CaseState.OPEN, Need.NO_CLINIC)


def test_a_closed_emergency_calls_nobody_any_more(town: Town, number: str) -> None:
    town.ends(SON, Outcome.BUSY)
    town.presses(CLINIC, "1")
    town.reports(number, "done")
    town.close(number)
    town.passes(seconds=60)
    town.send()
    assert [call.number for call in town.exchange.dialled].count(SON) == 1
