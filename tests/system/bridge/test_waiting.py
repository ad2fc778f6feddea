"""The bridge and callers who wait, say nothing or are heard again: on a real exchange."""

import asyncio
from collections.abc import Callable

import pytest

from callbridge.bridge import Pace
from callbridge.events import CallAnswered, CallEnd, CallEnded, CallerChose, CallQueued, CallSilent, Choice
from callbridge.exchange import Exchange
from tests.system.bridge.telephones import HOTLINE, PICKS_UP, RINGS
from tests.system.conftest import Connect
from tests.system.town import Town
from tests.system.wav import loudness, tone

pytestmark = pytest.mark.system

CALLER = "13800000001"
A_WORD = 2.0  # seconds: the time for a first word here


@pytest.fixture
def pace() -> Pace:
    return Pace(cel_every=0.2, retry=0.2, voice=A_WORD)


async def test_a_choice_is_reported_at_once_and_cel_says_the_same(
    connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": RINGS})
    _, witness = await connect()
    world.call_and_do(CALLER, HOTLINE, ["Wait(3)", "SendDTMF(1)", "Wait(20)"])
    chose = await witness.see(CallerChose)
    assert (chose.choice, chose.digit, chose.file) == (Choice.CALL_BACK, "", "")
    ended = await witness.see(CallEnded)
    assert ended.end is CallEnd.CALL_BACK
    record = await witness.record(uniqueid=chose.uniqueid, end=CallEnd.CALL_BACK)
    assert (record.choice, record.digit, record.recording) == (Choice.CALL_BACK, "", "")


async def test_who_says_nothing_after_the_answer_is_reported(connect: Connect, town: Callable[..., Town]) -> None:
    world = town(telephones={"801": PICKS_UP})
    _, witness = await connect()
    world.call(CALLER, HOTLINE, 8)
    answered = await witness.see(CallAnswered)
    silent = await witness.see(CallSilent)
    assert silent.uniqueid == answered.uniqueid
    assert (silent.at - answered.at).total_seconds() >= A_WORD - 0.1


async def test_who_speaks_is_not_silent_and_is_recorded(connect: Connect, town: Callable[..., Town]) -> None:
    world = town(telephones={"801": PICKS_UP})
    (world.folder / "speech.wav").write_bytes(tone(1.5))
    _, witness = await connect()
    world.call_and_do(CALLER, HOTLINE, ["Wait(0.5)", "Playback(${SPEECH})", "Wait(2)"])
    ended = await witness.see(CallEnded)
    assert witness.of(CallQueued)
    assert witness.of(CallSilent) == []
    record = await witness.record(uniqueid=ended.uniqueid, end=CallEnd.ANSWERED)
    assert ended.recording == record.recording == f"{ended.uniqueid.replace('.', '-')}.wav"


async def test_a_recording_is_played_on_the_operators_own_telephone(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": ["Answer", "Record(${HEARD}.wav,0,2.5,qk)"]})
    (exchange.places.recordings / "test-1-1.wav").write_bytes(tone(1.5))
    world.console(f"dialplan set global HEARD {world.folder}/played")
    bridge, _ = await connect()
    await bridge.play("801", "test-1-1.wav")
    await asyncio.sleep(4)
    world.stop()
    assert max(loudness(world.folder / "played.wav", 0.2)) > 2000
