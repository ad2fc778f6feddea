"""`make bench`: measures, prints and keeps the figures in `benchmarks/results/`."""

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from benchmarks import loads, machine, population
from benchmarks.scene import HERE, Scene
from dispatch.migrate import migrate, scripts
from dispatch.operators import add_operator
from dispatch.passwords import hashed
from registry.store import Role, Store

LOGIN, PASSWORD = "bench", "nobody-but-the-benchmark"
AIMS = {
    "card_above_callback": {"p50_ms": 30, "p99_ms": 100},
    "service_memory_mb": {"highest": 250},
    "candidates": {"p99_ms": 20},
}


@click.command()
@click.option("--residents", default=100_000, show_default=True)
@click.option("--merchants", default=5_000, show_default=True)
@click.option("--per-second", default=10, show_default=True, help="Calls that arrive in a second.")
@click.option("--seconds", default=60, show_default=True, help="How long they go on arriving.")
@click.option("--cases", default=200, show_default=True, help="Cases whose candidates are asked for.")
def main(residents: int, merchants: int, per_second: int, seconds: int, cases: int) -> None:
    """Measure on this machine; nothing else should be running on it."""
    scene = Scene(HERE / "var" / "run", "sqlite:///town.db")
    result: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.described(scene.tree),
        "database": {"kind": "sqlite", "residents": residents, "merchants": merchants},
        "aims": AIMS,
    }
    _inhabit(scene, residents, merchants)
    with scene.running_exchange() as exchange, scene.running_service() as service:
        memory = {"at_start": machine.resident_memory_mb(service)["now"]}
        with loads.logged_in(scene, LOGIN, PASSWORD) as client:
            click.echo(f"{per_second * seconds} calls, {per_second} a second …")
            result |= loads.cards(scene, exchange, client, per_second=per_second, seconds=seconds)
            click.echo(f"candidates for {cases} cases …")
            result["candidates"] = loads.candidates(client, cases=cases, residents=residents)
        result["service_memory_mb"] = memory | machine.resident_memory_mb(service)
    text = json.dumps(result, ensure_ascii=False, indent=2)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    kept = results / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    kept.write_text(text + "\n")
    click.echo(text)
    click.echo(f"kept in {kept.relative_to(HERE.parent)}")


def _inhabit(scene: Scene, residents: int, merchants: int) -> None:
    """The county, from an earlier run where nothing that makes it has changed."""
    recipe = sha256(Path(population.__file__).read_bytes() + str(scripts().get_current_head()).encode()).hexdigest()
    made = HERE / "var" / f"county-{residents}-{merchants}-{recipe[:12]}.db"
    if not made.is_file():
        click.echo(f"{residents} residents and {merchants} merchants move in …")
        unfinished = made.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with closing(Store(f"sqlite:///{unfinished}")) as store:
            migrate(store)
            population.populate(store, scene.config.centre, residents=residents, merchants=merchants)
            with store.writing() as session:
                add_operator(
                    session, 1, name="Bench", login=LOGIN, role=Role.SUPERVISOR, password_hash=hashed(PASSWORD)
                )
        unfinished.rename(made)
    shutil.copyfile(made, scene.folder / "town.db")


if __name__ == "__main__":
    main()
