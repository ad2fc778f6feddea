"""Nobody answers or is there, and Townline is dead: the exchange alone brings a caller to a human or a recorder."""

import time
from collections.abc import Callable

import pytest

from callbridge.exchange import Exchange
from callbridge.settings import ExchangeSettings
from tests.system.ami import Ami
from tests.system.town import Town
from tests.system.wav import loudness, tone

pytestmark = pytest.mark.system

HOTLINE, EMERGENCY = "02367000000", "02367000120"
RESIDENT = "13800000001"
SUPERVISOR, ON_CALL, FALLBACK = "13900000001", "13900000002", "13900000009"

PICKS_UP = ["Answer", "Wait(20)"]
RINGS = ["Ringing", "Wait(20)", "Hangup(19)"]
PRESSES = ["Answer", "Wait(1)", "SendDTMF(5)", "Wait(1.5)", "Hangup"]
MAILBOX = ["Answer", "Wait(30)"]
QUICK = 0.3  # seconds that every phrase lasts here


@pytest.fixture
def exchange_settings(exchange_settings: ExchangeSettings) -> ExchangeSettings:
    return exchange_settings.model_copy(update={"emergency_seconds": 2, "fallback_number": FALLBACK})


@pytest.fixture
def configured_exchange(configured_exchange: Exchange) -> Exchange:
    """A centre that speaks quickly, so that the tests do."""
    place = configured_exchange.places.sounds / "zh"
    for name in ("hotline-greeting", "forwarding", "sorry", "emergency-waiting", "fallback-ask", "message-kept"):
        (place / f"{name}.wav").write_bytes(tone(QUICK))
    return configured_exchange


@pytest.fixture
def world_of(ami: Ami, town: Callable[..., Town]) -> Callable[..., Town]:
    """The town, with the trunk known to be up."""

    def build(**parts: dict[str, list[str]]) -> Town:
        world = town(**parts)
        trunk_is_up(world.exchange)
        return world

    return build


def trunk_is_up(exchange: Exchange) -> None:
    """The exchange asked the network whether it is there when it started, and that was before the town was."""
    until = time.monotonic() + 8
    while "Avail" not in exchange.console_command("pjsip show aor trunk"):
        assert time.monotonic() < until
        exchange.console_command("pjsip qualify trunk")
        time.sleep(0.2)


def call_of(ami: Ami) -> str:
    return ami.wait("TownlineArrived", Number=RESIDENT)["Uniqueid"]


def test_where_no_telephone_is_there_a_caller_does_not_wait_and_a_mailbox_is_nobody(
    exchange: Exchange, ami: Ami, world_of: Callable[..., Town]
) -> None:
    world = world_of(subscribers={FALLBACK: MAILBOX})
    (world.folder / "speech.wav").write_bytes(tone(2))
    world.call_and_do(RESIDENT, HOTLINE, ["Wait(13)", "Playback(${SPEECH})"])
    assert ami.wait("TownlineEnded", 30, Call=call_of(ami))["End"] == "message"
    assert not ami.named("TownlineForwarded")
    file = ami.wait("TownlineChosen", Call=call_of(ami))["File"]
    assert max(loudness(exchange.places.recordings / file, 0.2)) > 2000


def test_a_telephone_that_was_away_for_a_moment_rings_all_the_same(
    ami: Ami, world_of: Callable[..., Town], exchange: Exchange
) -> None:
    (exchange.places.sounds / "zh" / "hotline-greeting.wav").write_bytes(tone(3))
    world = world_of(telephones={"801": PICKS_UP})
    for telephone in ("801", "802"):
        exchange.console_command(f"queue remove member PJSIP/{telephone} from hotline")
    world.call(RESIDENT, HOTLINE, 20)
    ami.wait("QueueCallerLeave", Uniqueid=call_of(ami))
    world.dial_from_telephone("801", "*11")
    assert ami.wait("AgentConnect", Uniqueid=call_of(ami))["MemberName"] == "801"


def test_the_fallback_number_takes_a_call_by_pressing_a_key(ami: Ami, world_of: Callable[..., Town]) -> None:
    world = world_of(subscribers={FALLBACK: PRESSES})
    world.call(RESIDENT, HOTLINE, 30)
    assert ami.wait("TownlineForwarded", 15, Call=call_of(ami))
    ended = ami.wait("TownlineEnded", 15, Call=call_of(ami))
    assert (ended["End"], ended["HungUpBy"], ended["Recording"] != "") == ("forwarded", "operator", True)


def test_a_button_that_no_operator_answers_is_taken_by_whoever_outside_presses_a_key_first(
    ami: Ami, world_of: Callable[..., Town]
) -> None:
    ami.store("townline-fallback", "1", SUPERVISOR)
    ami.store("townline-fallback", "2", ON_CALL)
    world = world_of(telephones={"801": RINGS}, subscribers={SUPERVISOR: MAILBOX, ON_CALL: PRESSES, FALLBACK: RINGS})
    world.call(RESIDENT, EMERGENCY, 60)
    call = call_of(ami)
    assert ami.wait("AgentCalled", Uniqueid=call)["Interface"] == "PJSIP/801"
    assert ami.wait("TownlineForwarded", 15, Call=call)
    ended = ami.wait("TownlineEnded", 15, Call=call)
    assert (ended["End"], ended["HungUpBy"]) == ("forwarded", "operator")
    for number in (SUPERVISOR, FALLBACK):
        assert f"Executing [{number}@subscribers:1]" in world.log, "all of them ring at the same time"


def test_a_button_with_nobody_logged_in_rings_every_telephone_and_the_supervisor_at_once(
    ami: Ami, world_of: Callable[..., Town], exchange: Exchange
) -> None:
    ami.store("townline-fallback", "1", SUPERVISOR)
    world = world_of(telephones={"801": PICKS_UP}, subscribers={SUPERVISOR: RINGS, FALLBACK: RINGS})
    for telephone in ("801", "802"):
        for queue in ("hotline", "emergency"):
            exchange.console_command(f"queue remove member PJSIP/{telephone} from {queue}")
    world.call(RESIDENT, EMERGENCY, 4)
    assert ami.wait("TownlineAnswered", Call=call_of(ami))["Extension"] == "801"
    assert ami.wait("TownlineEnded", 15, Call=call_of(ami))["End"] == "answered"


def test_a_button_is_never_given_up_and_never_told_that_we_are_sorry(
    ami: Ami, world_of: Callable[..., Town], exchange: Exchange
) -> None:
    world = world_of(subscribers={FALLBACK: ["Busy"]})
    world.call(RESIDENT, EMERGENCY, 6)
    ended = ami.wait("TownlineEnded", 20, Call=call_of(ami))
    assert (ended["End"], ended["HungUpBy"]) == ("abandoned", "caller")
    rounds = len([each for each in ami.named("QueueCallerJoin") if each["Queue"] == "emergency"])
    assert 3 <= rounds <= 6, "again and again, and not as fast as the machine can"
    assert not ami.named("TownlineChosen")
    assert "sorry" not in exchange.console_command("core show channels concise")
