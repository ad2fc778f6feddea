"""Two answers in the same second, by two gateways or by a gateway and the desk: one wins, and both hear the truth."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest

from callbridge.gateways import InboundSms
from dispatch import cases, reports
from dispatch.errors import Conflict
from dispatch.models import CaseState, Inbound, Message, MessageKind, OfferState
from dispatch.wire.cases import Cancel
from tests.dispatch.town import Town

NUMBER = "+8613900000001"


@pytest.fixture
def number(town: Town) -> str:
    """A case that a merchant has been asked about."""
    town.merchant("康宁药房", sms=NUMBER)
    number = town.open(town.resident())
    town.dispatch(number)
    town.send()
    return number


def at_once(*acts: Callable[[], Any]) -> list[BaseException]:
    """All of them in the same moment; what went wrong."""
    ready, wrong = Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        ready.wait()
        try:
            act()
        except BaseException as problem:
            wrong.append(problem)

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return wrong


def writes(town: Town, gateway: str, text: str) -> Callable[[], None]:
    sms = InboundSms(
        event_id=f"{gateway}-{text}", from_number=NUMBER, to_number=None, text=text, received_at=town.clock.now()
    )
    return lambda: reports.take(town.store, town.replies, gateway, [sms])


def answers(town: Town) -> dict[str, str]:
    """What each SMS was answered, by its gateway: the key of the text; the details are the answer to a yes."""
    gateway = {inbound.id: inbound.gateway for inbound in town.all(Inbound)}
    return {gateway[each.inbound_id]: each.text_key for each in town.all(Message) if each.inbound_id is not None}


def kinds(town: Town) -> list[MessageKind]:
    return [message.kind for message in town.all(Message)]


def test_yes_and_no_of_one_merchant_by_two_gateways(town: Town, number: str) -> None:
    assert at_once(writes(town, "phone", "1"), writes(town, "cloud", "2")) == []
    (offer,) = town.offers(number)
    if offer.state is OfferState.ACCEPTED:
        assert town.case(number).state is CaseState.ACCEPTED
        assert answers(town) == {"cloud": "reply.cannot_come"}
        assert kinds(town).count(MessageKind.JOB_DETAILS) == 1
    else:
        assert offer.state is OfferState.DECLINED
        assert answers(town) == {"cloud": "reply.declined", "phone": "reply.declined_before"}
        assert MessageKind.JOB_DETAILS not in kinds(town)


def test_a_yes_while_the_desk_cancels(town: Town, number: str) -> None:
    def cancel() -> None:
        with town.store.writing() as session:
            cases.cancel(session, town.desk, number, Cancel(expects="offering"))

    wrong = at_once(writes(town, "phone", "1"), cancel)
    (offer,) = town.offers(number)
    if wrong:
        assert [type(each) for each in wrong] == [Conflict], "the desk hears that the merchant was first"
        assert offer.state is OfferState.ACCEPTED
        assert kinds(town).count(MessageKind.JOB_DETAILS) == 1
    else:
        assert offer.state is OfferState.WITHDRAWN
        assert town.case(number).state is CaseState.CANCELLED
        assert answers(town) == {"phone": "reply.not_wanted"}
        assert MessageKind.JOB_DETAILS not in kinds(town)
        assert kinds(town).count(MessageKind.OFFER_WITHDRAWN) == 1
