"""The operator's telephone from the keyboard, on a real exchange: who is in a call, and who is told of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from callbridge.errors import ActionRefused
from callbridge.events import (
    CallAnswered,
    CallDialled,
    CallEnd,
    CallEnded,
    CallHeld,
    CallParties,
    CallQueued,
    CallReached,
    CallResumed,
    CallRinging,
    Party,
    PartyJoined,
    PartyLeft,
    PhonePresence,
    PhoneReached,
    PhoneRefuses,
    PhoneTaken,
    PresenceDialled,
    RingSurveyed,
)
from callbridge.exchange import Exchange, running
from tests.patience import SOON
from tests.system.conftest import Connect
from tests.system.town import Town
from tests.system.wav import loudness, tone

pytestmark = pytest.mark.system

HOTLINE, EMERGENCY = "02367000000", "02367000120"
RESIDENT, DAUGHTER, NOBODY = "13800000001", "13900000002", "13900000003"
PICKS_UP = ["Answer", "Wait(30)"]
RINGS = ["Ringing", "Wait(30)"]


async def ring_is(exchange: Exchange, queue: str, *expected: str, seconds: float = SOON) -> None:
    """The members of a queue, waited for; one that is paused has a minus before it."""
    for _ in range(int(seconds / 0.1)):
        shown = await asyncio.to_thread(exchange.console_command, f"queue show {queue}")
        members = sorted(
            ("-" if "(paused" in line else "") + line.strip().partition(" ")[0]
            for line in shown.splitlines()
            if "PJSIP/" in line and "(dynamic)" in line
        )
        if members == sorted(expected):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{members} in {queue}, expected {expected}")


async def trunk_is_up(exchange: Exchange, seconds: float = SOON) -> None:
    """The exchange asks the network whether it is there when it starts, and that was before the town was."""
    for _ in range(int(seconds / 0.2)):
        await asyncio.to_thread(exchange.console_command, "pjsip qualify trunk")
        if "Avail" in await asyncio.to_thread(exchange.console_command, "pjsip show aor trunk"):
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the trunk is not reachable")


async def no_channels(exchange: Exchange, seconds: float = SOON) -> None:
    for _ in range(int(seconds / 0.1)):
        shown = await asyncio.to_thread(running.calls, exchange.tree, exchange.places)
        if not shown:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(shown)


async def test_a_waiting_call_is_taken_held_shared_handed_over_and_ended(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP, "802": PICKS_UP}, subscribers={DAUGHTER: PICKS_UP})
    bridge, witness = await connect()
    await trunk_is_up(exchange)
    desk = bridge.telephone
    for extension in ("801", "802"):
        await desk.set_presence(extension, PhonePresence.BREAK)
    await ring_is(exchange, "hotline", "-801", "-802")
    world.call(RESIDENT, HOTLINE, 40)
    call = (await witness.see(CallQueued)).uniqueid
    await desk.take(call, "801")
    answered = await witness.see(CallAnswered)
    assert (answered.uniqueid, answered.extension) == (call, "801")
    with pytest.raises(ActionRefused):
        await desk.take(call, "802")
    await asyncio.sleep(0.3)

    await desk.hold(call, "801")
    assert (await witness.see(CallHeld)).uniqueid == call
    await desk.resume(call)
    assert (await witness.see(CallResumed)).uniqueid == call

    await desk.bring_in(call, "test-leg-1", number=DAUGHTER)
    joined = await witness.see(PartyJoined)
    assert (joined.uniqueid, joined.leg) == (call, "test-leg-1")
    await desk.drop("test-leg-1")
    assert (await witness.see(PartyLeft)).leg == "test-leg-1"

    await desk.hand_over(call, "test-leg-2", by="801", extension="802")
    await witness.see(PartyJoined, leg="test-leg-2")
    await witness.see(PartyLeft, leg=answered.operator_uniqueid)
    await desk.hold(call, "802")
    await desk.resume(call)
    await asyncio.sleep(0.2)
    await desk.hang_up_call(call)
    ended = await witness.see(CallEnded)
    assert (ended.uniqueid, ended.end, ended.hung_up_by) == (call, CallEnd.ANSWERED, Party.OPERATOR)
    await witness.see(PartyLeft, leg="test-leg-2")
    record = await witness.record(uniqueid=call, end=CallEnd.ANSWERED)
    assert (record.extension, record.operator_uniqueid) == ("801", answered.operator_uniqueid)
    await no_channels(exchange)


async def test_a_taken_call_that_nobody_lifts_goes_back_to_the_head_of_the_queue(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": ["Busy"], "802": RINGS})
    bridge, witness = await connect()
    world.call(RESIDENT, HOTLINE, 20)
    call = (await witness.see(CallQueued)).uniqueid
    world.call("13800000002", HOTLINE, 20)
    second = await witness.see(CallQueued, position=2)
    witness.events.clear()
    await bridge.telephone.take(call, "801")
    again = await witness.see(CallQueued, uniqueid=call)
    assert again.position == 1
    assert not witness.of(CallAnswered)
    assert second.uniqueid != call


async def test_who_is_held_waits_again_when_the_operator_hangs_up_and_nobody_stays_alone_in_a_room(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP}, subscribers={DAUGHTER: PICKS_UP})
    bridge, witness = await connect()
    await trunk_is_up(exchange)
    desk = bridge.telephone
    world.call(RESIDENT, HOTLINE, 40)
    answered = await witness.see(CallAnswered)
    await asyncio.sleep(0.3)
    await desk.bring_in(answered.uniqueid, "test-leg-1", number=DAUGHTER)
    await witness.see(PartyJoined)
    await desk.hold(answered.uniqueid, "801")
    await witness.see(CallHeld)
    witness.events.clear()
    await desk.set_presence("801", PhonePresence.OFF)
    await desk.drop(answered.operator_uniqueid)
    await witness.see(CallQueued, uniqueid=answered.uniqueid)
    await witness.see(PartyLeft, leg="test-leg-1")


async def test_who_is_answered_a_second_time_has_both_conversations_in_one_recording(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP})
    (world.folder / "speech.wav").write_bytes(tone(40))
    bridge, witness = await connect()
    world.call_and_do(RESIDENT, HOTLINE, ["Playback(${SPEECH})"])
    answered = await witness.see(CallAnswered)
    await asyncio.sleep(2)
    await bridge.telephone.hold(answered.uniqueid, "801")
    await witness.see(CallHeld)
    witness.events.clear()
    await bridge.telephone.drop(answered.operator_uniqueid)
    again = await witness.see(CallAnswered)
    assert again.uniqueid == answered.uniqueid
    await asyncio.sleep(2)
    await bridge.telephone.hang_up_call(again.uniqueid)
    ended = await witness.see(CallEnded)
    recording = exchange.places.recordings / ended.recording
    await no_channels(exchange)
    assert recording.stat().st_size > 3.5 * 16_000, "two seconds each"


async def test_when_the_caller_hangs_up_in_a_room_the_operator_is_free(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP})
    bridge, witness = await connect()
    world.call(RESIDENT, HOTLINE, 2)
    answered = await witness.see(CallAnswered)
    await asyncio.sleep(0.3)
    await bridge.telephone.hold(answered.uniqueid, "801")
    await witness.see(CallHeld)
    await bridge.telephone.resume(answered.uniqueid)
    ended = await witness.see(CallEnded)
    assert (ended.end, ended.hung_up_by) == (CallEnd.ANSWERED, Party.CALLER)
    await witness.see(PartyLeft, leg=answered.operator_uniqueid)
    await no_channels(exchange)


async def test_an_operator_calls_somebody_and_both_ends_are_known_to_cel_too(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP, "802": PICKS_UP}, subscribers={DAUGHTER: PICKS_UP, NOBODY: ["Busy"]})
    bridge, witness = await connect()
    await trunk_is_up(exchange)
    desk = bridge.telephone
    await desk.dial("test-dial-1", "801", DAUGHTER)
    reached = await witness.see(CallReached)
    assert reached.uniqueid == "test-dial-1"
    assert "PJSIP/trunk-" in await asyncio.to_thread(exchange.console_command, "core show channels concise")
    await desk.hold("test-dial-1", "801")
    await witness.see(CallHeld, uniqueid="test-dial-1")
    await desk.resume("test-dial-1")
    await witness.see(CallResumed, uniqueid="test-dial-1")
    await desk.hand_over("test-dial-1", "test-leg-1", by="801", extension="802")
    await witness.see(PartyJoined, leg="test-leg-1")
    await witness.see(PartyLeft, leg="test-dial-1")
    assert world is not None


async def test_an_operators_call_ends_as_answered_or_not_reached(
    exchange: Exchange, connect: Connect, town: Callable[..., Town], tmp_path: Path
) -> None:
    """What they say is recorded, and whoever answers is told so before anything else."""
    hears = tmp_path / "hears"
    town(
        telephones={"801": PICKS_UP},
        subscribers={DAUGHTER: ["Answer", f"Record({hears}.wav,0,7,qk)", "Hangup"], NOBODY: ["Busy"]},
    )
    bridge, witness = await connect()
    await trunk_is_up(exchange)
    await bridge.telephone.dial("test-dial-1", "801", DAUGHTER)
    ended = await witness.see(CallEnded, 20, uniqueid="test-dial-1")
    assert (ended.end, ended.hung_up_by) == (CallEnd.ANSWERED, Party.CALLER)
    assert max(loudness(hears.with_suffix(".wav"), 0.2)) > 2000
    assert (exchange.places.recordings / ended.recording).is_file()
    record = await witness.record(uniqueid="test-dial-1", end=CallEnd.ANSWERED)
    assert (record.outgoing, record.recording) == (True, ended.recording)
    assert record.answered_at is not None
    await bridge.telephone.dial("test-dial-2", "801", NOBODY)
    ended = await witness.see(CallEnded, uniqueid="test-dial-2")
    assert ended.end is CallEnd.NOT_REACHED
    await witness.record(uniqueid="test-dial-2", end=CallEnd.NOT_REACHED)
    await bridge.telephone.dial("test-dial-3", "802", DAUGHTER)  # a telephone that is not registered
    ended = await witness.see(CallEnded, uniqueid="test-dial-3")
    assert ended.end is CallEnd.NOT_REACHED


async def test_a_number_dialled_on_the_telephone_itself_is_a_call_and_recorded_without_townline_too(
    exchange: Exchange, connect: Connect, town: Callable[..., Town], tmp_path: Path
) -> None:
    hears = tmp_path / "hears"
    world = town(
        telephones={"801": PICKS_UP},
        subscribers={DAUGHTER: ["Answer", f"Record({hears}.wav,0,7,qk)", "Hangup"], NOBODY: ["Busy"]},
    )
    await trunk_is_up(exchange)
    await asyncio.to_thread(world.dial_from_telephone, "801", NOBODY)
    await no_channels(exchange)
    bridge, witness = await connect()
    missed = await witness.record(number=NOBODY)
    assert (missed.outgoing, missed.extension, missed.end) == (True, "801", CallEnd.NOT_REACHED)
    await asyncio.to_thread(world.dial_from_telephone, "801", DAUGHTER)
    dialled = await witness.see(CallDialled)
    assert (dialled.extension, dialled.number) == ("801", DAUGHTER)
    assert (await witness.see(CallReached)).uniqueid == dialled.uniqueid
    await asyncio.sleep(0.3)
    await bridge.telephone.hold(dialled.uniqueid, "801")
    await witness.see(CallHeld, uniqueid=dialled.uniqueid)
    await bridge.telephone.resume(dialled.uniqueid)
    ended = await witness.see(CallEnded, 20, uniqueid=dialled.uniqueid)
    assert ended.end is CallEnd.ANSWERED
    assert (exchange.places.recordings / ended.recording).is_file()
    assert max(loudness(hears.with_suffix(".wav"), 0.2)) > 2000, "she is told that it is recorded"


async def test_a_supervisor_listens_to_a_call_until_it_ends(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP, "802": PICKS_UP})
    bridge, witness = await connect()
    await bridge.telephone.set_presence("802", PhonePresence.OFF)
    await ring_is(exchange, "hotline", "801")
    world.call(RESIDENT, HOTLINE, 4)
    answered = await witness.see(CallAnswered)
    await bridge.telephone.listen(answered.uniqueid, "test-leg-1", "802", to="801", whisper=True)
    joined = await witness.see(PartyJoined)
    assert (joined.uniqueid, joined.leg) == (answered.uniqueid, "test-leg-1")
    await witness.see(CallEnded)
    await witness.see(PartyLeft, leg="test-leg-1")
    await no_channels(exchange)


async def test_after_a_gap_it_is_told_who_is_in_a_call_and_who_is_in_the_ring(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": PICKS_UP})
    bridge, witness = await connect()
    world.call(RESIDENT, HOTLINE, 30)
    answered = await witness.see(CallAnswered)
    await asyncio.sleep(0.3)
    await bridge.telephone.hold(answered.uniqueid, "801")
    await witness.see(CallHeld)
    await bridge.stop()
    again, heard = await connect()
    parties = await heard.see(CallParties)
    assert (parties.uniqueid, parties.held) == (answered.uniqueid, True)
    assert set(parties.legs) == {answered.uniqueid, answered.operator_uniqueid}
    assert (await heard.see(RingSurveyed)).presences == {"801": PhonePresence.READY, "802": PhonePresence.READY}
    await again.telephone.resume(answered.uniqueid)
    await heard.see(CallResumed)


async def test_a_code_dialled_on_the_telephone_is_told_and_outlives_the_exchange(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    """The whole of it without Townline, but for the witness: the members come back as they were."""
    await ring_is(exchange, "hotline", "801", "802")
    world = town(telephones={"801": RINGS, "802": RINGS})
    _, witness = await connect()
    await asyncio.to_thread(world.dial_from_telephone, "801", "*10")
    await asyncio.to_thread(world.dial_from_telephone, "802", "*12")
    told = await witness.see(PresenceDialled, extension="801")
    assert told.presence is PhonePresence.OFF
    await witness.see(PresenceDialled, extension="802", presence=PhonePresence.BREAK)
    await ring_is(exchange, "hotline", "-802")
    await ring_is(exchange, "emergency", "802")
    await asyncio.to_thread(exchange.stop, 0)
    await asyncio.to_thread(exchange.start)
    await ring_is(exchange, "hotline", "-802")
    await ring_is(exchange, "emergency", "802")


async def test_after_call_work_ends_in_the_exchange_should_nobody_end_it(
    exchange: Exchange, connect: Connect
) -> None:
    bridge, _ = await connect()
    await bridge.telephone.set_presence("801", PhonePresence.AFTER_CALL, -2)
    await ring_is(exchange, "hotline", "-801", "802")
    await ring_is(exchange, "hotline", "801", "802")


async def test_a_telephone_that_rejects_every_ring_is_out_of_it_until_it_is_used(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    """It rejects after 0.7 s, which Asterisk rounds to 0 or to 1000 ms of ringing; the caller waits on."""
    world = town(telephones={"801": ["Ringing", "Wait(0.7)", "Hangup(17)"], "802": ["Ringing", "Wait(60)"]})
    bridge, witness = await connect()
    await bridge.telephone.set_presence("802", PhonePresence.BREAK)
    await ring_is(exchange, "hotline", "801", "-802")
    world.call(RESIDENT, HOTLINE, 30)
    assert (await witness.see(PhoneRefuses)).extension == "801"
    await bridge.telephone.set_presence("801", PhonePresence.REFUSES)
    await ring_is(exchange, "hotline", "-801", "-802")
    await ring_is(exchange, "emergency", "801", "802")
    assert not witness.of(CallEnded)
    again, heard = await connect()
    assert (await heard.see(RingSurveyed)).presences["801"] is PhonePresence.REFUSES
    await asyncio.to_thread(world.dial_from_telephone, "801", "802")
    assert (await heard.see(PhoneTaken)).extension == "801"
    await again.telephone.set_presence("801", PhonePresence.READY)
    await ring_is(exchange, "hotline", "801", "-802")


async def test_a_telephone_that_is_gone_is_told_and_is_rung_again_when_it_is_back(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": RINGS})
    _, witness = await connect()
    await witness.see(PhoneReached, extension="801", reachable=True)
    await asyncio.to_thread(world.console, "pjsip send unregister 801")
    gone = await witness.see(PhoneReached, extension="801", reachable=False)
    witness.events.clear()
    await asyncio.to_thread(world.console, "pjsip send register 801")
    assert (await witness.see(PhoneReached, extension="801", reachable=True)).at > gone.at
    world.call(RESIDENT, HOTLINE, 10)
    await witness.see(CallRinging, extension="801")
