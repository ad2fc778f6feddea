"""The runs by name, and one of them made, printed and kept."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import URL

from benchmarks import machine, results
from benchmarks.county import postgresql
from benchmarks.scene import HERE, Scene
from benchmarks.soak import report
from benchmarks.soak.away import away
from benchmarks.soak.breakdown import Plan, break_down
from benchmarks.soak.outages import Kind
from benchmarks.soak.powercut import power_cut

Run = Callable[[Scene, float], dict[str, Any]]

CROWD: dict[str, Any] = {"calls": 1000, "within": 60, "at_most": 400, "stays": (15, 30, 90), "again": 1}
ONCE = Plan(seconds=20, per_second=3, lasts=1, at_waiting=20, stays=(15, 25, 40))


def _often(kind: Kind, lasts: float, every: float = 10) -> Run:
    return lambda scene, minutes: break_down(scene, [kind], Plan(minutes * 60, 2, lasts, every))


RUNS: Mapping[str, Run] = {
    "powercut": lambda scene, _: power_cut(scene, **CROWD),
    "kill": _often("kill", 1),
    "cut": _often("cut", 2),
    "silent": _often("silent", 15, every=30),
    "hung": _often("hung", 5),
    "exchange": lambda scene, _: break_down(scene, ["exchange"], ONCE),
    "lock": _often("lock", 10, every=30),
    "away": lambda scene, minutes: away(scene, seconds=minutes * 60),
}


def made(name: str, database: str, minutes: float) -> dict[str, int]:
    """Makes the run `name`, prints and keeps its result, and returns what had to be 0 and is not."""
    click.echo(f"{name} on {database} …")
    scene = Scene(HERE / "var" / f"soak-{name}")
    with _on(database, scene.folder) as url:
        scene.on(url)
        result = RUNS[name](scene, minutes)
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.described(scene.tree),
        "database": database,
    }
    click.echo(report.drawn(about | result))
    click.echo(f"kept in {results.keep(about | result, f'soak-{name}')}")
    return report.losses(result)


@contextmanager
def _on(database: str, folder: Path) -> Iterator[URL]:
    if database == "postgresql":
        with postgresql() as url:
            yield url
    else:
        yield URL.create("sqlite", database=str(folder / "town.db"))
