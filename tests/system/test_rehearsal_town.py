"""The rehearsal's town and telephone against a real exchange: who calls is heard, who is called does as it should."""

import asyncio
import socket
import wave
from array import array
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callbridge.exchange import Exchange, phone_account
from dispatch.rehearsal.community import Habits, read_community, subscriber
from dispatch.rehearsal.evidence import Evidence
from dispatch.rehearsal.operator_phone import OperatorPhone
from dispatch.rehearsal.town import Town, TownPlace
from dispatch.rehearsal.witness import Log, Sighting
from tests.patience import SOON
from tests.system.ami import Ami
from tests.system.conftest import free_port, rtp_block
from tests.system.town import NETWORK

pytestmark = pytest.mark.system

COMMUNITY = read_community()
HABITS = {
    "+8619300234001": Habits(sms="silent", voice="accept", seconds=0.2),
    "+862367008002": Habits(sms="silent", voice="decline", seconds=0.2),
    "+862367008003": Habits(sms="silent", voice="busy", seconds=0),
    "+862367008004": Habits(sms="silent", voice="repeat", seconds=1),
}


@pytest.fixture
async def town_of_robots(exchange: Exchange, tmp_path: Path) -> AsyncIterator[Town]:
    settings = exchange.settings
    place = TownPlace(
        directory=tmp_path / "town",
        address=NETWORK,
        port=int(settings.trunk.provider.rpartition(":")[2]),
        ami_port=free_port(socket.SOCK_STREAM, NETWORK),
        rtp_ports=rtp_block(),
        trunk_address=str(settings.trunk.address),
        trunk_port=settings.trunk.port,
    )
    town = Town(exchange.tree, place, Log(tmp_path / "robots" / "town.jsonl"))
    await town.start(HABITS)
    yield town
    await town.stop()


@pytest.fixture
async def telephone(exchange: Exchange, tmp_path: Path) -> AsyncIterator[OperatorPhone]:
    phone = OperatorPhone(
        exchange.tree,
        phone_account(exchange.settings, exchange.secrets, "801"),
        tmp_path / "telephone",
        control_port=free_port(socket.SOCK_STREAM),
        greeting=exchange.speech.say_now("您好，邻里热线。", "zh"),
        log=Log(tmp_path / "robots" / "801.jsonl"),
        answer_after=None,
    )
    await phone.start()
    yield phone
    await phone.stop()


async def seen(log: Log, accept: Callable[[Sighting], bool], seconds: float = SOON) -> Sighting:
    async with asyncio.timeout(seconds):
        while (found := log.find(accept)) is None:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    return found


def loudness(recording: Path) -> int:
    """The loudest sample, of 32767."""
    with wave.open(str(recording), "rb") as file:
        return max(map(abs, array("h", file.readframes(file.getnframes()))), default=0)


async def test_a_resident_is_heard_by_the_operator_and_three_witnesses_agree(
    exchange: Exchange, town_of_robots: Town, telephone: OperatorPhone, tmp_path: Path
) -> None:
    resident = COMMUNITY.resident("王䶮")
    line = resident.lines[0]
    sentence = exchange.speech.say_now(COMMUNITY.sentences[resident.asks], "zh")
    began = datetime.now(UTC)
    await town_of_robots.call(line.number, line.shown, "02367000000", sentence, call="town-test-1")

    phone_log = Log(tmp_path / "robots" / "801.jsonl")
    rings = await seen(phone_log, lambda each: each.what == "rings")
    assert rings.number == line.shown
    await telephone.answer()
    await seen(phone_log, lambda each: each.what == "answered")
    await seen(town_of_robots.log, lambda each: each.what == "speaks" and each.call == "town-test-1")
    await asyncio.sleep(4)
    await telephone.hang_up()
    left = await seen(town_of_robots.log, lambda each: each.what == "left")

    await seen(phone_log, lambda each: each.what == "left")

    assert left.number == subscriber(line.number)
    # The waiting music is much softer than her voice, and she goes on after it has stopped.
    assert loudness(tmp_path / "telephone" / "heard.wav") > 8000
    evidence = Evidence(exchange.cel_path, exchange.queue_log_path, {"town": town_of_robots.log})
    arrived = evidence.cel(lambda row: row["eventtype"] == "CHAN_START" and row["cidnum"] == line.shown)
    connected = evidence.queue(lambda row: row.event == "CONNECT" and row.member == "801")
    spoke = evidence.robot("town", lambda each: each.what == "speaks")
    assert arrived is not None
    assert connected is not None
    assert spoke is not None
    for witness in (arrived, spoke):
        assert began <= witness.at <= began + timedelta(seconds=20)


async def test_merchants_press_decline_are_busy_or_unknown_as_they_were_told(
    exchange: Exchange, town_of_robots: Town, ami: Ami
) -> None:
    prompt = exchange.speech.say_now("有一单送药，接单请按一，不接请按二。", "zh").with_suffix("")
    asked = {
        "accept": "+8619300234001",
        "decline": "02367008002",
        "busy": "2367008003",
        "repeat": "862367008004",
        "unknown": "+8619900000000",
    }
    for name, number in asked.items():
        ami.originate(
            Channel=f"PJSIP/{number}@trunk",
            ChannelId=f"{exchange.settings.name}-{name}",
            Context="townline-ask",
            Exten="s",
            Variable=[
                f"TL_ATTEMPT={name}",
                f"TL_PROMPT={prompt}",
                "TL_KEYS=12",
                "TL_REPEAT=3",
                "TL_TRIES=3",
            ],
        )
    keys = {name: await asyncio.to_thread(_key, ami, name) for name in ("accept", "decline", "repeat")}
    assert keys == {"accept": "1", "decline": "2", "repeat": "1"}

    def told(number: str) -> list[tuple[str, str]]:
        return [(each.what, each.detail) for each in town_of_robots.log.read() if each.number == subscriber(number)]

    await seen(town_of_robots.log, lambda each: each.what == "left" and each.number == "2367008004")
    ours = exchange.settings.trunk.caller_id
    assert told(asked["accept"])[:3] == [("rang", ours), ("answered", ""), ("presses", "1")]
    assert told(asked["decline"])[:3] == [("rang", ours), ("answered", ""), ("presses", "2")]
    assert [each for each in told(asked["repeat"]) if each[0] == "presses"] == [("presses", "3"), ("presses", "1")]
    assert told(asked["busy"]) == [("rang", ours), ("left", "17")]
    assert told(asked["unknown"]) == [("rang", ours), ("left", "1")]


async def test_a_habit_can_be_changed_while_the_town_lives(
    exchange: Exchange, town_of_robots: Town, ami: Ami
) -> None:
    await town_of_robots.set_habit("+8619300234001", "decline", 0.2)
    ami.originate(
        Channel="PJSIP/19300234001@trunk",
        Context="townline-ask",
        Exten="s",
        Variable=["TL_ATTEMPT=changed", "TL_PROMPT=silence", "TL_KEYS=12", "TL_REPEAT=3", "TL_TRIES=9"],
    )
    pressed = await seen(town_of_robots.log, lambda each: each.what == "presses")
    assert pressed.detail == "2"


def _key(ami: Ami, attempt: str) -> str:
    return ami.wait("TownlineKey", 20, Attempt=attempt)["Key"]
