"""Everything that would keep a call from arriving, with what to do about it."""

import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from callbridge.exchange import sounds
from callbridge.exchange.configuration import MODULES, NOT_IN_EVERY_VERSION, is_written
from callbridge.exchange.places import Places
from callbridge.exchange.ports import taken
from callbridge.exchange.running import console, is_watched, running_pid, sockets
from callbridge.exchange.tree import Tree
from callbridge.settings import ExchangeSettings
from callbridge.speech import Language

AMI_SECONDS = 5
VERDICT_SECONDS = 6  # the trunk's other side has 3 s to answer
MOST_SKEW = timedelta(seconds=2)
PORTS_FOR_A_CALL = 4  # RTP and RTCP, of the caller's leg and of the operator's


@dataclass(frozen=True, slots=True)
class Problem:
    """`key` is stable and for programs, `what` and `remedy` are for people."""

    key: str
    what: str
    remedy: str


def examine(
    settings: ExchangeSettings,
    tree: Tree,
    places: Places,
    language: Language,
    rendered: dict[str, bytes],
    ami_secret: str,
) -> list[Problem]:
    """What is wrong, most basic first; empty when a call would arrive."""
    problems = [*_on_disk(settings, tree, places, language, rendered)]
    if running_pid(places) is None:
        return [*problems, *_not_running(settings)]
    return [
        *problems,
        *_modules(tree, places),
        *_event_log(tree, places),
        *_watch(tree, places),
        *_ami(settings, ami_secret),
        *_sip(tree, places, settings),
    ]


def _on_disk(
    settings: ExchangeSettings, tree: Tree, places: Places, language: Language, rendered: dict[str, bytes]
) -> Iterator[Problem]:
    configure = "townline pbx configure, then stop and start the exchange"
    if stale := [name for name, content in rendered.items() if not is_written(places, name, content)]:
        yield Problem("configuration", f"{', '.join(sorted(stale))}: missing or not as config.toml says", configure)
    if absent := sounds.missing(places.sounds, language):
        yield Problem("prompts", f"no recording of {', '.join(absent)} in {places.sounds / language}", configure)
    first, last = settings.rtp_ports
    calls = (last - first + 1) // PORTS_FOR_A_CALL
    if calls < settings.trunk.channels:
        needed = first + PORTS_FOR_A_CALL * settings.trunk.channels - 1
        yield Problem(
            "rtp_ports",
            f"exchange.rtp_ports is enough for {calls} calls, the trunk carries {settings.trunk.channels}",
            f"exchange.rtp_ports = [{first}, {needed}] or more, then {configure}",
        )


def _not_running(settings: ExchangeSettings) -> list[Problem]:
    held = [problem for wanted in sockets(settings) if (problem := taken(wanted))]
    if held:
        return [Problem("port", each, "free it, then townline pbx start") for each in held]
    return [Problem("stopped", "the exchange does not run", "townline pbx start")]


def _modules(tree: Tree, places: Places) -> Iterator[Problem]:
    running = set(re.findall(r"^(\w+)\.so .*\bRunning\b", console(tree, places, "module show"), re.MULTILINE))
    if lost := sorted(set(MODULES) - NOT_IN_EVERY_VERSION - running):
        yield Problem(
            "modules",
            f"not running: {', '.join(lost)}",
            f"look into {places.log / 'messages.log'}; a missing file: townline pbx install",
        )


def _event_log(tree: Tree, places: Places) -> Iterator[Problem]:
    if "CEL Logging: Enabled" not in console(tree, places, "cel show status"):
        yield Problem("cel", "the exchange records no events (CEL is off)", "townline pbx configure, stop, start")
    try:
        with closing(sqlite3.connect(f"file:{places.cel}?mode=ro", uri=True, timeout=5)) as database:
            mode = database.execute("PRAGMA journal_mode").fetchone()[0]
            database.execute("SELECT id FROM generation").fetchone()
    except sqlite3.Error as error:
        yield Problem("cel", f"{places.cel} cannot be read: {error}", "townline pbx stop, then start")
        return
    if mode != "wal":
        yield Problem(
            "cel", f"{places.cel} is not in WAL mode: reading it would lose events", "townline pbx stop, then start"
        )


def _watch(tree: Tree, places: Places) -> Iterator[Problem]:
    if not is_watched(tree, places):
        yield Problem(
            "watch", "the exchange would not notice that Townline has gone", "townline serve begins it again"
        )


def _ami(settings: ExchangeSettings, secret: str) -> Iterator[Problem]:
    place = f"{settings.ami_address}:{settings.ami_port}"
    try:
        stamp = _ping(settings, secret)
    except PermissionError:
        yield Problem(
            "ami_refused", f"AMI at {place} refuses our secret", "townline pbx configure, then stop and start"
        )
    except OSError as error:
        yield Problem("ami_unreachable", f"AMI at {place} does not answer: {error}", "townline pbx stop, then start")
    else:
        skew = timedelta(seconds=abs(stamp - time.time()))
        if skew > MOST_SKEW:
            yield Problem(
                "clock", f"the exchange's clock differs from ours by {skew.total_seconds():.1f} s", "set both by NTP"
            )


def _ping(settings: ExchangeSettings, secret: str) -> float:
    """Log in and return the exchange's clock (seconds since 1970). Raises PermissionError when refused."""
    with socket.create_connection((str(settings.ami_address), settings.ami_port), AMI_SECONDS) as link:
        link.sendall(
            f"Action: Login\r\nUsername: townline\r\nSecret: {secret}\r\nEvents: off\r\n\r\n"
            "Action: Ping\r\nActionID: ping\r\n\r\n".encode()
        )
        said = b""
        while (pong := re.search(rb"ActionID: ping\r\nPing: Pong\r\nTimestamp: ([0-9.]+)", said)) is None:
            if b"Authentication failed" in said:
                raise PermissionError
            if not (chunk := link.recv(4096)):
                raise ConnectionError("it closed the connection")
            said += chunk
        return float(pong[1])


def _sip(tree: Tree, places: Places, settings: ExchangeSettings) -> Iterator[Problem]:
    contacts = _contacts(tree, places)
    if not {name for name, status in contacts.items() if status != "Unavail"} & set(settings.extensions):
        yield Problem(
            "no_telephone",
            f"none of the operators' telephones ({', '.join(settings.extensions)}) is registered",
            f"townline operator phone NAME prints the account; the telephone registers at "
            f"{settings.sip_address}:{settings.sip_port}",
        )
    if contacts.get("trunk") != "Avail":
        yield Problem(
            "trunk",
            f"the trunk's other side, {settings.trunk.provider}, does not answer",
            "look at the network and at exchange.trunk.provider; it has to answer SIP OPTIONS",
        )


def _contacts(tree: Tree, places: Places) -> dict[str, str]:
    """Avail or Unavail for the trunk and each registered telephone. What the exchange last heard of the trunk may be
    half a minute old: unless that was good, it is asked again.
    """
    until = time.monotonic() + VERDICT_SECONDS
    while True:
        said = console(tree, places, "pjsip show contacts")
        contacts = dict(re.findall(r"^\s*Contact:\s+(\w+)/\S+\s.*?\s(\w+)\s+\S+\s*$", said, re.MULTILINE))
        if contacts.get("trunk") == "Avail" or time.monotonic() > until:
            return contacts
        console(tree, places, "pjsip qualify trunk")
        time.sleep(0.5)
