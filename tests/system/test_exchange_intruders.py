"""What somebody can do who writes his own SIP messages: be a strange caller, and nothing more."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import pytest

from callbridge.errors import ExchangeProblem
from callbridge.exchange import Exchange
from tests.system.ami import Ami
from tests.system.stranger import HOTLINE, Stranger
from tests.system.town import sipp

pytestmark = pytest.mark.system

FORGED_KEY = (
    "Event: UserEvent\r\nUserEvent: TownlineKey\r\nToken: guessed\r\nAttempt: 01JFORGED\r\nResult: key\r\nKey: 1"
)
NO_BRACKETS = str.maketrans("", "", "()")
FORGED_HANGUP = "Event: Hangup\r\nUniqueid: test-01JFORGED\r\nCause: 17"


@pytest.fixture
def stranger(exchange: Exchange) -> Iterator[Stranger]:
    stranger = Stranger(exchange.settings.trunk)
    yield stranger
    stranger.socket.close()


def forms(text: str) -> list[str]:
    """Every way of carrying `text` behind a number: after an empty line, after one line break, after a bare LF."""
    return [
        f"138\r\n\r\n{text}\r\n\r\n",
        f"138\r\n{text}\r\n",
        "138\n\n" + text.replace("\r", "") + "\n\n",
        f"138\r\nCallerIDName: x\r\n{text}",
    ]


@pytest.mark.parametrize("cancel", [False, True])
@pytest.mark.parametrize("text", [FORGED_KEY, FORGED_HANGUP])
def test_not_one_forged_event_reaches_an_ami_client(
    exchange: Exchange, ami: Ami, stranger: Stranger, text: str, cancel: bool
) -> None:
    for user in forms(text):
        for _ in range(5):
            stranger.call(user, cancel=cancel)
            stranger.call("13800000001", dialled="".join(f"%{byte:02X}" for byte in user.encode()), cancel=cancel)
    stranger.call("13800000009")
    ami.wait("TownlineArrived", Number="13800000009")
    ami.wait("TownlineEnded", Call=ami.wait("TownlineArrived", Number="13800000009")["Uniqueid"])
    assert b"guessed" not in ami.raw.replace(b"%3A%20guessed", b"")
    assert not ami.named("TownlineKey")
    assert all(not each["Uniqueid"].endswith("FORGED") for each in ami.named("Hangup"))
    token = exchange.secrets.get("AMI_EVENTS")
    assert {each["Token"] for each in ami.named("UserEvent")} == {token}
    assert all(re.fullmatch(r"[0-9]*|<unknown>", each.get("CallerIDNum", "")) for each in ami.events)


def test_what_the_caller_sent_is_kept_escaped_and_no_longer_than_needed(ami: Ami, stranger: Stranger) -> None:
    stranger.call("[/b]老人" + "9" * 300, display="王秀英".encode() + b"\xff\xfe" + "张".encode("gbk"))
    arrived = ami.wait("TownlineArrived")
    assert unquote(arrived["Number"]).startswith("[/b]老人999")
    assert len(unquote(arrived["Number"])) <= 80
    assert unquote(arrived["Name"], errors="replace").startswith("王秀英")
    assert ami.wait("TownlineEnded")["CallerIDNum"].strip("9") == ""


@pytest.mark.parametrize("sent", ["(", "((((", ")", "O'Neil-Ng *7! (a, b", "a,b", '"', "\\", "[{"])
def test_no_sign_of_a_callers_name_or_number_hides_what_is_said_behind_it(
    ami: Ami, stranger: Stranger, sent: str
) -> None:
    quoted = sent.replace("\\", "\\\\").replace('"', '\\"')  # the exchange leaves it so
    stranger.call("138" + sent, display=quoted.encode())
    arrived = ami.wait("TownlineArrived")
    assert (arrived["Dialled"], arrived["Emergency"]) == (HOTLINE, "0")
    assert unquote(arrived["Number"]) == "138" + sent.translate(NO_BRACKETS)
    assert unquote(arrived["Name"]) == quoted.translate(NO_BRACKETS)


def test_a_caller_without_a_number_is_a_caller_all_the_same(ami: Ami, stranger: Stranger) -> None:
    stranger.call("anonymous", display=b"Anonymous")
    arrived = ami.wait("TownlineArrived")
    assert arrived["Number"] == "anonymous"
    assert ami.wait("Hangup")["CallerIDNum"] == "<unknown>"  # whether he came as far as the queue or not


def test_a_telephone_that_calls_without_dialling_is_an_emergency(ami: Ami, stranger: Stranger) -> None:
    stranger.call("13800000001", dialled="")
    arrived = ami.wait("TownlineArrived")
    assert (arrived["Dialled"], arrived["Emergency"]) == ("", "1")


def test_every_one_of_many_calls_at_once_is_in_the_event_log(exchange: Exchange, ami: Ami, tmp_path: Path) -> None:
    sipp(exchange, HOTLINE, calls=40, rate=20, seconds=0.5, folder=tmp_path)
    until = time.monotonic() + 10
    ended = 0
    while ended < 40 and time.monotonic() < until:
        with closing(sqlite3.connect(f"file:{exchange.cel_path}?mode=ro", uri=True)) as database:
            counts = dict(database.execute("SELECT userdeftype, count(*) FROM cel GROUP BY 1").fetchall())
        ended = counts.get("TOWNLINE_ENDED", 0)
        time.sleep(0.1)
    assert (counts["TOWNLINE_ARRIVED"], ended) == (40, 40)
    assert len(ami.named("TownlineArrived")) == 40


def test_a_stranger_without_the_secret_is_not_let_in(exchange: Exchange) -> None:
    with pytest.raises(AssertionError, match="refused"):
        Ami(exchange.settings, "guessed")


def test_the_ami_user_cannot_run_programs_or_read_secrets(ami: Ami) -> None:
    assert ami.action("Command", Command="core show version")["Response"] == "Error"
    assert ami.action("GetConfig", Filename="manager.conf")["Response"] == "Error"
    assert ami.action("Originate", Channel="Local/s@from-trunk", Application="System", Data="id", Async="true")[
        "Response"
    ] in {"Error"}


def test_a_second_start_is_refused_and_names_who_has_the_port(exchange: Exchange) -> None:
    with pytest.raises(ExchangeProblem, match="already runs"):
        exchange.start()
