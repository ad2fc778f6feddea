"""Bringing the programs: the machine's own where they are new enough, everything else into the private tree.

The tree is unpacked, not installed: no maintainer script runs, nothing outside its folder changes, and neither root
nor user namespaces are needed (measured on Debian 12: 17 s and 360 MB as an ordinary user, 54 s and 450 MB when
installed into a chroot).
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from callbridge.errors import ExchangeProblem
from callbridge.exchange.tree import Tree

SUITE = "forky"  # Debian 14: the oldest Debian release with Asterisk 22 and with an espeak-ng that reads Chinese
PACKAGES = {
    "asterisk": "asterisk",
    "sipp": "sip-tester",
    "baresip": "baresip-core",
    "espeak-ng": "espeak-ng",
    "sox": "sox",
}
SPACE = 1_000_000_000  # bytes: the tree and, for a while, its packages

Progress = Callable[[str], None]


def install(tree: Tree, progress: Progress) -> bool:
    """Make every program of `PACKAGES` available; False when all of them were already. Raises ExchangeProblem.

    A tree that is not whole is built anew beside the old one and put into its place in one step.
    """
    wanted = [package for program, package in PACKAGES.items() if not tree.has(program)]
    if not wanted:
        return False
    place = tree.root.parent
    place.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(place).free < SPACE:
        raise ExchangeProblem(f"{place} has less than {SPACE // 1_000_000} MB free, which the exchange needs")
    _bring_mmdebstrap(progress)
    # Whatever is missing, a new tree has it all: half of an old one and half of a new one would not fit together.
    packages = [package for program, package in PACKAGES.items() if not _machine_has(tree, program)]
    with tempfile.TemporaryDirectory(dir=place, prefix=".installing-", ignore_cleanup_errors=True) as folder:
        aside = Path(folder) / "root"
        _unpack(packages, aside, progress)
        lost = [program for program in PACKAGES if not Tree(aside).has(program)]
        if lost:
            raise ExchangeProblem(
                f"the packages came without {', '.join(lost)}: is this machine's architecture served?"
            )
        if tree.root.exists():
            tree.root.rename(Path(folder) / "old")
        aside.rename(tree.root)
    return True


def _machine_has(tree: Tree, program: str) -> bool:
    return program == "asterisk" and tree.own_asterisk is not None


def _bring_mmdebstrap(progress: Progress) -> None:
    if shutil.which("mmdebstrap"):
        return
    words = ["apt-get", "install", "--yes", "--no-install-recommends", "mmdebstrap", "debian-archive-keyring"]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ExchangeProblem(f"mmdebstrap is missing; as root: {' '.join(words)}")
    progress("installing mmdebstrap")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], words):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ExchangeProblem(f"apt-get could not install mmdebstrap: {_reason(done.stderr.splitlines())}")


def _unpack(packages: Sequence[str], target: Path, progress: Progress) -> None:
    progress(f"unpacking {', '.join(packages)} and what they need into {target.parent.parent} (about half a minute)")
    said = _mmdebstrap(packages, target, (), progress)
    if said and any("expired" in line or "not valid" in line for line in said):
        progress("the mirror is a frozen copy: once more, whatever the date of its lists")
        shutil.rmtree(target, ignore_errors=True)
        said = _mmdebstrap(packages, target, ('--aptopt=Acquire::Check-Valid-Until "false"',), progress)
    if said:
        raise ExchangeProblem(f"mmdebstrap could not build the exchange: {_reason(said)}")


def _mmdebstrap(packages: Sequence[str], target: Path, options: Sequence[str], progress: Progress) -> list[str]:
    """Run it; empty when it succeeded, else what it said."""
    command = [
        *("mmdebstrap", "--mode=chrootless", "--variant=extract", '--aptopt=Apt::Install-Recommends "false"'),
        *options,
        f"--include={','.join(packages)}",
        SUITE,
        str(target),
    ]
    said = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line.strip())
            if line.startswith("I: "):
                progress(line.removeprefix("I: ").strip())
    return said if process.returncode else []


def _reason(lines: Sequence[str]) -> str:
    errors = [line for line in lines if line.startswith(("E:", "Err:"))]
    return " / ".join((errors or list(lines))[-3:]) or "no reason given"
