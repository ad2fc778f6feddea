"""Residents who call, played by sipp from the public network's side of the trunk."""

import subprocess
from collections.abc import Sequence

from benchmarks.scene import HERE, HOTLINE, Scene


def call_in(scene: Scene, numbers: Sequence[str], *, per_second: int) -> None:
    """Each of `numbers` calls the hotline once, waits three seconds in the queue and hangs up.

    Returns when all are over. Raises RuntimeError when a call was not taken.
    """
    trunk = scene.config.exchange.trunk
    address, _, port = trunk.provider.rpartition(":")
    listed = scene.folder / "callers.csv"
    listed.write_text("SEQUENTIAL\n" + "".join(f"{number}\n" for number in numbers))
    command = scene.tree.command(
        "sipp",
        f"{trunk.address}:{trunk.port}",
        *("-sf", HERE / "caller.xml", "-inf", listed, "-s", HOTLINE),
        *("-i", address, "-mi", address, "-p", port),
        *("-r", str(per_second), "-m", str(len(numbers)), "-nostdin", "-timeout", "180s"),
    )
    done = subprocess.run(
        command,
        env=scene.tree.environment({"TERM": "dumb"}),
        cwd=scene.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"sipp ended with {done.returncode}: {done.stderr[-1000:]}")


def shown(number: str) -> str:
    """How the network presents a Chinese mobile's E.164 `number` to us: with a zero and without the country code."""
    return f"0{number.removeprefix('+86')}"
