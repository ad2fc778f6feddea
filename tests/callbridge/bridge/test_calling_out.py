"""Outgoing calls: dialled once, withdrawn, failed, asked about, and never to an emergency service."""

import asyncio
from pathlib import Path

import pytest

from callbridge.bridge import Fate, OutgoingCall
from callbridge.errors import ActionRefused, LinkLost, SpeechFailed, UnsafeValue
from callbridge.events import CallOut, Outcome, Source
from callbridge.speech import Language
from callbridge.standin.ami import AmiStandIn, Received
from tests.callbridge.bridge.conftest import ORDER, Make, Voice, channel, now
from tests.callbridge.cel_file import CelFile
from tests.callbridge.witness import Witness


async def test_a_call_out_says_everything_the_dialplan_needs(exchange: AmiStandIn, make: Make, voice: Voice) -> None:
    bridge = make()
    await bridge.start(Witness(), None)
    await bridge.call_out(ORDER)
    [originate] = await exchange.until("Originate")
    del originate["ActionID"]
    assert originate == {
        "Action": ["Originate"],
        "Channel": ["PJSIP/13900000001@trunk"],
        "ChannelId": ["main-a1"],
        "Context": ["townline-ask"],
        "Exten": ["s"],
        "Priority": ["1"],
        "Timeout": ["30000"],
        "CallerID": ["02367000000"],
        "Async": ["true"],
        "Variable": [
            "TL_ATTEMPT=a1",
            "TL_PROMPT=/prompts/abc",
            "TL_KEYS=12",
            "TL_REPEAT=3",
            "TL_TRIES=3",
            "TL_REPLY=key",
        ],
    }
    assert voice.said == ["您好"]
    with pytest.raises(ActionRefused, match="under way"):
        await bridge.call_out(ORDER)


async def test_a_call_out_whose_link_breaks_is_unknown_and_not_dialled_again(
    exchange: AmiStandIn, make: Make
) -> None:
    exchange.answers["Originate"] = lambda _: None
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    calling = asyncio.create_task(bridge.call_out(ORDER))
    await exchange.until("Originate")
    await exchange.cut()
    with pytest.raises(LinkLost):
        await calling
    await exchange.until("Login", 2)
    await exchange.until("Ping")
    assert len(exchange.of("Originate")) == 1
    exchange.channels = [channel("main-a1", Context="townline-ask")]
    assert await bridge.fate("a1") is Fate.UNDER_WAY


async def test_a_call_out_that_the_exchange_refuses_did_not_happen(exchange: AmiStandIn, make: Make) -> None:
    exchange.answers["Originate"] = lambda _: {"Response": "Error", "Message": "Extension does not exist."}
    bridge = make()
    await bridge.start(Witness(), None)
    with pytest.raises(ActionRefused, match="does not exist"):
        await bridge.call_out(ORDER)
    del exchange.answers["Originate"]
    await bridge.call_out(ORDER)


async def test_without_a_voice_nobody_is_called(exchange: AmiStandIn, make: Make, voice: Voice) -> None:
    async def broken(text: str, language: Language, *, call: str) -> Path:
        raise SpeechFailed("no sound")

    voice.say = broken  # type: ignore[method-assign]
    bridge = make()
    await bridge.start(Witness(), None)
    with pytest.raises(SpeechFailed):
        await bridge.call_out(ORDER)
    assert exchange.of("Originate") == []


async def test_a_call_withdrawn_while_its_text_is_being_spoken_is_never_dialled(
    exchange: AmiStandIn, make: Make, voice: Voice
) -> None:
    voice.may_speak.clear()
    bridge = make()
    await bridge.start(Witness(), None)
    calling = asyncio.create_task(bridge.call_out(ORDER))
    await voice.asked.wait()
    await bridge.hang_up("a1")
    voice.may_speak.set()
    with pytest.raises(ActionRefused, match="withdrawn"):
        await calling
    assert exchange.of("Originate") == exchange.of("Hangup") == []
    assert voice.kept == set()


async def test_what_is_said_in_a_call_is_there_until_it_has_ended(
    exchange: AmiStandIn, make: Make, voice: Voice
) -> None:
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await bridge.call_out(ORDER)
    assert voice.kept == {"a1"}
    await exchange.say(Event="Hangup", Uniqueid="main-a1", ChannelState="5", Cause="17")
    await witness.see(CallOut, attempt="a1")
    assert voice.kept == set()


async def test_what_was_said_in_a_call_that_only_the_event_log_saw_end_goes_too(
    exchange: AmiStandIn, cel: CelFile, make: Make, voice: Voice
) -> None:
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await bridge.call_out(ORDER)
    cel.hangs_up(now(), cel.dials(now(), "a1"), 19)
    await witness.outcome(attempt="a1")
    assert voice.kept == set()


async def test_an_order_that_was_refused_leaves_nothing_that_was_to_be_said(
    exchange: AmiStandIn, make: Make, voice: Voice
) -> None:
    exchange.answers["Originate"] = lambda _: {"Response": "Error", "Message": "Extension does not exist."}
    bridge = make()
    await bridge.start(Witness(), None)
    with pytest.raises(ActionRefused):
        await bridge.call_out(ORDER)
    assert (voice.said, voice.kept) == (["您好"], set())


async def test_a_hangup_before_the_channel_is_there_is_tried_again(exchange: AmiStandIn, make: Make) -> None:
    tries = 0

    def not_yet(_: Received) -> dict[str, str]:
        nonlocal tries
        tries += 1
        return {"Response": "Error", "Message": "No such channel"} if tries < 4 else {"Response": "Success"}

    exchange.answers["Hangup"] = not_yet
    bridge = make()
    await bridge.start(Witness(), None)
    await bridge.call_out(ORDER)
    await bridge.hang_up("a1")
    assert [each["Channel"] for each in exchange.of("Hangup")] == [["main-a1"]] * 4
    tries = 0
    await bridge.hang_up("never-ordered")
    assert tries == 1


async def test_an_originate_that_made_no_channel_has_failed(exchange: AmiStandIn, make: Make) -> None:
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await bridge.call_out(ORDER)
    await failed_originate(exchange)
    out = await witness.see(CallOut, attempt="a1")
    assert (out.outcome, out.cause, out.source) == (Outcome.FAILED, 0, Source.AMI)


async def test_an_originate_refused_because_its_channel_lives_already_is_no_failure(
    exchange: AmiStandIn, make: Make
) -> None:
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await bridge.call_out(ORDER)
    exchange.channels = [channel("main-a1", Context="townline-ask")]
    await failed_originate(exchange)
    await exchange.until("CoreShowChannels", 2)
    await asyncio.sleep(0.05)
    assert witness.of(CallOut) == []


async def test_a_busy_call_is_busy_though_the_originate_only_says_failure(exchange: AmiStandIn, make: Make) -> None:
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await bridge.call_out(ORDER)
    await failed_originate(exchange)
    await exchange.say(Event="Hangup", Uniqueid="main-a1", ChannelState="5", Cause="17")
    assert (await witness.see(CallOut)).outcome is Outcome.BUSY
    await asyncio.sleep(0.1)
    assert len(witness.of(CallOut)) == 1


async def failed_originate(exchange: AmiStandIn) -> None:
    [originate] = exchange.of("Originate")
    await exchange.say(
        Event="OriginateResponse",
        ActionID=originate["ActionID"][0],
        Response="Failure",
        Reason="0",
        Uniqueid="<unknown>",
    )


async def test_the_fate_of_an_attempt_nobody_saw_and_of_one_in_cel(
    cel: CelFile, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbridge.control.BETWEEN_LOOKS", 0.001)
    bridge = make()
    await bridge.start(Witness(), None)
    assert await bridge.fate("a1") is Fate.NEVER_SEEN
    uniqueid = cel.dials(now(), "a1")
    dead = await bridge.fate("a1")
    assert isinstance(dead, CallOut)
    assert dead.outcome is Outcome.FAILED, "begun, not alive, without an end: its exchange died"
    cel.hangs_up(now(), uniqueid, 19)
    ended = await bridge.fate("a1")
    assert isinstance(ended, CallOut)
    assert ended.outcome is Outcome.NO_ANSWER


@pytest.mark.parametrize(
    "wrong",
    [{"number": "1@evil"}, {"number": "1,2"}, {"number": ""}, {"attempt": "a b"}, {"keys": "1)"}, {"repeat": "33"}],
    ids=str,
)
def test_an_order_that_the_dialplan_would_misread_cannot_be_made(wrong: dict[str, str]) -> None:
    with pytest.raises(UnsafeValue):
        OutgoingCall(**({"attempt": "a1", "number": "139", "text": "您好", "language": "zh"} | wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["120", "110", "119", "122", "0120", "023120", "86120", "+86110", "+8623120"])
def test_a_robot_never_calls_an_emergency_service(number: str) -> None:
    with pytest.raises(UnsafeValue):
        OutgoingCall(attempt="a1", number=number, text="您好", language="zh")


@pytest.mark.parametrize("number", ["12345", "12119", "96120", "02367000120", "+8613900000110", "+862367000119"])
def test_a_number_that_only_ends_like_one_is_a_number_like_any_other(number: str) -> None:
    assert OutgoingCall(attempt="a1", number=number, text="您好", language="zh").number == number
