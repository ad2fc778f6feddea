"""The bridge against a stand-in that loses, forges, cuts and refuses; CEL is a real file."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from callbridge.ami_stand_in import AmiStandIn, Received
from callbridge.bridge import Bridge, Fate, OutgoingCall, Pace
from callbridge.errors import ActionRefused, AmiRefused, LinkLost, NotLinked, SpeechFailed, UnsafeValue
from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallOut,
    CallQueued,
    CallRinging,
    CelPosition,
    CelRead,
    LinkDown,
    LinkUp,
    Outcome,
    PhoneReached,
    RingSurveyed,
    Source,
)
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from callbridge.speech import Language
from tests.callbridge.cel_file import CelFile
from tests.callbridge.witness import Witness
from tests.errorlog import ErrorLog

PACE = Pace(answer=0.3, boot=0.3, ping_every=0.1, pong=0.1, retry=0.02, cel_every=0.03, hangup=0.05)
CALL = "main-1772413200.1"
ORDER = OutgoingCall(attempt="a1", number="13900000001", text="您好", language="zh")


def now() -> datetime:
    return datetime.now(UTC)


class Voice:
    """A speech door that needs as long as the test wants."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.asked, self.may_speak = asyncio.Event(), asyncio.Event()
        self.may_speak.set()

    async def say(self, text: str, language: Language) -> Path:
        self.said.append(text)
        self.asked.set()
        await self.may_speak.wait()
        return Path("/prompts/abc.wav")


@pytest.fixture
async def exchange() -> AsyncIterator[AmiStandIn]:
    stand_in = AmiStandIn(secret="right")
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def cel(tmp_path: Path) -> CelFile:
    return CelFile(tmp_path / "master.db")


@pytest.fixture
def voice() -> Voice:
    return Voice()


Make = Callable[..., Bridge]


@pytest.fixture
async def make(
    exchange: AmiStandIn, cel: CelFile, voice: Voice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Make]:
    """A bridge to the stand-in, not started; stopped at the end."""
    monkeypatch.setenv("TOWNLINE_SECRET_AMI", "right")
    monkeypatch.setenv("TOWNLINE_SECRET_AMI_EVENTS", "token")
    async with AsyncExitStack() as stack:

        def build(pace: Pace = PACE) -> Bridge:
            settings = ExchangeSettings(name="main", ami_port=exchange.port)
            bridge = Bridge(settings, Secrets(tmp_path), voice, cel.path, now, pace=pace)
            stack.push_async_callback(bridge.stop)
            return bridge

        yield build


async def arrive(exchange: AmiStandIn, uniqueid: str = CALL, **fields: str) -> None:
    await exchange.say(
        **{
            "Event": "UserEvent",
            "Channel": f"PJSIP/trunk-{uniqueid.rpartition('.')[2]:0>8}",
            "Uniqueid": uniqueid,
            "Linkedid": uniqueid,
            "UserEvent": "TownlineArrived",
            "Token": "token",
            "Number": "13800000001",
            "Name": quote("王秀英奶奶"),
            "Dialled": "02367000000",
            "Emergency": "0",
        }
        | fields
    )


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


async def test_the_listener_gets_one_event_at_a_time(exchange: AmiStandIn, make: Make) -> None:
    inside, witness = 0, Witness()

    async def slow(event: BridgeEvent) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await asyncio.sleep(0.01)
        inside -= 1
        await witness(event)

    await make().start(slow, None)
    calls = [f"main-1772413200.{n}" for n in range(10)]
    await asyncio.gather(*(arrive(exchange, uniqueid) for uniqueid in calls))
    await witness.see(CallArrived, uniqueid=calls[-1])
    assert [each.uniqueid for each in witness.of(CallArrived)] == calls


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


async def test_a_listener_that_fails_misses_one_event_and_not_the_next(
    exchange: AmiStandIn, make: Make, error_log: ErrorLog
) -> None:
    error_log.expect("event.not_taken")
    witness = Witness()

    async def clumsy(event: BridgeEvent) -> None:
        if isinstance(event, CallArrived):
            raise OSError
        await witness(event)

    await make().start(clumsy, None)
    await arrive(exchange)
    await exchange.say(Event="QueueCallerJoin", Uniqueid=CALL, Queue="hotline", Position="1")
    await witness.see(CallQueued)


async def test_a_reading_of_cel_that_the_listener_could_not_keep_comes_again(
    cel: CelFile, make: Make, error_log: ErrorLog
) -> None:
    error_log.expect("event.not_taken")
    witness, failures = Witness(), 2

    async def locked(event: BridgeEvent) -> None:
        nonlocal failures
        if isinstance(event, CelRead) and event.calls and failures:
            failures -= 1
            raise TimeoutError
        await witness(event)

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


async def test_a_wrong_secret_is_said_at_once_and_never_tried_again(
    exchange: AmiStandIn, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWNLINE_SECRET_AMI", "wrong")
    bridge = make()
    with pytest.raises(AmiRefused):
        await bridge.start(Witness(), None)
    await asyncio.sleep(0.1)
    assert exchange.logins == 1
    assert not bridge.link.up


async def test_a_secret_changed_while_we_run_ends_the_attempts_and_is_said(
    exchange: AmiStandIn, make: Make, error_log: ErrorLog
) -> None:
    error_log.expect("link.refused")
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    exchange.secret = "another"
    await exchange.cut()
    await exchange.until("Login", 2)
    await asyncio.sleep(0.1)
    assert exchange.logins == 2
    assert "refused the login" in bridge.link.reason


async def test_no_secret_at_all_is_a_refusal(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOWNLINE_SECRET_AMI")
    with pytest.raises(AmiRefused, match="no secret AMI"):
        await make().start(Witness(), None)


async def test_when_nobody_listens_it_starts_says_so_and_connects_later(exchange: AmiStandIn, make: Make) -> None:
    await exchange.stop()
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await witness.see(LinkDown)
    assert not bridge.link.up
    assert bridge.link.reason
    for command in (bridge.hang_up("a1"), bridge.fate("a1"), bridge.mirror("f", "k", "v"), bridge.call_out(ORDER)):
        with pytest.raises(NotLinked):
            await command
    await asyncio.sleep(0.1)
    await exchange.start()
    up = await witness.see(LinkUp)
    assert up.away_since is None
    assert bridge.link.up
    assert len(witness.of(LinkDown)) == 1


async def test_calls_in_cel_are_reported_while_the_exchange_is_away(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    await exchange.stop()
    witness = Witness()
    await make().start(witness, None)
    cel.arrives(now(), CALL)
    cel.ends(now(), CALL)
    await witness.record(uniqueid=CALL)


async def test_a_silent_exchange_is_noticed_and_the_link_comes_back(exchange: AmiStandIn, make: Make) -> None:
    witness = Witness()
    await make().start(witness, None)
    exchange.silent = True
    down = await witness.see(LinkDown, 2)
    assert "Ping" in down.reason
    exchange.silent = False
    await exchange.cut()
    up = await witness.see(LinkUp, 2, away_since=witness.of(LinkUp)[-1].away_since)
    again = await witness.see(LinkUp, 2, exchange_restarted=False)
    assert again is up or witness.of(LinkUp)[-1].away_since is not None


async def test_a_roll_call_that_is_cut_off_is_tried_again_on_a_new_link(exchange: AmiStandIn, make: Make) -> None:
    exchange.cuts_lists = True
    witness = Witness()
    starting = asyncio.create_task(make().start(witness, None))
    await exchange.until("Login", 2)
    exchange.cuts_lists = False
    await starting
    await witness.see(LinkUp)


async def test_live_events_wait_until_the_state_has_been_rebuilt(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    """What arrives between the login and the end of the roll call comes after what CEL knows."""
    cel.arrives(now(), "main-1772413200.7")

    exchange.before["QueueStatus"] = lambda: arrive(exchange)
    exchange.channels = [channel("main-1772413200.7")]
    witness = Witness()
    await make().start(witness, None)
    await witness.see(CallArrived)
    about_telephones = (PhoneReached, RingSurveyed)
    kinds = [type(event).__name__ for event in witness.events if not isinstance(event, about_telephones)]
    assert kinds[:3] == ["LinkUp", "CelRead", "CallArrived"]


def channel(uniqueid: str, **fields: str) -> dict[str, str]:
    """A row of CoreShowChannels: an incoming call that lasts a minute already."""
    return {
        "Channel": f"PJSIP/trunk-{uniqueid.rpartition('.')[2]:0>8}",
        "ChannelState": "6",
        "CallerIDNum": "13800000001",
        "Context": "townline-call",
        "Uniqueid": uniqueid,
        "Linkedid": uniqueid,
        "BridgeId": "",
        "Duration": "00:01:00",
    } | fields


async def test_a_call_that_only_the_exchanges_list_knows_is_reported_with_all_it_says(
    exchange: AmiStandIn, make: Make
) -> None:
    second = "main-1772413200.5"
    exchange.channels = [
        channel(CALL),
        channel("main-1.2", Channel="PJSIP/801-00000002", Linkedid=CALL, ChannelState="5"),
        channel(second, BridgeId="b1"),
        channel("main-1.6", Channel="PJSIP/802-00000006", Linkedid=second, BridgeId="b1"),
        channel("main-a1", Context="townline-ask"),
    ]
    exchange.callers = [{"Queue": "hotline", "Position": "3", "Uniqueid": CALL, "Wait": "55"}]
    witness = Witness()
    await make().start(witness, None)
    queued = await witness.see(CallQueued)
    assert (queued.queue, queued.position, queued.uniqueid) == ("hotline", 3, CALL)
    assert now() - queued.at > timedelta(seconds=50)
    assert (await witness.see(CallRinging)).extension == "801"
    answered = await witness.see(CallAnswered)
    assert (answered.uniqueid, answered.extension, answered.operator_uniqueid) == (second, "802", "main-1.6")
    assert {each.uniqueid for each in witness.of(CallArrived)} == {CALL, second}
    await exchange.say(Event="AgentConnect", Uniqueid=CALL, Interface="PJSIP/801")
    await witness.see(CallAnswered, uniqueid=CALL)


async def test_a_call_that_ended_during_a_gap_has_its_end_from_cel(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    witness = Witness()
    await make().start(witness, None)
    cel.arrives(now() - timedelta(seconds=5), CALL)
    await arrive(exchange)
    await witness.see(CallArrived)
    exchange.channels = []
    await exchange.cut()
    cel.ends(now(), CALL)
    record = await witness.record(uniqueid=CALL, end=CallEnd.ABANDONED)
    assert record.ended_at is not None
    await witness.see(LinkUp, away_since=witness.of(LinkUp)[-1].away_since)
    assert witness.of(CallEnded) == []


async def test_calls_that_were_alive_when_the_exchange_died_are_cut_off(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    witness = Witness()
    await make().start(witness, None)
    cel.arrives(now() - timedelta(seconds=5), CALL)
    cel.row("ANSWER", now() - timedelta(seconds=5), cel.dials(now() - timedelta(seconds=5), "a1"))
    await witness.record(uniqueid=CALL)
    await arrive(exchange, "main-1772413200.9")  # CEL lost this one
    await witness.see(CallArrived)
    exchange.uptime = 0
    await exchange.cut()
    down = await witness.see(LinkDown)
    await witness.see(LinkUp, exchange_restarted=True)
    record = await witness.record(uniqueid=CALL, end=CallEnd.CUT_OFF)
    assert record.ended_at is not None
    assert abs(record.ended_at - down.at) < timedelta(seconds=1)
    assert (await witness.outcome(attempt="a1")).outcome is Outcome.FAILED
    ended = await witness.see(CallEnded)
    assert ended.end is CallEnd.CUT_OFF
    assert ended.at <= down.at
    assert [each.uniqueid for each in witness.of(CallEnded)] == ["main-1772413200.9"]


async def test_a_call_left_open_by_a_crash_that_nobody_saw_is_cut_off_at_the_next_start(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    cel.arrives(now() - timedelta(hours=2), CALL)
    first = Witness()
    exchange.channels = [channel(CALL)]
    exchange.uptime = 10_000
    bridge = make()
    await bridge.start(first, None)
    await bridge.stop()
    exchange.uptime = 60
    exchange.channels = []
    second = Witness()
    await make().start(second, first.position)
    assert (await second.record(uniqueid=CALL)).end is CallEnd.CUT_OFF


async def test_a_call_without_an_end_in_cel_that_the_living_exchange_does_not_know_is_ended(
    exchange: AmiStandIn, cel: CelFile, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbridge.cel_feed.BETWEEN_STRAGGLERS", 0.001)
    cel.arrives(now() - timedelta(seconds=30), CALL)
    witness = Witness()
    await make().start(witness, None)
    assert (await witness.record(uniqueid=CALL)).end is CallEnd.ABANDONED


async def test_cel_that_is_missing_is_named_and_calls_go_on(exchange: AmiStandIn, cel: CelFile, make: Make) -> None:
    aside = cel.path.with_name("aside")
    cel.path.rename(aside)
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    assert bridge.link.cel_problem == "master.db is missing"
    await arrive(exchange)
    await witness.see(CallArrived)
    aside.rename(cel.path)
    cel.arrives(now(), "main-1772413200.8")
    await witness.record(uniqueid="main-1772413200.8")
    assert bridge.link.cel_problem == ""


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
    async def broken(text: str, language: Language) -> Path:
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


async def test_a_caller_is_moved_when_she_joins_and_when_she_has_joined(exchange: AmiStandIn, make: Make) -> None:
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await arrive(exchange)
    await witness.see(CallArrived)
    await bridge.recognise(CALL, priority=7, name="王秀英奶奶")
    [named] = exchange.of("Setvar")
    assert (named["Variable"], named["Value"]) == (["CALLERID(name)"], ["王秀英奶奶"])
    assert exchange.of("QueueChangePriorityCaller") == []
    await exchange.say(Event="QueueCallerJoin", Uniqueid=CALL, Queue="hotline", Position="3")
    [moved] = await exchange.until("QueueChangePriorityCaller")
    assert (moved["Queue"], moved["Caller"], moved["Priority"], moved["Immediate"]) == (
        ["hotline"],
        ["PJSIP/trunk-00000001"],
        ["7"],
        ["yes"],
    )
    await bridge.recognise(CALL, priority=9, name=None)
    assert len(exchange.of("QueueChangePriorityCaller")) == 2
    exchange.answers["Setvar"] = lambda _: {"Response": "Error", "Message": "No such channel"}
    await bridge.recognise(CALL, priority=None, name="王秀英奶奶")
    with pytest.raises(UnsafeValue):
        await bridge.recognise(CALL, priority=None, name="王\r\n\r\nAction: Originate")


async def test_a_mirrored_fact_is_stored_refused_or_unknown(exchange: AmiStandIn, make: Make) -> None:
    bridge = make()
    await bridge.start(Witness(), None)

    async def say(response: str) -> None:
        originate = exchange.of("Originate")[-1]
        await exchange.say(Event="OriginateResponse", ActionID=originate["ActionID"][0], Response=response)

    for response in ("Success", "Failure"):
        seen = len(exchange.of("Originate"))
        storing = asyncio.create_task(bridge.mirror("townline-emergency", "13800000001", "1"))
        await exchange.until("Originate", seen + 1)
        await say(response)
        if response == "Success":
            await storing
        else:
            with pytest.raises(ActionRefused):
                await storing
    storing = asyncio.create_task(bridge.mirror("townline-emergency", "13800000001", "1"))
    await exchange.until("Originate", 3)
    await exchange.cut()
    with pytest.raises(LinkLost):
        await storing
    with pytest.raises(UnsafeValue):
        await bridge.mirror("townline-emergency", "1", "a,TL_FAMILY=registrar")


@pytest.mark.parametrize(
    "wrong",
    [{"number": "1@evil"}, {"number": "1,2"}, {"number": ""}, {"attempt": "a b"}, {"keys": "1)"}, {"repeat": "33"}],
    ids=str,
)
def test_an_order_that_the_dialplan_would_misread_cannot_be_made(wrong: dict[str, str]) -> None:
    with pytest.raises(UnsafeValue):
        OutgoingCall(**({"attempt": "a1", "number": "139", "text": "您好", "language": "zh"} | wrong))  # type: ignore[arg-type]


async def test_reading_cel_does_not_hold_up_live_events(exchange: AmiStandIn, cel: CelFile, make: Make) -> None:
    """While thousands of rows are read, an event still reaches the listener within milliseconds."""
    witness = Witness()
    await make(Pace(cel_every=0.01)).start(witness, None)
    cel.arrives(now(), CALL)
    for _ in range(11):  # 6,000 rows
        cel.execute(
            "INSERT INTO cel SELECT NULL, eventtype, eventtime, cidnum, exten, context, channame, appname, appdata,"
            " uniqueid || 'x', linkedid, peer, userdeftype, eventextra FROM cel"
        )
    waits: list[float] = []
    for number in range(2, 102):
        uniqueid = f"main-1772413200.{number}"
        begun = time.monotonic()
        await arrive(exchange, uniqueid)
        await witness.see(CallArrived, uniqueid=uniqueid)
        waits.append(time.monotonic() - begun)
    await witness.see(CelRead, position=CelPosition(generation=witness.position.generation, row=3 * 2**11))
    assert sorted(waits)[90] < 0.02
    assert max(waits) < 0.2
