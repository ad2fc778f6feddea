"""The machine a figure was measured on."""

import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from callbridge.exchange import Tree

_TICKS = os.sysconf("SC_CLK_TCK")


def described(tree: Tree) -> dict[str, Any]:
    """What a reader has to know to compare: processor, memory, system, versions, the commit."""
    return {
        "processor": _first(Path("/proc/cpuinfo"), "model name"),
        "cores": os.cpu_count(),
        "memory_mb": int(_first(Path("/proc/meminfo"), "MemTotal").split()[0]) // 1024,
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "asterisk": _said(tree.command("asterisk", "-V"), tree.environment()),
        "commit": _said(["git", "describe", "--always", "--dirty"]),
    }


def resident_memory_mb(pid: int) -> dict[str, float]:
    """What process `pid` holds now and held at most, in MB of 10^6 bytes."""
    status = Path(f"/proc/{pid}/status")
    return {
        name: round(int(_first(status, key).split()[0]) * 1024 / 1e6, 1)
        for name, key in (("now", "VmRSS"), ("highest", "VmHWM"))
    }


def own_memory_mb(pid: int) -> float:
    """What process `pid` and those that it started hold now: what they share counts once."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    held = 0
    for each in (str(pid), *started):
        with suppress(FileNotFoundError, ProcessLookupError):  # one that has ended meanwhile
            held += int(_first(Path(f"/proc/{each}/smaps_rollup"), "Pss").split()[0])
    return round(held * 1024 / 1e6, 1)


class Processors:
    """Who uses the machine's processors from its making on: each of `pids` by its name, and everybody else."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._began, self._used, self._idle = time.monotonic(), self._each(), _idle_seconds()

    def used(self) -> dict[str, float]:
        """Processors in the mean since then: 0.5 is one that works half of the time."""
        seconds = time.monotonic() - self._began
        used = {name: (now - self._used[name]) / seconds for name, now in self._each().items()}
        idle = (_idle_seconds() - self._idle) / seconds
        others = (os.cpu_count() or 1) - idle - sum(used.values())
        return {name: round(share, 2) for name, share in (used | {"others": others, "idle": idle}).items()}

    def _each(self) -> dict[str, float]:
        return {name: _processor_seconds(pid) for name, pid in self._pids.items()}


def _processor_seconds(pid: int) -> float:
    """What a process that runs has used so far, in its own code and in the kernel (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _idle_seconds() -> float:
    """Of all processors together, waiting for a disk included."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / _TICKS


def _first(path: Path, key: str) -> str:
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == key), "")


def _said(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.stdout.strip() if done.returncode == 0 else ""
