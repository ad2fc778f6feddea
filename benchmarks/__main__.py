"""`make bench`: measures, prints and keeps the figures in `benchmarks/results/`."""

import json
import os
from datetime import UTC, datetime
from typing import Any

import click

from benchmarks import loads, machine, table
from benchmarks.county import DATABASES, LOGIN, PASSWORD, county
from benchmarks.scene import HERE, Scene

OPENED = 200  # calls whose cards are opened


@click.command()
@click.option("--database", type=click.Choice([*DATABASES, "both"]), default="both", show_default=True)
@click.option("--residents", default=100_000, show_default=True)
@click.option("--merchants", default=5_000, show_default=True)
@click.option("--per-second", default=10, show_default=True, help="Calls that arrive in a second.")
@click.option("--seconds", default=60, show_default=True, help="How long they go on arriving.")
@click.option("--cases", default=300, show_default=True, help="Cases whose candidates are asked for.")
def main(database: str, residents: int, merchants: int, per_second: int, seconds: int, cases: int) -> None:
    """Measure on this machine; nothing else should be running on it.

    Exits 1 when a call is missing from the database. An aim that was missed is said and is no error: it may be the
    machine.
    """
    kinds = list(DATABASES) if database == "both" else [database]
    scenes = {kind: Scene(HERE / "var" / kind) for kind in kinds}
    made = county(scenes[kinds[0]].config, residents=residents, merchants=merchants)
    figures: dict[str, dict[str, Any]] = {}
    for kind, scene in scenes.items():
        with DATABASES[kind](scene.folder, made) as url:
            scene.on(url)
            figures[kind] = _measured(scene, residents, per_second, seconds, cases)
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.described(scenes[kinds[0]].tree),
        "county": {"residents": residents, "merchants": merchants},
        "load": {"calls_per_second": per_second, "seconds": seconds, "cases": cases},
        "aims": table.AIMS,
        "figures": figures,
    }
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    kept = results / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    kept.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    click.echo(table.drawn(result))
    click.echo(f"kept in {kept.relative_to(HERE.parent)}")
    if lost := {kind: missing for kind in figures if (missing := figures[kind]["calls"]["missing"])}:
        raise click.ClickException(f"calls that are not in the database: {lost}")


def _measured(scene: Scene, residents: int, per_second: int, seconds: int, cases: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"machine_load_before": round(os.getloadavg()[0], 2)}
    kind = scene.config.database.url.partition(":")[0]
    with scene.running_exchange() as exchange, scene.running_service() as service:
        at_start = machine.resident_memory_mb(service)["now"]
        with loads.logged_in(scene, LOGIN, PASSWORD) as client:
            click.echo(f"{kind}: {per_second * seconds} calls, {per_second} a second …")
            figures |= loads.cards(scene, exchange, client, per_second=per_second, seconds=seconds)
            figures["card_opened"] = loads.cards_opened(client, calls=min(OPENED, per_second * seconds))
            click.echo(f"{kind}: candidates for {cases} cases …")
            figures["candidates_over_http"], numbers = loads.candidates(client, cases=cases, residents=residents)
        figures["service_memory_mb"] = {"at_start": at_start, **machine.resident_memory_mb(service)}
    figures["candidates_in_process"] = loads.decisions(scene.database, numbers)
    return figures


if __name__ == "__main__":
    main()
