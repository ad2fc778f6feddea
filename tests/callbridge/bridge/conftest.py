"""A bridge to a stand-in that loses, forges, cuts and refuses; CEL is a real file."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from callbridge.bridge import Bridge, OutgoingCall, Pace
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from callbridge.speech import Language
from callbridge.standin.ami import AmiStandIn
from tests.callbridge.cel_file import CelFile

PACE = Pace(answer=0.3, boot=0.3, ping_every=0.1, pong=0.1, retry=0.02, cel_every=0.03, hangup=0.05)
CALL = "main-1772413200.1"
ORDER = OutgoingCall(attempt="a1", number="13900000001", text="您好", language="zh")


def now() -> datetime:
    return datetime.now(UTC)


class Voice:
    """A speech door that needs as long as the test wants."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.kept: set[str] = set()  # the calls for which a sound is there
        self.asked, self.may_speak = asyncio.Event(), asyncio.Event()
        self.may_speak.set()

    async def say(self, text: str, language: Language, *, call: str) -> Path:
        self.said.append(text)
        self.asked.set()
        await self.may_speak.wait()
        self.kept.add(call)
        return Path("/prompts/abc.wav")

    def unsay(self, call: str) -> None:
        self.kept.discard(call)


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
