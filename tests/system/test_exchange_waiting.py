"""Callers who wait while everybody is talking: what they hear, and what each key does."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from callbridge.exchange import Exchange
from tests.system.ami import Ami
from tests.system.town import Town
from tests.system.wav import loudness, tone

pytestmark = pytest.mark.system

HOTLINE, EMERGENCY = "02367000000", "02367000120"
TALKING, NEXT, CALLER = "13800000009", "13800000001", "13800000002"
SPEAKS = "Playback(${SPEECH})"
QUICK = 0.2  # seconds that every phrase lasts in these tests
HEARD_HER_PLACE = 1.0

Wait = Callable[[list[str]], str]


@pytest.fixture
def configured_exchange(configured_exchange: Exchange) -> Exchange:
    """A centre that speaks quickly, so that the tests do."""
    place = configured_exchange.places.sounds / "zh"
    for name in ("queue-place", "digits/2", "queue-in-line", "choice-call-back", "choice-message", "choice-ordered"):
        (place / f"{name}.wav").write_bytes(tone(QUICK))
    for name in ("choice-back", "message-kept", "order-menu"):
        (place / f"{name}.wav").write_bytes(tone(QUICK))
    return configured_exchange


@pytest.fixture
def world(ami: Ami, town: Callable[..., Town]) -> Town:
    """One operator, who is talking, and somebody who is next."""
    world = town(telephones={"801": ["Answer", "Wait(60)"]})
    (world.folder / "speech.wav").write_bytes(tone(1.5))
    world.call(TALKING, HOTLINE, 40)
    ami.wait("AgentConnect")
    world.call(NEXT, HOTLINE, 40)
    ami.wait("QueueCallerJoin", CallerIDNum=NEXT)
    return world


@pytest.fixture
def waits(world: Town, ami: Ami) -> Wait:
    """Another caller waits, hears her place and does these steps; her call."""

    def wait(steps: list[str]) -> str:
        world.call_and_do(CALLER, HOTLINE, [f"Wait({HEARD_HER_PLACE})", *steps])
        return ami.wait("TownlineArrived", Number=CALLER)["Uniqueid"]

    return wait


def result(exchange: Exchange, ami: Ami, call: str) -> tuple[str, str, str, str]:
    """How the call ended and what was chosen, by digit and file: told once each, in AMI and the event log alike."""
    ended = ami.wait("TownlineEnded", 20, Call=call)
    chosen = [each for each in ami.named("TownlineChosen") if each["Call"] == call]
    assert len(chosen) <= 1
    assert all(each["Token"] == exchange.secrets.get("AMI_EVENTS") for each in chosen)
    said = [f"choice={each['Choice']}|digit={each['Digit']}|file={each['File']}" for each in chosen]
    until = time.monotonic() + 5
    while (kept := rows(exchange, call)) is None and time.monotonic() < until:
        time.sleep(0.05)
    assert kept == said
    choice, digit, file = (chosen[0][key] for key in ("Choice", "Digit", "File")) if chosen else ("", "", "")
    return ended["End"], choice, digit, file


def rows(exchange: Exchange, call: str) -> list[str] | None:
    """What the event log keeps of her choices; None while her call has no end there."""
    with closing(sqlite3.connect(f"file:{exchange.cel_path}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT userdeftype, eventextra FROM cel WHERE uniqueid = ?", (call,)).fetchall()
    if "TOWNLINE_ENDED" not in [kind for kind, _ in found]:
        return None
    return [extra.removeprefix('{"extra":"').removesuffix('"}') for kind, extra in found if kind == "TOWNLINE_CHOSEN"]


def test_who_waits_behind_somebody_hears_that_and_then_music(world: Town, ami: Ami) -> None:
    world.call(CALLER, HOTLINE, 2, listens=True)
    call = ami.wait("TownlineArrived", Number=CALLER)["Uniqueid"]
    ami.wait("TownlineEnded", Call=call)
    world.stop()
    assert min(loudness(world.heard, 0.5)) > 200, "silence on the line"


def test_key_one_asks_to_be_called_back(exchange: Exchange, ami: Ami, waits: Wait) -> None:
    assert result(exchange, ami, waits(["SendDTMF(1)", "Wait(5)"])) == ("call_back", "call_back", "", "")


def test_a_key_twice_and_a_hang_up_at_once_are_one_result(exchange: Exchange, ami: Ami, waits: Wait) -> None:
    assert result(exchange, ami, waits(["SendDTMF(11)", "Wait(0.05)"])) == ("call_back", "call_back", "", "")


def test_keys_that_mean_nothing_leave_her_waiting(exchange: Exchange, ami: Ami, waits: Wait) -> None:
    call = waits(["SendDTMF(9*#0)", "Wait(0.5)"])
    assert result(exchange, ami, call) == ("abandoned", "", "", "")


def test_a_message_is_kept_when_she_hangs_up(exchange: Exchange, ami: Ami, waits: Wait) -> None:
    call = waits(["SendDTMF(2)", "Wait(1)", SPEAKS, "Wait(0.1)"])
    file = f"{call.replace('.', '-')}-message.wav"
    assert result(exchange, ami, call) == ("message", "message", "", file)
    assert max(loudness(exchange.places.recordings / file, 0.2)) > 2000


def test_a_message_ends_with_the_hash_key(exchange: Exchange, ami: Ami, waits: Wait) -> None:
    call = waits(["SendDTMF(2)", "Wait(1)", SPEAKS, "SendDTMF(#)", "Wait(5)"])
    assert result(exchange, ami, call)[:2] == ("message", "message")


def test_who_says_nothing_has_left_no_message(exchange: Exchange, ami: Ami, waits: Wait) -> None:
    call = waits(["SendDTMF(2)", "Wait(0.3)"])
    assert result(exchange, ami, call) == ("abandoned", "", "", "")


def test_a_service_is_ordered_by_its_key(exchange: Exchange, ami: Ami, waits: Wait) -> None:
    ami.store("townline-orders", "4", "1")
    assert result(exchange, ami, waits(["SendDTMF(3)", "Wait(0.6)", "SendDTMF(4)", "Wait(5)"])) == (
        "ordered",
        "order",
        "4",
        "",
    )


def test_a_service_that_is_not_offered_and_a_hang_up_in_the_menu_order_nothing(
    exchange: Exchange, ami: Ami, waits: Wait
) -> None:
    ami.store("townline-orders", "4", "1")
    call = waits(["SendDTMF(3)", "Wait(0.6)", "SendDTMF(5)", "Wait(0.5)"])
    assert result(exchange, ami, call) == ("abandoned", "", "", "")


def test_who_comes_back_from_the_services_has_kept_her_place(
    exchange: Exchange, ami: Ami, world: Town, waits: Wait
) -> None:
    call = waits(["SendDTMF(3)", "Wait(2)", "SendDTMF(0)", "Wait(5)"])
    ami.wait("QueueCallerLeave", Uniqueid=call)
    world.call("13800000003", HOTLINE, 20)
    last = ami.wait("TownlineArrived", Number="13800000003")["Uniqueid"]
    assert ami.wait("QueueCallerJoin", Uniqueid=last)["Position"] == "2"
    until = time.monotonic() + 10
    joins: list[str] = []
    while len(joins) < 2 and time.monotonic() < until:
        joins = [each["Position"] for each in ami.named("QueueCallerJoin") if each["Uniqueid"] == call]
        time.sleep(0.05)
    assert joins == ["2", "2"]


def test_there_is_no_menu_in_an_emergency(exchange: Exchange, ami: Ami, world: Town) -> None:
    world.call_and_do(CALLER, EMERGENCY, ["Wait(0.5)", "SendDTMF(123)", "Wait(0.5)"])
    call = ami.wait("TownlineArrived", Number=CALLER)["Uniqueid"]
    assert result(exchange, ami, call)[1] == ""


def test_a_conversation_is_recorded_unless_the_disk_is_full(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": ["Answer", "Wait(2)", "Hangup"]})
    (world.folder / "speech.wav").write_bytes(tone(1.5))
    world.call_and_do(CALLER, HOTLINE, [SPEAKS, "Wait(20)"])
    first = ami.wait("TownlineArrived", Number=CALLER)["Uniqueid"]
    kept = ami.wait("TownlineEnded", Call=first)["Recording"]
    assert kept == f"{first.replace('.', '-')}.wav"
    until = time.monotonic() + 5
    while not (exchange.places.recordings / kept).is_file() and time.monotonic() < until:
        time.sleep(0.05)
    assert (exchange.places.recordings / kept).stat().st_size > 8000
    ami.store("townline-recording", "0", "1")
    world.call(NEXT, HOTLINE, 20)
    second = ami.wait("TownlineArrived", Number=NEXT)["Uniqueid"]
    assert ami.wait("TownlineEnded", Call=second)["Recording"] == ""
