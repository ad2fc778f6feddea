"""The machine a figure was measured on."""

import os
import platform
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from callbridge.exchange import Tree


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


def _first(path: Path, key: str) -> str:
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == key), "")


def _said(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.stdout.strip() if done.returncode == 0 else ""
