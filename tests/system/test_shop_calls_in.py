"""A shop calls in on a real exchange: it hears its job, accepts it, and is in the queue when the service has died."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from callbridge.bridge import Bridge, Pace
from callbridge.exchange import Exchange
from dispatch.mirror import Mirror
from dispatch.models import CallMenu, ExchangePosition, OfferState, OrderState, PhoneOrder, VisitState
from dispatch.outbox import Sender
from dispatch.switchboard import Switchboard
from registry.store import MovableClock, Store
from tests.dispatch import town as towns
from tests.dispatch.hours.service import PatientSender
from tests.system.ami import Ami
from tests.system.town import Town
from tests.system.wav import loudness

pytestmark = [pytest.mark.system, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

HOTLINE, SHOP = "02367000000", "+8613900000001"
LISTENED = 8000 * 2 * 6  # bytes of six seconds
RINGS = ["Ringing", "Wait(30)"]


def when(sign: str, then: int, otherwise: int) -> str:
    """A step: on to one of two others, as soon as the town has been given that sign (a global variable)."""
    return f"GotoIf(${{{sign}}}?{then}:{otherwise})"


async def until(so: Callable[[], bool], what: str, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, f"{what} did not happen"
        await asyncio.sleep(0.1)


async def test_a_shop_accepts_by_key_and_rings_at_an_operators_when_the_service_dies(
    exchange: Exchange,
    town: Callable[..., Town],
    ami: Ami,
    store: Store,
    clock: MovableClock,
) -> None:
    clock.move_to(datetime.now(UTC))
    people = towns.found(store, clock)
    people.merchant("康宁药房", voice=SHOP)
    number = people.open(people.resident())
    people.dispatch(number)
    name = exchange.settings.name

    def make_bridge() -> Bridge:
        pace = Pace(cel_every=0.2, retry=0.2)
        now = lambda: datetime.now(UTC)  # noqa: E731
        return Bridge(exchange.settings, exchange.secrets, exchange.speech, exchange.cel_path, now, pace=pace)

    def make_sender(bridge: Bridge) -> Sender:
        return PatientSender(store, {}, bridge, "serve-1", exchange=name)

    def service() -> asyncio.Task[None]:
        mirror = Mirror(store, people.centre_id, people.plan, name)
        board = Switchboard(store, people.intake, name, "serve-1", make_bridge, make_sender, mirror)
        return asyncio.create_task(board.run())

    def menus_read() -> int:
        orders = people.all(PhoneOrder)
        assert OrderState.FAILED not in {order.state for order in orders}, [order.why for order in orders]
        return len([order for order in orders if order.state is OrderState.DONE])

    world = town(telephones={"801": RINGS})
    working = service()
    await until(lambda: any(each.link_up for each in people.all(ExchangePosition)), "the link")
    heard = world.folder / "heard.wav"
    steps = ["Wait(0.2)", when("ACCEPTS", 3, 1), "SendDTMF(1)", f"MixMonitor({heard})"]
    steps += ["Wait(0.2)", when("LEAVES", 7, 5), "StopMixMonitor()", "SendDTMF(3)", "Wait(60)"]
    world.call_and_do(SHOP, HOTLINE, steps)
    await until(lambda: menus_read() == 1, "the first menu")
    world.console("dialplan set global ACCEPTS 1")
    await until(lambda: people.states(number) == [OfferState.ACCEPTED], "the acceptance")
    await until(lambda: menus_read() == 2, "the menu with the door")
    await until(lambda: heard.exists() and heard.stat().st_size > LISTENED, "the door")
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)

    joined = len(ami.named("QueueCallerJoin"))
    world.console("dialplan set global LEAVES 1")
    await until(lambda: len(ami.named("QueueCallerJoin")) > joined, "the queue again")
    again = float(ami.named("QueueCallerJoin")[-1]["Timestamp"])
    await until(
        lambda: any(float(each["Timestamp"]) >= again for each in ami.named("AgentCalled")), "an operator's telephone"
    )
    assert people.visit(number).state is VisitState.PROMISED
    assert [menu.key for menu in people.all(CallMenu)] == ["1", ""]
    working = service()
    await until(lambda: people.visit(number).state is VisitState.ON_THE_WAY, "the key that was pressed meanwhile")
    assert [menu.key for menu in people.all(CallMenu)][:2] == ["1", "3"]
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    world.stop()
    door = loudness(heard, 1.0)[3:]  # after the phrase that answers the key
    assert max(door) > 500, "the door was not read to the shop"
