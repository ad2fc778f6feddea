"""What is kept when the bridge or the exchange is killed, or the event log damaged."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from callbridge.bridge import Bridge, OutgoingCall
from callbridge.errors import ActionRefused
from callbridge.events import (
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CelPosition,
    CelState,
    LinkDown,
    LinkUp,
    Party,
)
from callbridge.exchange import Exchange
from tests.callbridge.witness import Witness
from tests.system.bridge.telephones import HOTLINE, PICKS_UP, RINGS
from tests.system.conftest import Connect
from tests.system.town import Town

pytestmark = pytest.mark.system


async def test_calls_during_a_kill_of_the_client_are_all_there_afterwards(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP, "802": RINGS})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        Path(__file__).with_name("bridge_process.py"),
        exchange.settings.model_dump_json(),
        exchange.secrets.directory,
        exchange.cel_path,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    numbers = [f"138000000{n:02}" for n in range(12)]
    kept, position, arrived = set[str](), None, 0
    assert json.loads(await process.stdout.readline())["kind"] == "LinkUp"
    for number in numbers[:8]:
        world.call(number, HOTLINE, 4 if number == numbers[0] else 1)
    while arrived < 4:
        line = json.loads(await process.stdout.readline())
        arrived += line["kind"] == "CallArrived"
        if line["kind"] == "CelRead":
            position = CelPosition(generation=line["position"][0], row=line["position"][1])
            kept.update(line["ended"])
    process.kill()
    await process.wait()
    for number in numbers[8:]:  # nobody of ours hears these
        world.call(number, HOTLINE, 1)
    await asyncio.sleep(2)
    _, witness = await connect(position)
    for number in [each for each in numbers if each not in kept]:
        record = await witness.ended_record(number)
        assert record.end is (CallEnd.ANSWERED if record.extension else CallEnd.ABANDONED)


async def test_calls_that_wait_when_the_exchange_is_killed_are_cut_off(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP})
    bridge, witness = await connect()
    for number in ("13800000001", "13800000002", "13800000003"):
        world.call(number, HOTLINE, 30)
        await witness.record(number=number)
    await witness.see(CallAnswered)
    pid = exchange.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    down = await witness.see(LinkDown)
    assert not bridge.link.up
    with pytest.raises(ActionRefused):
        await bridge.call_out(OutgoingCall(attempt="a1", number="1", text="Hello.", language="en"))
    await asyncio.sleep(1)  # a uniqueid is made of the second and a counter that begins at 0
    await asyncio.to_thread(exchange.start)
    await witness.see(LinkUp, exchange_restarted=True)
    for number in ("13800000001", "13800000002", "13800000003"):
        record = await witness.record(number=number, end=CallEnd.CUT_OFF)
        assert record.hung_up_by is Party.EXCHANGE
        assert record.ended_at is not None
        assert abs(record.ended_at - down.at) < timedelta(seconds=1)
    assert len([each for each in witness.records if each.answered_at is not None and each.end is not None]) == 1
    world.call("13800000004", HOTLINE, 1)
    await witness.see(CallEnded)


async def test_a_damaged_event_log_is_named_calls_go_on_and_its_successor_is_read(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP})
    bridge, witness = await connect()
    for number in ("13800000001", "13800000002", "13800000003"):
        world.call(number, HOTLINE, 0.5)
        await witness.ended_record(number)
    damage(exchange.cel_path)
    assert "malformed" in await told(witness, bridge)
    world.call("13800000004", HOTLINE, 0.5)
    arrived = await witness.see(CallArrived, number="13800000004")
    assert (await witness.see(CallEnded, uniqueid=arrived.uniqueid)).end is CallEnd.ANSWERED

    await asyncio.to_thread(exchange.stop, 0)
    await asyncio.to_thread(exchange.start)
    await witness.see(LinkUp, exchange_restarted=True)
    world.call("13800000005", HOTLINE, 0.5)
    await witness.ended_record("13800000005")
    [aside] = exchange.cel_path.parent.glob("master.db.2*[0-9]")
    assert bridge.link.cel_problem.startswith(f"{aside.name}: ")
    aside.unlink()
    while witness.of(CelState)[-1].problem:
        await witness.more()


def damage(cel: Path) -> None:
    """Destroys everything in the event log but its first page."""
    with closing(sqlite3.connect(cel)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = cel.read_bytes()
    cel.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


async def told(witness: Witness, bridge: Bridge) -> str:
    """Why the event log cannot be read, as soon as the bridge says so."""
    while not witness.of(CelState)[-1].problem:
        await witness.more()
    assert witness.of(CelState)[-1].problem == bridge.link.cel_problem
    return bridge.link.cel_problem
