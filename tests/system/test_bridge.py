"""The bridge on a real exchange: what is reported of calls over real SIP, and what is kept when either side dies."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callbridge.bridge import Bridge, Fate, OutgoingCall, Pace
from callbridge.errors import ActionRefused, AmiRefused
from callbridge.events import (
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallOut,
    CallQueued,
    CallRinging,
    CelPosition,
    LinkDown,
    LinkUp,
    Outcome,
    Party,
    PhoneReached,
)
from callbridge.exchange import Exchange
from tests.callbridge.witness import Witness
from tests.system.ami import Ami
from tests.system.test_exchange_intruders import FORGED_HANGUP, FORGED_KEY, Stranger, forms
from tests.system.town import Town, sipp

pytestmark = pytest.mark.system

HOTLINE = "02367000000"
PICKS_UP = ["Answer", "Wait(20)"]
RINGS = ["Ringing", "Wait(20)"]
PRESSES_1 = ["Answer", "Wait(1)", "SendDTMF(1)", "Wait(10)"]
PRESSES_2 = ["Answer", "Wait(1)", "SendDTMF(2)", "Wait(10)"]

Connect = Callable[..., Awaitable[tuple[Bridge, Witness]]]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def connect(exchange: Exchange) -> AsyncIterator[Connect]:
    """A bridge and what it has reported: `await connect(cel_from)`."""
    async with AsyncExitStack() as stack:

        async def build(cel_from: CelPosition | None = None) -> tuple[Bridge, Witness]:
            bridge = Bridge(
                exchange.settings,
                exchange.secrets,
                exchange.speech,
                exchange.cel_path,
                now,
                pace=Pace(cel_every=0.2, retry=0.2),
            )
            witness = Witness()
            await bridge.start(witness, cel_from)
            stack.push_async_callback(bridge.stop)
            return bridge, witness

        yield build


async def test_an_answered_call_is_reported_step_by_step_and_cel_says_the_same(
    connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": RINGS, "802": PICKS_UP})
    bridge, witness = await connect()
    world.call("13800000001", HOTLINE, 1.5, name="Wang")
    ended = await witness.see(CallEnded)
    arrived, [answered] = witness.of(CallArrived)[0], witness.of(CallAnswered)
    assert (arrived.number, arrived.name, arrived.dialled, arrived.emergency) == (
        "13800000001",
        "Wang",
        HOTLINE,
        False,
    )
    steps = witness.kinds(arrived.uniqueid)
    assert [step for step in steps if step not in ("CallRinging", "CallRangOut")] == [
        "CallArrived",
        "CallQueued",
        "CallAnswered",
        "CallEnded",
    ]
    assert {each.extension for each in witness.of(CallRinging)} >= {"802"}
    assert (answered.extension, ended.end, ended.hung_up_by, ended.cause) == (
        "802",
        CallEnd.ANSWERED,
        Party.CALLER,
        16,
    )
    record = await witness.record(uniqueid=arrived.uniqueid, end=CallEnd.ANSWERED)
    assert (record.number, record.name, record.dialled) == ("13800000001", "Wang", HOTLINE)
    assert (record.extension, record.operator_uniqueid) == ("802", answered.operator_uniqueid)
    assert (record.hung_up_by, record.cause) == (Party.CALLER, 16)
    for hint, truth in (
        (arrived.at, record.at),
        (witness.of(CallQueued)[0].at, record.queued_at),
        (answered.at, record.answered_at),
        (ended.at, record.ended_at),
    ):
        assert truth is not None
        assert abs(hint - truth) < timedelta(seconds=0.1)
    assert bridge.link.up
    assert bridge.link.lag < timedelta(seconds=0.2)


async def test_a_caller_who_gives_up_has_abandoned_the_call(connect: Connect, town: Callable[..., Town]) -> None:
    world = town(telephones={"801": RINGS})
    _, witness = await connect()
    world.call("13800000001", HOTLINE, 1)
    ended = await witness.see(CallEnded)
    assert (ended.end, ended.hung_up_by) == (CallEnd.ABANDONED, Party.CALLER)
    assert witness.kinds(ended.uniqueid)[-2:] == ["CallRangOut", "CallEnded"]
    record = await witness.record(uniqueid=ended.uniqueid, end=CallEnd.ABANDONED)
    assert (record.answered_at, record.extension) == (None, None)


async def test_telephones_that_register_and_leave_are_told(connect: Connect, town: Callable[..., Town]) -> None:
    _, witness = await connect()
    assert {each.extension: each.reachable for each in witness.of(PhoneReached)} == {"801": False, "802": False}
    world = town(telephones={"801": RINGS})
    await witness.see(PhoneReached, extension="801", reachable=True)
    witness.events.clear()
    await asyncio.to_thread(world.console, "pjsip send unregister *all")
    await witness.see(PhoneReached, extension="801", reachable=False)


async def test_a_recognised_caller_moves_to_the_head_and_her_name_is_shown(
    connect: Connect, town: Callable[..., Town], ami: Ami, exchange: Exchange
) -> None:
    world = town()
    bridge, witness = await connect()
    for number in ("13800000001", "13800000002", "13800000003"):
        world.call(number, HOTLINE, 20)
        await witness.see(CallArrived, number=number)
    third = witness.of(CallArrived)[2]
    await witness.see(CallQueued, uniqueid=third.uniqueid)
    await bridge.recognise(third.uniqueid, priority=5, name="王秀英奶奶")
    queue = await asyncio.to_thread(exchange.console_command, "queue show hotline")
    assert f"1. {third.channel}" in queue
    name = ami.action("Getvar", Channel=third.channel, Variable="CALLERID(name)")
    assert name["Value"] == "王秀英奶奶"


async def test_a_call_is_reported_to_its_end_under_a_name_of_any_script(
    exchange: Exchange, town: Callable[..., Town], connect: Connect
) -> None:
    world = town(telephones={"801": PICKS_UP})
    bridge, witness = await connect()
    await witness.see(PhoneReached, extension="801", reachable=True)

    async def recognise() -> None:
        arrived = await witness.see(CallArrived)
        await bridge.recognise(arrived.uniqueid, priority=3, name="王秀英奶奶 𠮷")

    recognising = asyncio.create_task(recognise())
    world.call("13800000001", HOTLINE, 1)
    await recognising
    ended = await witness.see(CallEnded)
    assert ended.end is CallEnd.ANSWERED
    assert "CallAnswered" in witness.kinds(ended.uniqueid)


async def test_a_caller_recognised_before_she_joins_the_queue_moves_up_as_well(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town()
    bridge, witness = await connect()
    world.call("13800000001", HOTLINE, 20)
    await witness.see(CallQueued)

    async def recognise_at_once() -> None:
        arrived = await witness.see(CallArrived, number="13800000002")
        await bridge.recognise(arrived.uniqueid, priority=9, name=None)

    recognising = asyncio.create_task(recognise_at_once())
    world.call("13800000002", HOTLINE, 20)
    await recognising
    second = await witness.see(CallArrived, number="13800000002")
    await witness.see(CallQueued, uniqueid=second.uniqueid)
    for _ in range(50):
        queue = await asyncio.to_thread(exchange.console_command, "queue show hotline")
        if f"1. {second.channel}" in queue:
            break
    assert f"1. {second.channel}" in queue


async def test_a_call_that_is_gone_cannot_be_recognised_and_that_is_no_error(
    connect: Connect, town: Callable[..., Town]
) -> None:
    bridge, witness = await connect()
    town().call("13800000001", HOTLINE, 0.5)
    ended = await witness.see(CallEnded)
    await bridge.recognise(ended.uniqueid, priority=5, name="王秀英")
    await bridge.recognise("test-1.1", priority=5, name="王秀英")


SUBSCRIBERS = {
    "13900000001": (PRESSES_1, Outcome.KEY, "1"),
    "13900000002": (PRESSES_2, Outcome.KEY, "2"),
    "13900000003": (["Answer", "Wait(2)", "Hangup"], Outcome.NO_KEY, ""),
    "13900000004": (["Busy"], Outcome.BUSY, ""),
    "13900000005": (RINGS, Outcome.NO_ANSWER, ""),
    "13900000006": (["Hangup(1)"], Outcome.INVALID, ""),
    "13900000007": (["Hangup(21)"], Outcome.REJECTED, ""),
    "13900000008": (["Congestion"], Outcome.CONGESTED, ""),
    "13900000009": (["Hangup(27)"], Outcome.UNREACHABLE, ""),
}


async def test_an_outgoing_call_has_one_outcome_on_which_ami_and_cel_agree(
    connect: Connect, town: Callable[..., Town]
) -> None:
    town(subscribers={number: steps for number, (steps, _, _) in SUBSCRIBERS.items()})
    bridge, witness = await connect()
    for number in SUBSCRIBERS:
        await bridge.call_out(
            OutgoingCall(attempt=f"a{number}", number=number, text="Press one.", language="en", ring_seconds=3)
        )
    for number, (_, outcome, key) in SUBSCRIBERS.items():
        hint = await witness.see(CallOut, attempt=f"a{number}")
        truth = await witness.outcome(attempt=f"a{number}")
        fate = await bridge.fate(f"a{number}")
        assert isinstance(fate, CallOut)
        assert [(each.outcome, each.key) for each in (hint, truth, fate)] == [(outcome, key)] * 3, number
        assert (truth.answered_at is not None) == (outcome in (Outcome.KEY, Outcome.NO_KEY)), number
    assert (len(witness.of(CallOut)), len(witness.outcomes)) == (len(SUBSCRIBERS), len(SUBSCRIBERS))


async def test_the_fate_of_an_attempt_is_known_before_during_and_after(
    connect: Connect, town: Callable[..., Town]
) -> None:
    town(subscribers={"13900000001": RINGS})
    bridge, witness = await connect()
    assert await bridge.fate("a1") is Fate.NEVER_SEEN
    await bridge.call_out(OutgoingCall(attempt="a1", number="13900000001", text="Hello.", language="en"))
    assert await bridge.fate("a1") is Fate.UNDER_WAY
    with pytest.raises(ActionRefused):
        await bridge.call_out(OutgoingCall(attempt="a1", number="13900000001", text="Hello.", language="en"))
    await bridge.hang_up("a1")
    await witness.see(CallOut, attempt="a1")
    await asyncio.sleep(0.3)
    assert isinstance(await bridge.fate("a1"), CallOut)


async def test_an_attempt_ordered_twice_by_two_processes_is_dialled_once(
    connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(subscribers={"13900000001": RINGS})
    order = OutgoingCall(attempt="a1", number="13900000001", text="Hello.", language="en")
    first, _ = await connect()
    second, witness = await connect()
    await first.call_out(order)
    await world_rings(world)
    await second.call_out(order)
    await asyncio.sleep(2)  # the second Originate has failed, and it has been asked why
    assert not witness.of(CallOut)
    assert await second.fate("a1") is Fate.UNDER_WAY


async def world_rings(world: Town) -> None:
    await asyncio.to_thread(world.wait_log, "Ringing")


async def test_a_call_is_withdrawn_at_once_after_it_was_ordered(connect: Connect, town: Callable[..., Town]) -> None:
    town(subscribers={"13900000001": RINGS})
    bridge, witness = await connect()
    await bridge.call_out(OutgoingCall(attempt="a1", number="13900000001", text="Hello.", language="en"))
    await bridge.hang_up("a1")
    out = await witness.see(CallOut, 3, attempt="a1")
    assert out.answered_at is None


async def test_a_mirrored_fact_is_in_the_exchanges_database_and_can_be_taken_back(
    exchange: Exchange, connect: Connect
) -> None:
    bridge, _ = await connect()
    await bridge.mirror("townline-emergency", "13800000001", "1")
    assert "/townline-emergency/13800000001" in exchange.console_command("database show")
    await bridge.mirror("townline-emergency", "13800000001", "")
    assert "/townline-emergency/13800000001" not in exchange.console_command("database show")
    with pytest.raises(ActionRefused):
        await bridge.mirror("registrar", "801", "1")


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
        cwd=Path(__file__).parents[2],
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


async def test_of_many_calls_at_once_every_one_is_reported_and_recorded(
    exchange: Exchange, connect: Connect, tmp_path: Path
) -> None:
    bridge, witness = await connect()
    await asyncio.to_thread(sipp, exchange, HOTLINE, calls=80, rate=40, seconds=0.5, folder=tmp_path)
    arrived = {each.uniqueid for each in witness.of(CallArrived)}
    assert len(arrived) == 80
    for uniqueid in arrived:
        await witness.see(CallEnded, uniqueid=uniqueid)
        await witness.record(uniqueid=uniqueid, end=CallEnd.ABANDONED)
    assert bridge.link.waiting == bridge.link.refused == 0


@pytest.mark.parametrize("forged", [FORGED_KEY, FORGED_HANGUP], ids=["a key pressed", "a hangup"])
async def test_whatever_a_stranger_writes_as_his_number_he_is_one_caller(
    exchange: Exchange, connect: Connect, forged: str
) -> None:
    _, witness = await connect()
    stranger = Stranger(exchange.settings.trunk)
    with closing(stranger.socket):
        for user in forms(forged):
            await asyncio.to_thread(stranger.call, user)
    for user in forms(forged):
        arrived = await witness.see(CallArrived, number=user[:79])
        await witness.see(CallEnded, uniqueid=arrived.uniqueid)
        record = await witness.record(uniqueid=arrived.uniqueid, end=CallEnd.ABANDONED)
        assert record.number == arrived.number
    assert len(witness.of(CallArrived)) == len(forms(forged))
    assert witness.of(CallOut) == witness.outcomes == []


async def test_the_exchange_refuses_a_wrong_secret(
    exchange: Exchange, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWNLINE_SECRET_AMI", "wrong")
    with pytest.raises(AmiRefused, match="Authentication failed"):
        await connect()
