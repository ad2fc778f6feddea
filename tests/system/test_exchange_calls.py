"""Calls from the public network, over real SIP: what the exchange does with them and what it says about them."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from callbridge.exchange import Exchange
from callbridge.settings import ExchangeSettings
from tests.system.ami import Ami
from tests.system.town import Town
from tests.system.wav import loudness, tone

pytestmark = pytest.mark.system

HOTLINE, EMERGENCY = "02367000000", "02367000120"
RESIDENT = "13800000001"

PICKS_UP = ["Answer", "Wait(20)"]
HANGS_UP_AFTER_A_SECOND = ["Answer", "Wait(1)", "Hangup"]
APOLOGY_SECONDS = 1.5
RINGS = ["Ringing", "Wait(20)", "Hangup(19)"]


@pytest.fixture
def exchange_settings(exchange_settings: ExchangeSettings) -> ExchangeSettings:
    return exchange_settings.model_copy(update={"queue_seconds": 2})


@pytest.fixture
def configured_exchange(configured_exchange: Exchange) -> Exchange:
    """A centre that has recorded its own, short apology."""
    (configured_exchange.places.sounds / "zh" / "sorry.wav").write_bytes(tone(APOLOGY_SECONDS))
    assert configured_exchange.configure() == [], "a person's recording is not overwritten"
    return configured_exchange


def cel(exchange: Exchange, kind: str) -> dict[str, str]:
    """What the event log keeps of the one user event of that kind."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        with closing(sqlite3.connect(f"file:{exchange.cel_path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT eventextra FROM cel WHERE userdeftype = ?", (kind,)).fetchall()
        if rows:
            assert len(rows) == 1
            pairs = rows[0][0].removeprefix('{"extra":"').removesuffix('"}').split("|")
            return dict(pair.split("=", 1) for pair in pairs)
        time.sleep(0.05)
    raise AssertionError(f"no {kind} in the event log")


def assert_ended(exchange: Exchange, ami: Ami, end: str, by: str) -> None:
    """AMI and the event log agree, and both were told once."""
    event = ami.wait("TownlineEnded", 20)
    assert (event["End"], event["HungUpBy"], event["Cause"]) == (end, by, "16")
    assert event["Call"] == ami.wait("TownlineArrived")["Uniqueid"]
    assert event["Token"] == exchange.secrets.get("AMI_EVENTS")
    assert cel(exchange, "TOWNLINE_ENDED") == {"end": end, "by": by, "cause": "16", "recording": event["Recording"]}
    assert len(ami.named("TownlineEnded")) == 1


def test_a_call_rings_every_telephone_and_is_reported_until_the_caller_hangs_up(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(telephones={"801": RINGS, "802": PICKS_UP}).call(RESIDENT, HOTLINE, 1)
    arrived = ami.wait("TownlineArrived")
    call = arrived["Uniqueid"]
    assert call.startswith("test-")
    assert (arrived["Number"], arrived["Dialled"], arrived["Emergency"]) == (RESIDENT, HOTLINE, "0")
    assert arrived["Token"] == exchange.secrets.get("AMI_EVENTS")
    assert cel(exchange, "TOWNLINE_ARRIVED") == {
        "number": RESIDENT,
        "name": "",
        "dialled": HOTLINE,
        "emergency": "0",
    }
    assert ami.wait("QueueCallerJoin", Uniqueid=call)["Queue"] == "hotline"
    assert {ami.wait("AgentCalled", Interface=f"PJSIP/{each}")["Uniqueid"] for each in ("801", "802")} == {call}
    assert ami.wait("AgentConnect", Uniqueid=call)["MemberName"] == "802"
    assert_ended(exchange, ami, "answered", "caller")


def test_an_operator_who_hangs_up_is_named_as_the_one_who_did(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(telephones={"801": HANGS_UP_AFTER_A_SECOND}).call(RESIDENT, HOTLINE, 20)
    assert_ended(exchange, ami, "answered", "operator")


def test_a_caller_who_gives_up_while_it_rings_has_abandoned_the_call(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(telephones={"801": RINGS}).call(RESIDENT, HOTLINE, 1)
    assert_ended(exchange, ami, "abandoned", "caller")


def test_a_call_nobody_answers_is_told_so_and_has_timed_out(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": RINGS})
    world.call(RESIDENT, HOTLINE, 6, listens=True)
    assert_ended(exchange, ami, "timed_out", "caller")
    left = float(ami.wait("QueueCallerLeave")["Timestamp"]) - float(ami.wait("TownlineArrived")["Timestamp"])
    world.stop()
    apology = loudness(world.heard, 0.1)[round(10 * left) + 2 : round(10 * left) + 12]
    assert min(apology) > 4000, apology


def test_a_waiting_caller_is_greeted_at_once_and_never_hears_silence(ami: Ami, town: Callable[..., Town]) -> None:
    world = town(telephones={"801": RINGS})
    world.call(RESIDENT, HOTLINE, 2, listens=True)
    ami.wait("TownlineEnded")
    world.stop()
    heard = loudness(world.heard, 0.5)
    assert len(heard) >= 3
    assert min(heard) > 200, f"silence on the line: {heard}"


def test_a_button_rings_every_telephone_even_those_in_a_call(ami: Ami, town: Callable[..., Town]) -> None:
    world = town(telephones={"801": PICKS_UP, "802": RINGS})
    world.call(RESIDENT, HOTLINE, 20)
    ami.wait("AgentConnect", MemberName="801")
    world.call("13800000002", EMERGENCY, 5)
    arrived = ami.wait("TownlineArrived", Emergency="1")
    assert arrived["Dialled"] == EMERGENCY
    assert ami.wait("QueueCallerJoin", Uniqueid=arrived["Uniqueid"])["Queue"] == "emergency"
    assert ami.wait("AgentConnect", Uniqueid=arrived["Uniqueid"])["MemberName"] == "801"


def test_telephones_in_a_call_do_not_ring_for_the_hotline(ami: Ami, town: Callable[..., Town]) -> None:
    world = town(telephones={"801": PICKS_UP})
    world.call(RESIDENT, HOTLINE, 20)
    ami.wait("AgentConnect", MemberName="801")
    world.call("13800000002", HOTLINE, 12)
    second = ami.wait("TownlineArrived", Number="13800000002")["Uniqueid"]
    ami.wait("TownlineEnded", 20, Call=second, End="timed_out")
    assert not [each for each in ami.named("AgentCalled") if each["Uniqueid"] == second]


@pytest.mark.parametrize(
    "shown", ["13800000001", "013800000001", "8613800000001", "+8613800000001", "008613800000001"]
)
def test_the_mirrored_numbers_hold_however_the_network_writes_the_caller(
    ami: Ami, town: Callable[..., Town], shown: str
) -> None:
    for family, key, value in (
        ("townline-emergency", "13800000001", "1"),
        ("townline-emergency", "8613800000001", "1"),
        ("townline-priority", "13800000001", "7"),
        ("townline-priority", "8613800000001", "7"),
    ):
        ami.store(family, key, value)
    world = town(telephones={"801": RINGS})
    world.call("13800000002", EMERGENCY, 10)
    ami.wait("QueueCallerJoin", CallerIDNum="13800000002")
    world.call(shown, HOTLINE, 10)
    arrived = ami.wait("TownlineArrived", Emergency="1", Dialled=HOTLINE)
    assert arrived["Number"] == shown.replace("+", "%2B")
    joined = ami.wait("QueueCallerJoin", Uniqueid=arrived["Uniqueid"])
    assert (joined["Queue"], joined["Position"]) == ("emergency", "1"), (
        "the priority puts it before who waited longer"
    )


def test_a_mirrored_number_can_be_taken_back(ami: Ami, town: Callable[..., Town]) -> None:
    ami.store("townline-emergency", RESIDENT, "1")
    ami.store("townline-emergency", RESIDENT, "")
    town().call(RESIDENT, HOTLINE, 1)
    assert ami.wait("TownlineArrived")["Emergency"] == "0"


def test_no_other_family_of_the_database_can_be_written(exchange: Exchange, ami: Ami) -> None:
    response = ami.store("registrar/contact", "801", "1")
    assert response == "Failure"
    assert "/registrar/contact/801" not in exchange.console_command("database show")


@pytest.mark.parametrize("dialled", ["02399999999", "+8602367000000", "*12#", "a.b"])
def test_whatever_number_the_network_sends_the_call_waits_in_the_queue(
    ami: Ami, town: Callable[..., Town], dialled: str
) -> None:
    town().call(RESIDENT, dialled, 1)
    assert ami.wait("TownlineArrived")["Dialled"] == "".join(sign for sign in dialled if sign in "0123456789+*#")
    assert ami.wait("QueueCallerJoin")["Queue"] == "hotline"


def test_an_operator_calls_the_police_a_resident_and_a_colleague_by_hand(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    world = town(
        subscribers={"110": HANGS_UP_AFTER_A_SECOND, RESIDENT: ["NoOp(${CALLERID(num)})", "Answer", "Wait(1)"]},
        telephones={"801": PICKS_UP, "802": HANGS_UP_AFTER_A_SECOND},
    )
    for number, context in (("110", "subscribers"), (RESIDENT, "subscribers"), ("802", "telephones")):
        world.dial_from_telephone("801", number)
        world.wait_log(f"Executing [{number}@{context}:2]")
    assert f'"{HOTLINE}") in new stack' in world.log, "the resident sees the centre's number"
