"""Our own calls that ask for one digit, to merchants who do as merchants do."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from callbridge.exchange import Exchange
from tests.system.ami import Ami, Message
from tests.system.town import Town
from tests.system.wav import tone

pytestmark = pytest.mark.system

MERCHANT = "13900000001"
CHANNEL = "test-01JATTEMPT"
PROMPT_SECONDS = 1.0


def ask(exchange: Exchange, ami: Ami, number: str = MERCHANT, *, seconds: int = 20, **changes: str) -> str:
    """Call a merchant the way Townline does; the ActionID of the Originate."""
    prompt = exchange.places.directory / "offer"
    prompt.with_suffix(".wav").write_bytes(tone(PROMPT_SECONDS))
    variables = {
        "TL_ATTEMPT": "01JATTEMPT",
        "TL_PROMPT": str(prompt),
        "TL_KEYS": "12",
        "TL_REPEAT": "3",
        "TL_TRIES": "2",
    } | changes
    return ami.originate(
        Channel=f"PJSIP/{number}@trunk",
        Context="townline-ask",
        Exten="s",
        ChannelId=CHANNEL,
        CallerID="02367000000",
        Timeout=str(1000 * seconds),
        Variable=[f"{key}={value}" for key, value in variables.items()],
    )


def assert_one_result(exchange: Exchange, ami: Ami, result: str, key: str) -> Message:
    """Exactly one result, in AMI and in the event log alike, and nothing after the call's end; the result's event."""
    event = ami.wait("TownlineKey", 20)
    assert event["Token"] == exchange.secrets.get("AMI_EVENTS")
    assert (event["Attempt"], event["Result"], event["Key"]) == ("01JATTEMPT", result, key)
    assert abs(time.time() - int(event["Answered"])) < 20
    hangup = ami.wait("Hangup", 20, Uniqueid=CHANNEL)
    assert hangup["Cause"] == "16"
    assert len(ami.named("TownlineKey")) == 1
    answered = event["Answered"]
    assert kept(exchange, "TOWNLINE_KEY") == [
        f'{{"extra":"attempt=01JATTEMPT|result={result}|key={key}|answered={answered}"}}'
    ]
    return event


def kept(exchange: Exchange, kind: str) -> list[str]:
    until = time.monotonic() + 5
    rows: list[str] = []
    while not rows and time.monotonic() < until:
        with closing(sqlite3.connect(f"file:{exchange.cel_path}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT eventextra FROM cel WHERE userdeftype = ?", (kind,))
            rows = [row[0] for row in found]
        time.sleep(0.05)
    return rows


@pytest.mark.parametrize(("key", "name"), [("1", "accepts"), ("2", "declines")])
def test_a_merchant_who_presses_a_key_is_heard_at_once(
    exchange: Exchange, ami: Ami, town: Callable[..., Town], key: str, name: str
) -> None:
    world = town(subscribers={MERCHANT: ["Answer", "Wait(1)", f"SendDTMF({key})", f"NoOp({name})", "Wait(20)"]})
    ask(exchange, ami)
    event = assert_one_result(exchange, ami, "key", key)
    thanked = float(ami.wait("Hangup", Uniqueid=CHANNEL)["Timestamp"]) - float(event["Timestamp"])
    assert thanked > 1, "the key was not confirmed by a spoken phrase"
    assert f'"{name}") in new stack' in world.log


def test_a_merchant_may_have_the_job_repeated_before_he_accepts(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(subscribers={MERCHANT: ["Answer", "Wait(1)", "SendDTMF(3)", "Wait(1.5)", "SendDTMF(1)", "Wait(20)"]})
    ask(exchange, ami)
    assert_one_result(exchange, ami, "key", "1")


def test_a_key_pressed_in_the_first_half_second_counts(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(subscribers={MERCHANT: ["Answer", "Wait(0.15)", "SendDTMF(1)", "Wait(20)"]})
    ask(exchange, ami, TL_TRIES="1", TL_WAIT="2")
    assert_one_result(exchange, ami, "key", "1")


def test_another_key_is_no_answer_and_the_job_is_repeated(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(subscribers={MERCHANT: ["Answer", "Wait(1)", "SendDTMF(*)", "Wait(1.5)", "SendDTMF(7)", "Wait(20)"]})
    ask(exchange, ami, TL_WAIT="2")
    assert_one_result(exchange, ami, "no_key", "")


def test_silence_is_no_acceptance(exchange: Exchange, ami: Ami, town: Callable[..., Town]) -> None:
    town(subscribers={MERCHANT: ["Answer", "Wait(30)"]})
    ask(exchange, ami, TL_TRIES="1", TL_WAIT="2")
    assert_one_result(exchange, ami, "no_key", "")


def test_a_merchant_who_hangs_up_in_the_middle_has_not_accepted(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(subscribers={MERCHANT: ["Answer", "Wait(0.7)", "Hangup"]})
    ask(exchange, ami)
    assert_one_result(exchange, ami, "no_key", "")


def test_a_merchant_who_hangs_up_right_after_the_key_has_accepted(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(subscribers={MERCHANT: ["Answer", "Wait(1)", "SendDTMF(1)", "Wait(0.2)", "Hangup"]})
    ask(exchange, ami)
    assert_one_result(exchange, ami, "key", "1")


@pytest.mark.parametrize(
    ("steps", "cause"),
    [(["Busy"], "17"), (["Hangup(21)"], "21"), (["Hangup(1)"], "1"), (["Congestion"], "34")],
)
def test_a_call_that_is_not_answered_says_why_in_its_hangup(
    exchange: Exchange, ami: Ami, town: Callable[..., Town], steps: list[str], cause: str
) -> None:
    town(subscribers={MERCHANT: steps})
    action = ask(exchange, ami)
    assert ami.wait("OriginateResponse", ActionID=action)["Response"] == "Failure"
    assert ami.wait("Hangup", Uniqueid=CHANNEL)["Cause"] == cause
    assert not ami.named("TownlineKey")


def test_a_merchant_who_lets_it_ring_ends_with_no_answer(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    town(subscribers={MERCHANT: ["Ringing", "Wait(30)"]})
    action = ami.originate(
        Channel=f"PJSIP/{MERCHANT}@trunk",
        Context="townline-ask",
        Exten="s",
        ChannelId="test-01JRINGS",
        Timeout="1000",
    )
    assert ami.wait("OriginateResponse", ActionID=action)["Response"] == "Failure"
    assert ami.wait("Hangup", Uniqueid="test-01JRINGS")["Cause"] in {"19", "0", "127", "16"}


def test_a_trunk_that_does_not_answer_fails_the_call_and_says_so(exchange: Exchange, ami: Ami) -> None:
    action = ask(exchange, ami, seconds=1)
    assert ami.wait("OriginateResponse", 3, ActionID=action)["Response"] == "Failure"


def test_a_trunk_that_was_thought_to_be_away_is_called_all_the_same(
    exchange: Exchange, ami: Ami, town: Callable[..., Town]
) -> None:
    ami.wait("ContactStatus", EndpointName="trunk", ContactStatus="Unreachable")
    town(subscribers={MERCHANT: ["Answer", "Wait(1)", "SendDTMF(1)", "Wait(20)"]})
    ask(exchange, ami)
    assert_one_result(exchange, ami, "key", "1")
