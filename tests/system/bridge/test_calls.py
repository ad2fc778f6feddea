"""What the bridge reports of calls over real SIP, and what it does for who is waiting."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from callbridge.errors import AmiRefused
from callbridge.events import (
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallOut,
    CallQueued,
    CallRinging,
    Party,
    PhoneReached,
)
from callbridge.exchange import Exchange
from tests.system.ami import Ami
from tests.system.bridge.telephones import HOTLINE, PICKS_UP, RINGS
from tests.system.conftest import Connect
from tests.system.test_exchange_intruders import FORGED_HANGUP, FORGED_KEY, Stranger, forms
from tests.system.town import Town, sipp

pytestmark = pytest.mark.system


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
    world = town(telephones={"801": RINGS})
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
    world = town(telephones={"801": RINGS})
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
