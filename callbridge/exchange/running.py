"""Starting and stopping the private Asterisk, which goes on by itself when whoever started it is gone."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from callbridge.errors import ExchangeProblem
from callbridge.exchange.places import Places
from callbridge.exchange.ports import Wanted, taken
from callbridge.exchange.tree import Tree
from callbridge.settings import ExchangeSettings

BOOT_SECONDS = 15  # measured 0.3 s on two cores; a slow disk may need more
GONE_SECONDS = 2  # without a process that long it has given up; it writes its pid file a moment after it has begun
LEAVE_SECONDS = 5  # between asking and insisting
WATCH = "townline-watch"  # the context of the channel that watches over Townline (extensions_watch.conf)
CLOSING_SECONDS = 1  # a killed exchange is gone from the list of processes a moment before its sockets are


def running_pid(places: Places) -> int | None:
    """The process of this exchange, None when it does not run."""
    try:
        pid = int(places.pid.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    ours = os.fsencode(places.conf) in words or (places.system and words[0].endswith(b"asterisk"))
    return pid if ours else None


def sockets(settings: ExchangeSettings) -> list[Wanted]:
    """The addresses this exchange listens on, each with the key of the configuration that says so."""
    return [
        Wanted("exchange.sip_port", "udp", settings.sip_address, settings.sip_port),
        Wanted("exchange.trunk.port", "udp", settings.trunk.address, settings.trunk.port),
        Wanted("exchange.ami_port", "tcp", settings.ami_address, settings.ami_port),
    ]


def start(settings: ExchangeSettings, tree: Tree, places: Places) -> int:
    """Start the exchange; returns its process id. Raises ExchangeProblem naming what is taken, or why it gave up."""
    until = time.monotonic() + CLOSING_SECONDS
    while problems := [problem for wanted in sockets(settings) if (problem := taken(wanted))]:
        if time.monotonic() > until:
            raise ExchangeProblem("\n".join(problems))
        time.sleep(0.02)
    return boot(tree, places)


def boot(tree: Tree, places: Places) -> int:
    """Start an Asterisk with that configuration, detached, and wait until it has booted; returns its process id."""
    _remove_leftovers(places)
    with (places.log / "console.log").open("wb") as output:
        # -F: it leaves us by itself and keeps its own pid file, so that nobody has to stay behind as its parent.
        subprocess.run(
            tree.command("asterisk", "-C", places.conf, "-F"),
            env=tree.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=places.directory,
            check=False,
            umask=0o077,
            timeout=BOOT_SECONDS,
        )
    until = time.monotonic() + BOOT_SECONDS
    last_seen = time.monotonic()
    while time.monotonic() < until:
        pid = running_pid(places)
        if pid is not None:
            last_seen = time.monotonic()
        elif time.monotonic() - last_seen > GONE_SECONDS:
            break
        if pid and places.socket.exists() and "System uptime" in console(tree, places, "core show uptime"):
            console(tree, places, "core waitfullybooted")
            return pid
        time.sleep(0.02)
    last_words = _last_words(places)
    stop(tree, places, 0)
    raise ExchangeProblem(f"Asterisk did not start:\n{last_words}")


def stop(tree: Tree, places: Places, patience: float = LEAVE_SECONDS) -> bool:
    """End the exchange; False when it did not run. Calls under way have `patience` seconds to end by themselves."""
    if (pid := running_pid(places)) is None:
        return False
    until = time.monotonic() + patience
    # Not `core stop gracefully`: it waits ten seconds more when the trunk's other side does not answer.
    while time.monotonic() < until and calls(tree, places):
        time.sleep(0.1)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        if _gone(places, LEAVE_SECONDS):
            break
    _remove_leftovers(places)
    return True


def calls(tree: Tree, places: Places) -> list[str]:
    """The channels that are part of a call: all but those of the dialplan's own watch."""
    return [name for name, context in _channels(tree, places) if context != WATCH]


def is_watched(tree: Tree, places: Places) -> bool:
    """Whether the exchange would notice that Townline has gone."""
    return any(context == WATCH for _, context in _channels(tree, places))


def _channels(tree: Tree, places: Places) -> list[tuple[str, str]]:
    """Every channel's name and where in the dialplan it is."""
    rows = console(tree, places, "core show channels concise").splitlines()
    return [(row.split("!")[0], row.split("!")[1]) for row in rows if "!" in row]


def console(tree: Tree, places: Places, text: str) -> str:
    """What Asterisk's own console answers to `text`; empty when nobody is there."""
    done = subprocess.run(
        tree.command("asterisk", "-C", places.conf, "-rx", text),
        env=tree.environment({"TERM": "dumb"}),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=20,
    )
    return done.stdout if done.returncode == 0 else ""


def _gone(places: Places, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while running_pid(places) is not None:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _remove_leftovers(places: Places) -> None:
    for path in (places.pid, places.socket):
        path.unlink(missing_ok=True)


def _last_words(places: Places) -> str:
    lines: list[str] = []
    for path in (places.log / "messages.log", places.log / "console.log"):
        if path.is_file():
            lines += [line for line in path.read_text(errors="replace").splitlines() if "ERROR" in line]
    return "\n".join(lines[-5:]) or f"(nothing in {places.log})"
