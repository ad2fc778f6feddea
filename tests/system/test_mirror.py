"""Who is an emergency and who goes first, on a real exchange, with the service dead."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callbridge.bridge import Bridge
from callbridge.exchange import Exchange
from dispatch.mirror import Mirror
from registry.models import LineKind
from registry.store import MovableClock, Store
from tests.callbridge.witness import Witness
from tests.dispatch import town as towns
from tests.system.ami import Ami
from tests.system.town import Town

pytestmark = [pytest.mark.system, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

HOTLINE = "02367000000"
BUTTON, CARED_FOR = "+8619800235004", "+862367001001"


async def test_with_the_service_dead_a_button_rings_the_emergency_queue_and_who_needs_care_goes_first(
    exchange: Exchange,
    town: Callable[..., Town],
    ami_of: Callable[[Exchange], Ami],
    store: Store,
    clock: MovableClock,
    tmp_path: Path,
) -> None:
    people = towns.found(store, clock)
    people.resident(number=BUTTON, kind=LineKind.BUTTON)
    people.resident("周桂芳", CARED_FOR, care_level=3)
    bridge = Bridge(
        exchange.settings, exchange.secrets, exchange.speech, exchange.cel_path, lambda: datetime.now(UTC)
    )
    await bridge.start(Witness(), None)
    mirror = Mirror(store, people.centre_id, people.plan, exchange.settings.name)
    assert await mirror.keep(bridge) > 0
    await bridge.stop()

    again = Bridge(exchange.settings, exchange.secrets, exchange.speech, exchange.cel_path, lambda: datetime.now(UTC))
    await again.start(Witness(), None)
    later = Mirror(store, people.centre_id, people.plan, exchange.settings.name)
    assert await later.keep(again) == 0  # the exchange was asked, and has it
    await again.stop()

    world = town()
    ami = ami_of(exchange)  # it only looks
    world.call("19800235004", HOTLINE, 5)
    joined = await asyncio.to_thread(ami.wait, "QueueCallerJoin")
    assert joined["Queue"] == "emergency"
    world.call("13700000001", HOTLINE, 8)
    first = await asyncio.to_thread(ami.wait, "QueueCallerJoin", 10, Queue="hotline")
    world.call("02367001001", HOTLINE, 8)
    second = await asyncio.to_thread(ami.wait, "QueueCallerJoin", 10, Queue="hotline", CallerIDNum="02367001001")
    assert (first["Position"], second["Position"]) == ("1", "1")
