"""Who is an emergency and who goes first, on a real exchange, with the service dead."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callbridge.bridge import Bridge
from callbridge.events import CallQueued, LinkUp
from callbridge.exchange import Exchange
from dispatch.mirror import EMERGENCY, PRIORITY, Mirror
from registry.models import Line, LineKind, Resident
from registry.store import MovableClock, Store
from tests.callbridge.witness import Witness
from tests.dispatch import town as towns
from tests.system.ami import Ami
from tests.system.test_exchange_telephone import trunk_is_up
from tests.system.town import Town

pytestmark = [pytest.mark.system, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

HOTLINE = "02367000000"
BUTTON, CARED_FOR = "+8619800235004", "+862367001001"
ON_CALL = "13900000002"
MANY = 1000  # people, each under two keys


def bridge_to(exchange: Exchange) -> Bridge:
    return Bridge(exchange.settings, exchange.secrets, exchange.speech, exchange.cel_path, lambda: datetime.now(UTC))


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
    bridge = bridge_to(exchange)
    await bridge.start(Witness(), None)
    mirror = Mirror(store, people.centre_id, people.plan, exchange.settings.name)
    assert await mirror.keep(bridge) > 0
    await bridge.stop()

    again = bridge_to(exchange)
    await again.start(Witness(), None)
    later = Mirror(store, people.centre_id, people.plan, exchange.settings.name)
    assert await later.keep(again) == 0  # the exchange was asked, and has it
    await again.stop()

    world = town(telephones={"801": ["Ringing", "Wait(20)"]})
    ami = ami_of(exchange)  # it only looks
    world.call("19800235004", HOTLINE, 5)
    joined = await asyncio.to_thread(ami.wait, "QueueCallerJoin")
    assert joined["Queue"] == "emergency"
    world.call("13700000001", HOTLINE, 8)
    first = await asyncio.to_thread(ami.wait, "QueueCallerJoin", 10, Queue="hotline")
    world.call("02367001001", HOTLINE, 8)
    second = await asyncio.to_thread(ami.wait, "QueueCallerJoin", 10, Queue="hotline", CallerIDNum="02367001001")
    assert (first["Position"], second["Position"]) == ("1", "1")


async def test_with_the_service_dead_and_no_operator_there_a_button_reaches_who_is_on_call_by_the_ladder(
    exchange: Exchange,
    town: Callable[..., Town],
    ami_of: Callable[[Exchange], Ami],
    store: Store,
    clock: MovableClock,
) -> None:
    people = towns.found(store, clock)
    people.resident(number=BUTTON, kind=LineKind.BUTTON)
    people.rule("ladder", steps=[{"who": "on_call", "seconds": 45, "numbers": [ON_CALL]}])
    bridge = bridge_to(exchange)
    await bridge.start(Witness(), None)
    await Mirror(store, people.centre_id, people.plan, exchange.settings.name).keep(bridge)
    await bridge.stop()

    world = town(subscribers={ON_CALL: ["Answer", "Wait(2)", "SendDTMF(5)", "Wait(2)", "Hangup"]})
    await trunk_is_up(exchange)
    ami = ami_of(exchange)
    world.call("19800235004", HOTLINE, 30)
    call = (await asyncio.to_thread(ami.wait, "TownlineArrived"))["Uniqueid"]
    assert await asyncio.to_thread(ami.wait, "TownlineForwarded", 20, Call=call)
    assert (await asyncio.to_thread(ami.wait, "TownlineEnded", 20, Call=call))["End"] == "forwarded"


def settle(store: Store, people: towns.Town) -> None:
    """A district in which thousands have to go first, and a few have a button."""
    now = store.clock.now()
    first = people.resident(number="+8619800000000", kind=LineKind.BUTTON)
    with store.writing() as session:
        model = session.get(Resident, first)
        assert model is not None
        neighbours = [
            Resident(
                centre_id=model.centre_id,
                area_id=model.area_id,
                name="甲",
                care_level=3,
                created_at=now,
                updated_at=now,
            )
            for _ in range(MANY)
        ]
        session.add_all(neighbours)
        session.flush()
        session.add_all(
            Line(resident_id=each.id or 0, number=f"+86138{place:08}", kind=LineKind.MOBILE, created_at=now)
            for place, each in enumerate(neighbours)
        )


async def test_thousands_of_facts_are_written_while_calls_come_in_and_again_after_the_exchange_lost_them(
    exchange: Exchange, town: Callable[..., Town], store: Store, clock: MovableClock
) -> None:
    people = towns.found(store, clock)
    settle(store, people)
    people.rule("heartbeat", on=False)
    world = town(telephones={"801": ["Ringing", "Wait(20)"]})
    bridge = bridge_to(exchange)
    witness = Witness()
    await bridge.start(witness, None)
    mirror = Mirror(store, people.centre_id, people.plan, exchange.settings.name)
    keeping = asyncio.create_task(mirror.keep(bridge))
    world.call("13700000001", HOTLINE, 1)
    await witness.see(CallQueued)
    written = await keeping
    assert written >= 2 * MANY
    assert len(await bridge.mirrored(PRIORITY)) + len(await bridge.mirrored(EMERGENCY)) == written

    exchange.stop(0)
    (exchange.places.lib / "astdb.sqlite3").unlink()
    witness.events.clear()
    exchange.start()
    await witness.see(LinkUp)
    assert await bridge.mirrored(EMERGENCY) == {}
    assert await mirror.keep(bridge) == written
    assert "8619800000000" in await bridge.mirrored(EMERGENCY)
    await bridge.stop()
