"""Starting and stopping the private Asterisk, which goes on by itself when whoever started it is gone."""

import os
import signal
import subprocess
import time
from pathlib import Path

from callbridge.errors import ExchangeProblem
from callbridge.exchange.configuration import Places
from callbridge.exchange.ports import Wanted, taken
from callbridge.exchange.tree import Tree
from callbridge.settings import ExchangeSettings

BOOT_SECONDS = 15  # measured 0.3 s on two cores; a slow disk may need more
LEAVE_SECONDS = 5  # between asking and insisting


def running_pid(places: Places) -> int | None:
    """The process of this exchange, None when it does not run."""
    try:
        pid = int(places.pid.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    return pid if os.fsencode(places.conf) in words else None


def sockets(settings: ExchangeSettings) -> list[Wanted]:
    """The addresses this exchange listens on, each with the key of the configuration that says so."""
    return [
        Wanted("exchange.sip_port", "udp", settings.sip_address, settings.sip_port),
        Wanted("exchange.trunk.port", "udp", settings.trunk.address, settings.trunk.port),
        Wanted("exchange.ami_port", "tcp", settings.ami_address, settings.ami_port),
    ]


def start(settings: ExchangeSettings, tree: Tree, places: Places) -> int:
    """Start Asterisk detached and wait until it has booted; returns its process id.

    Raises ExchangeProblem when a port is taken (who holds it is named) or when Asterisk gives up.
    """
    if problems := [problem for wanted in sockets(settings) if (problem := taken(wanted))]:
        raise ExchangeProblem("\n".join(problems))
    _remove_leftovers(places)
    with (places.log / "console.log").open("wb") as output:
        process = subprocess.Popen(
            tree.command("asterisk", "-C", places.conf, "-f"),
            env=tree.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=places.directory,
            start_new_session=True,
            umask=0o077,
        )
    until = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ExchangeProblem(f"Asterisk gave up while starting:\n{_last_words(places)}")
        if places.socket.exists() and "System uptime" in console(tree, places, "core show uptime"):
            console(tree, places, "core waitfullybooted")
            return process.pid
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise ExchangeProblem(f"Asterisk did not boot within {BOOT_SECONDS} s:\n{_last_words(places)}")


def stop(tree: Tree, places: Places, patience: float = LEAVE_SECONDS) -> bool:
    """End the exchange; False when it did not run. Calls under way have `patience` seconds to end by themselves."""
    if (pid := running_pid(places)) is None:
        return False
    console(tree, places, "core stop gracefully")
    for sign, seconds in ((None, patience), (signal.SIGTERM, LEAVE_SECONDS), (signal.SIGKILL, LEAVE_SECONDS)):
        if sign is not None:
            os.kill(pid, sign)
        if _gone(pid, places, seconds):
            break
    _remove_leftovers(places)
    return True


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


def _gone(pid: int, places: Places, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            os.waitpid(pid, os.WNOHANG)  # when it was our own child, it must not stay as a zombie
        except ChildProcessError:
            pass
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if running_pid(places) is None:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.05)


def _remove_leftovers(places: Places) -> None:
    for path in (places.pid, places.socket):
        path.unlink(missing_ok=True)


def _last_words(places: Places) -> str:
    lines: list[str] = []
    for path in (places.log / "messages.log", places.log / "console.log"):
        if path.is_file():
            lines += [line for line in path.read_text(errors="replace").splitlines() if "ERROR" in line]
    return "\n".join(lines[-5:]) or f"(nothing in {places.log})"
