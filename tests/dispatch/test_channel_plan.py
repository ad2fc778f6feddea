"""By which channel a merchant is asked at which hour, and how often: by its own plan, else by the centre's."""

import pytest

from callbridge.events import Outcome
from callbridge.gateways.door import SmsState
from dispatch import results
from dispatch.attention import Need
from dispatch.models import Attempt, CaseState, Message, MessageKind, OfferState, Visit
from registry.errors import Refused
from registry.models import Channel
from tests.dispatch.register import FAR
from tests.dispatch.town import Town

SMS, VOICE, OTHER = "+8613900000001", "+8613900000011", "+8613900000002"


def offered(town: Town, *plan: str) -> str:
    """A case that the first of two pharmacies is asked about; it is nine in the morning."""
    town.merchant("康宁药房", sms=SMS, voice=VOICE, channel_plan=list(plan))
    town.merchant("同心药房", sms=OTHER, position=FAR)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    return number


def asked(town: Town) -> list[str]:
    return [call.number for call in town.exchange.dialled] + [sms.to for sms in town.gateway.taken]


@pytest.mark.parametrize(
    ("plan", "first"),
    [
        (("08:00-20:00/voice_first/1", "20:00-08:00/sms_first"), [VOICE]),
        (("20:00-09:00/voice_first/3",), [SMS]),  # the line ends as the hour begins
        (("20:00-09:01/voice_first/3",), [VOICE]),
        (("00:00-00:00/both",), [VOICE, SMS]),
        ((), [SMS]),
    ],
)
def test_the_line_of_the_hour_says_how_it_is_asked(town: Town, plan: tuple[str, ...], first: list[str]) -> None:
    offered(town, *plan)
    assert asked(town) == first


def test_without_a_line_of_its_own_the_centres_plan_holds(town: Town) -> None:
    town.rule("channel_plan", hours=["08:00-12:00/voice_first"])
    offered(town, "20:00-08:00/sms_first")
    assert asked(town) == [VOICE]


def test_it_is_called_as_often_as_the_line_says_and_then_written_to(town: Town) -> None:
    offered(town, "08:00-20:00/voice_first/3")
    for _ in range(3):
        town.ends(VOICE, Outcome.BUSY)
        town.passes(seconds=31)
        town.send()
    assert asked(town) == [VOICE, VOICE, VOICE, SMS]


def test_asked_by_both_at_once_an_acceptance_by_sms_ends_the_call_and_counts_once(town: Town) -> None:
    number = offered(town, "00:00-00:00/both")
    town.writes(SMS, "1")
    town.send()
    assert town.exchange.hung_up == [town.exchange.dialled[0].attempt]
    town.ends(VOICE, Outcome.KEY, "1")  # pressed in the same moment
    town.send()
    assert town.states(number) == [OfferState.ACCEPTED]
    assert len(town.all(Visit)) == 1
    assert [each.kind for each in town.all(Message)].count(MessageKind.JOB_DETAILS) == 1


def test_accepted_by_telephone_a_late_sms_gets_one_true_sentence(town: Town) -> None:
    number = offered(town, "00:00-00:00/both")
    town.presses(VOICE, "1")
    town.send()
    told = len(town.sms_to(SMS))
    town.writes(SMS, "1")
    town.send()
    assert len(town.sms_to(SMS)) == told + 1
    assert "您已经接单了" in town.sms_to(SMS)[-1]
    assert (town.case(number).state, len(town.all(Visit))) == (CaseState.ACCEPTED, 1)


def test_accepted_by_sms_and_declined_by_telephone_an_operator_asks_which(town: Town) -> None:
    number = offered(town, "00:00-00:00/both")
    town.writes(SMS, "1")
    town.ends(VOICE, Outcome.KEY, "2")
    assert (town.case(number).state, town.case(number).needs_why) == (CaseState.ACCEPTED, Need.CALL_ME)


def test_one_channel_that_fails_leaves_the_other_its_time_and_both_make_room_for_the_next(town: Town) -> None:
    number = offered(town, "00:00-00:00/both")
    town.ends(VOICE, Outcome.INVALID)
    town.send()
    assert town.states(number) == [OfferState.SENT]
    with town.store.writing() as session:
        messages = {each.id: each for each in town.all(Message)}
        (attempt,) = [each for each in town.all(Attempt) if messages[each.message_id].channel is Channel.SMS]
        results.sms_taken(session, attempt.id, SmsState.FAILED)
    assert town.states(number) == [OfferState.FAILED, OfferState.PENDING]


@pytest.mark.parametrize(
    ("plan", "key"),
    [
        (["8:00-20:00/sms_first"], "channel_hours"),
        (["08:00-20:00/pigeon"], "channel_hours"),
        (["08:00-20:00/both/11"], "channel_hours"),
        (["08:00-20:00/both", "19:00-22:00/sms_first"], "hours_overlap"),
        (["20:00-08:00/both", "07:00-10:00/sms_first"], "hours_overlap"),
        (["00:00-00:00/both", "07:00-10:00/sms_first"], "hours_overlap"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(town: Town, plan: list[str], key: str) -> None:
    with pytest.raises(Refused) as refused:
        town.rule("channel_plan", hours=plan)
    assert [(each.field, each.key) for each in refused.value.problems] == [("hours", key)]
