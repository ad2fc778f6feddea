"""What the listener is told while the link is good: in order, in portions, without what is forged."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest

from callbridge import cel as reading
from callbridge.events import BridgeEvent, CallArrived, CallEnd, CallEnded, CallQueued, CelRead, LinkUp
from callbridge.inbox import AT_ONCE
from callbridge.standin.ami import AmiStandIn
from tests.callbridge.bridge.conftest import CALL, PACE, Make, arrive, now
from tests.callbridge.cel_file import CelFile
from tests.callbridge.witness import Witness
from tests.errorlog import ErrorLog


async def test_a_call_is_reported_in_order_as_it_happens(exchange: AmiStandIn, make: Make) -> None:
    witness = Witness()
    await make().start(witness, None)
    exchange.segment = 3
    await arrive(exchange)
    await exchange.say(Event="QueueCallerJoin", Uniqueid=CALL, Queue="hotline", Position="1")
    await exchange.say(Event="AgentCalled", Uniqueid=CALL, Interface="PJSIP/801")
    await exchange.say(Event="AgentConnect", Uniqueid=CALL, Interface="PJSIP/801", DestUniqueid="main-1.2")
    await exchange.say(
        Event="UserEvent", UserEvent="TownlineEnded", Token="token", Call=CALL, End="answered", HungUpBy="caller"
    )
    await witness.see(CallEnded)
    assert witness.kinds(CALL) == ["CallArrived", "CallQueued", "CallRinging", "CallAnswered", "CallEnded"]
    assert witness.of(CallArrived)[0].name == "王秀英奶奶"


async def test_the_listener_gets_the_events_in_order_those_that_wait_together(
    exchange: AmiStandIn, make: Make
) -> None:
    inside, witness, together, may_go_on = 0, Witness(), list[int](), asyncio.Event()

    async def slow(events: Sequence[BridgeEvent]) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await may_go_on.wait()
        await asyncio.sleep(0.01)
        inside -= 1
        together.append(len(events))
        await witness(events)

    may_go_on.set()
    await make().start(slow, None)
    await witness.see(LinkUp)
    may_go_on.clear()
    calls = [f"main-1772413200.{n}" for n in range(25)]
    await asyncio.gather(*(arrive(exchange, uniqueid) for uniqueid in calls))
    pings = len(exchange.of("Ping"))
    async with asyncio.timeout(10):
        while len(exchange.of("Ping")) < pings + 2:  # noqa: ASYNC110 - the first is answered after all of them
            await asyncio.sleep(0.01)
    may_go_on.set()
    await witness.see(CallArrived, uniqueid=calls[-1])
    assert [each.uniqueid for each in witness.of(CallArrived)] == calls
    assert max(together) == AT_ONCE


async def test_a_button_is_told_before_the_calls_that_came_earlier_and_wait_to_be_told(
    exchange: AmiStandIn, make: Make
) -> None:
    witness, told, may_go_on = Witness(), list[str](), asyncio.Event()

    async def slow(events: Sequence[BridgeEvent]) -> None:
        await may_go_on.wait()
        told.extend(f"{type(event).__name__} {uniqueid}" for event in events if (uniqueid := _uniqueid(event)))
        await witness(events)

    may_go_on.set()
    await make().start(slow, None)
    await witness.see(LinkUp)
    may_go_on.clear()
    await arrive(exchange, "main-1.0")
    await asyncio.sleep(0.1)  # it is being told
    for number in range(1, 4):
        await arrive(exchange, f"main-1.{number}")
        await exchange.say(Event="QueueCallerJoin", Uniqueid=f"main-1.{number}", Queue="hotline", Position="1")
    await arrive(exchange, "main-1.9", Emergency="1")
    await asyncio.sleep(0.1)
    may_go_on.set()
    await witness.see(CallQueued, uniqueid="main-1.3")
    assert told[:2] == ["CallArrived main-1.0", "CallArrived main-1.9"]


def _uniqueid(event: BridgeEvent) -> str | None:
    return getattr(event, "uniqueid", None)


async def test_a_forged_event_reaches_nobody(exchange: AmiStandIn, make: Make) -> None:
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await arrive(exchange, "main-1.66", Token="guess")
    await exchange.say_raw(b"Event: QueueCallerJoin\r\nUniqueid: main-1.66\r\nQueue: x\r\nPosition: 1\r\n\r\n")
    await exchange.say_raw(b"Event: AgentConnect\r\nUniqueid: main-1.66\r\nInterface: PJSIP/801\r\n\r\n")
    await arrive(exchange)
    await witness.see(CallArrived)
    assert witness.kinds("main-1.66") == []
    assert bridge.link.refused == 1


async def test_a_listener_that_fails_misses_one_event_and_not_those_beside_it(
    exchange: AmiStandIn, make: Make, error_log: ErrorLog
) -> None:
    error_log.expect("event.not_taken")
    witness, calls = Witness(), [f"main-1772413200.{n}" for n in range(4)]

    async def clumsy(events: Sequence[BridgeEvent]) -> None:
        await asyncio.sleep(0.05)
        if any(isinstance(event, CallArrived) and event.uniqueid == calls[2] for event in events):
            raise OSError
        await witness(events)

    await make().start(clumsy, None)
    await asyncio.gather(*(arrive(exchange, uniqueid) for uniqueid in calls))
    await exchange.say(Event="QueueCallerJoin", Uniqueid=calls[2], Queue="hotline", Position="1")
    await witness.see(CallQueued)
    assert [each.uniqueid for each in witness.of(CallArrived)] == [calls[0], calls[1], calls[3]]


async def test_a_reading_of_cel_that_the_listener_could_not_keep_comes_again(
    cel: CelFile, make: Make, error_log: ErrorLog
) -> None:
    error_log.expect("event.not_taken")
    witness, failures = Witness(), 2

    async def locked(events: Sequence[BridgeEvent]) -> None:
        nonlocal failures
        if failures and any(isinstance(event, CelRead) and event.calls for event in events):
            failures -= 1
            raise TimeoutError
        await witness(events)

    cel.arrives(now(), CALL)
    cel.ends(now(), CALL)
    await make().start(locked, None)
    record = await witness.record(uniqueid=CALL)
    assert record.end is CallEnd.ABANDONED
    assert len(witness.records) == 1


async def test_many_calls_come_in_portions_and_the_position_with_the_last(cel: CelFile, make: Make) -> None:
    for number in range(100):
        cel.arrives(now(), f"main-1772413200.{number}")
        cel.ends(now(), f"main-1772413200.{number}")
    witness = Witness()
    await make().start(witness, None)
    readings = witness.of(CelRead)
    assert [len(each.calls) for each in readings] == [40, 40, 20]
    assert [each.position.row for each in readings] == [0, 0, 700]
    again = Witness()
    await make().start(again, witness.position)
    await asyncio.sleep(0.1)
    assert again.records == []


async def test_reading_cel_does_not_hold_up_live_events(
    exchange: AmiStandIn, cel: CelFile, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a reading waits for the file, however long, an event still reaches the listener."""
    monkeypatch.setattr(reading, "PATIENCE", 60)
    cel.execute("PRAGMA journal_mode = DELETE")
    witness = Witness()
    await make().start(witness, None)
    with closing(sqlite3.connect(cel.path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        await asyncio.sleep(3 * PACE.cel_every)  # a reading has begun
        await arrive(exchange)
        await witness.see(CallArrived)
    cel.arrives(now(), "main-1772413200.2")
    await witness.record(uniqueid="main-1772413200.2")
