"""Several SMS gateways at once: the right one first, another when one is away, and none faster than it may."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from callbridge.gateways import GatewayHealth, SmsState, SmsStatus
from dispatch import gateway_health, reports
from dispatch.models import GatewayState, MessageState, OfferState
from dispatch.outbox import Sender
from dispatch.views.events import render
from dispatch.views.gateways import gateway_lines
from dispatch.ways import Route
from registry.store.journal import Journal
from tests.dispatch.doubles import GatewayInMemory
from tests.dispatch.town import Town

SMS = "+8613900000001"


class Gateways:
    """A phone and a cloud, in that order."""

    def __init__(self, town: Town, **routes: Route) -> None:
        self.phone, self.cloud = GatewayInMemory("phone"), GatewayInMemory("cloud")
        town.sender = Sender(town.store, {"phone": self.phone, "cloud": self.cloud}, None, "serve-two", routes=routes)

    @property
    def took(self) -> tuple[int, int]:
        return len(self.phone.taken), len(self.cloud.taken)


def state(town: Town, name: str) -> GatewayState:
    with town.store.reading() as session:
        return session.exec(select(GatewayState).where(GatewayState.name == name)).one()


@pytest.fixture
def jobs(town: Town) -> list[str]:
    """Four offers to the same merchant, not sent yet."""
    resident = town.resident()
    town.merchant("康宁药房", sms=SMS)
    numbers = [town.open(resident) for _ in range(4)]
    for number in numbers:
        town.dispatch(number)
    return numbers


def test_the_first_gateway_carries_everything_while_it_works(town: Town, jobs: list[str]) -> None:
    gateways = Gateways(town)
    town.send()
    assert gateways.took == (4, 0)


@pytest.mark.parametrize(
    ("phone", "cloud", "took"),
    [
        ((), ("+86139",), (0, 4)),
        (("+86139",), ("+8613900000001",), (0, 4)),
        (("+86139",), ("+86138",), (4, 0)),
        ((), ("+86137",), (4, 0)),
    ],
)
def test_a_number_goes_by_the_gateway_that_is_first_for_its_longest_beginning(
    town: Town, jobs: list[str], phone: tuple[str, ...], cloud: tuple[str, ...], took: tuple[int, int]
) -> None:
    gateways = Gateways(town, phone=Route(first_for=phone), cloud=Route(first_for=cloud))
    town.send()
    assert gateways.took == took


@pytest.mark.parametrize("problem", ["away", "closed"])
def test_what_one_gateway_cannot_take_goes_by_the_other_at_once(town: Town, jobs: list[str], problem: str) -> None:
    gateways = Gateways(town)
    gateways.phone.behaviour.extend([problem] * 4)
    town.send()
    town.send()
    assert gateways.took == (0, 4)
    assert {town.newest_offer(number).state for number in jobs} == {OfferState.SENT}
    assert state(town, "phone").failing_since == town.clock.now()
    assert town.journal().count("message.gateway_fails") == 1, "told once"


def test_a_gateway_that_does_not_answer_is_not_asked_next_and_its_message_is_not_repeated(
    town: Town, jobs: list[str]
) -> None:
    gateways = Gateways(town)
    gateways.phone.behaviour.append("unsure_taken")
    for _ in range(4):
        asyncio.run(town.sender.run_once())
    assert len(gateways.phone.taken) + len(gateways.cloud.taken) == 4
    first = town.open(town.resident("李建国", number="+862367001002"))
    town.dispatch(first)
    town.send()
    assert gateways.cloud.taken, "later ones go by the other"
    town.clock.move(timedelta(seconds=10))
    town.send()
    assert len(gateways.phone.taken) + len(gateways.cloud.taken) == 5
    assert len(town.messages(MessageState.SENT)) == 5


def test_a_number_that_one_gateway_refuses_says_nothing_against_the_gateway(town: Town, jobs: list[str]) -> None:
    gateways = Gateways(town)
    gateways.phone.behaviour.extend(["refuse", "busy"])
    town.send()
    town.send()
    assert gateways.took == (2, 2)
    assert state(town, "phone").failing_since is None


def test_an_outage_ends_when_the_gateway_says_so_itself(town: Town, jobs: list[str]) -> None:
    gateways = Gateways(town)
    gateways.phone.health = GatewayHealth(usable=False, problems=("no network",))
    assert not asyncio.run(gateway_health.look(town.store, town.centre_id, gateways.phone))
    town.send()
    assert gateways.took == (0, 4), "noticed before anything was lost by it"
    with town.store.reading() as session:
        cloud, phone = gateway_lines(session, town.centre_id)
    assert (phone.failing_since, phone.problem) == (town.clock.now(), "no network")
    assert (cloud.failing_since, cloud.worked_at) == (None, town.clock.now())
    gateways.phone.health = GatewayHealth(usable=True)
    town.clock.move(timedelta(minutes=1))
    assert asyncio.run(gateway_health.look(town.store, town.centre_id, gateways.phone))
    assert (state(town, "phone").failing_since, state(town, "phone").worked_at) == (None, town.clock.now())
    happened = [what for what in town.journal() if "gateway" in what]
    assert happened == ["message.gateway_fails", "message.gateway_works"]


def test_the_stream_tells_of_an_outage_with_how_the_gateway_does(town: Town) -> None:
    with town.store.writing() as session:
        gateway_health.fails(session, town.centre_id, "modem", "is it plugged in?")
    with town.store.reading() as session:
        rows = session.exec(select(Journal).where(Journal.what == "message.gateway_fails")).all()
        (event,) = render(session, rows, "epoch", town.clock.now())
    assert b'"gateway":{"name":"modem"' in event.frame(town.desk)


def test_an_outage_ends_when_a_network_reports_one_of_its_messages(town: Town, jobs: list[str]) -> None:
    with town.store.writing() as session:
        gateway_health.fails(session, town.centre_id, "phone", "silent")
        gateway_health.took(session, town.centre_id, "phone")
    assert state(town, "phone").failing_since is not None, "it may only have put it into its own queue"
    delivered = SmsStatus(event_id="e", attempt="a", status=SmsState.DELIVERED, at=town.clock.now())
    reports.take(town.store, town.replies, "phone", [delivered])
    assert state(town, "phone").failing_since is None


def test_a_gateway_that_is_no_longer_configured_fails_no_more(town: Town) -> None:
    with town.store.writing() as session:
        gateway_health.fails(session, town.centre_id, "old", "silent")
    gateway_health.settle(town.store, town.centre_id, ["phone"])
    with town.store.reading() as session:
        assert [line.name for line in gateway_lines(session, town.centre_id)] == ["phone"]


def test_no_gateway_sends_more_in_a_minute_than_it_may(town: Town, jobs: list[str]) -> None:
    gateways = Gateways(town, phone=Route(per_minute=1), cloud=Route(per_minute=2))
    town.send()
    assert gateways.took == (1, 2)
    (waiting,) = town.messages(MessageState.WANTED)
    assert waiting.not_before == town.clock.now() + timedelta(minutes=1)
    town.clock.move(timedelta(seconds=59))
    town.send()
    assert gateways.took == (1, 2)
    town.clock.move(timedelta(seconds=1))
    town.send()
    assert gateways.took == (2, 2)


def test_what_is_urgent_waits_for_no_pace(town: Town) -> None:
    gateways = Gateways(town, phone=Route(per_minute=1), cloud=Route(per_minute=1))
    resident = town.resident()
    town.merchant("康宁药房", sms=SMS)
    for _ in range(4):
        town.dispatch(town.open(resident, priority="urgent"))
    town.send()
    assert gateways.took == (4, 0)
