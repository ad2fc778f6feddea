"""`make bench`: measures, prints and keeps the figures in `benchmarks/results/`."""

import os
from datetime import UTC, datetime
from typing import Any

import click

from benchmarks import city, importing, killed, loads, machine, offers, replies, results, table
from benchmarks.county import DATABASES, LOGIN, PASSWORD, county
from benchmarks.scene import HERE, Scene
from benchmarks.soak import runs
from dispatch import logs

OPENED = 200  # calls whose cards are opened
PARTS = ("calls", "powercut", "offers", "replies", "import", "city", "killed")


@click.command()
@click.option("--part", type=click.Choice(PARTS), multiple=True, default=PARTS, show_default=True)
@click.option("--database", type=click.Choice([*DATABASES, "both"]), default="both", show_default=True)
@click.option("--residents", default=100_000, show_default=True)
@click.option("--merchants", default=5_000, show_default=True)
@click.option("--per-second", default=10, show_default=True, help="Calls that arrive in a second.")
@click.option("--seconds", default=60, show_default=True, help="How long they go on arriving.")
@click.option("--cases", default=300, show_default=True, help="Cases whose candidates are asked for.")
@click.option("--offers", "open_offers", default=10_000, show_default=True, help="Open offers with their clocks.")
@click.option("--due", default=10, show_default=True, help="Clocks that are due in a second.")
@click.option("--largest", default=city.SIZES[-1], show_default=True, help="Residents of the largest city.")
@click.option(
    "--replies", "replies_per_second", default=100, show_default=True, help="Replies that come in a second."
)
def main(
    part: tuple[str, ...],
    database: str,
    residents: int,
    merchants: int,
    per_second: int,
    seconds: int,
    cases: int,
    open_offers: int,
    due: int,
    largest: int,
    replies_per_second: int,
) -> None:
    """Measure on this machine; nothing else should be running on it.

    `calls`: how soon the card of a call is on screen. `powercut`: a thousand calls within a minute. `offers`: how
    late the clocks of open offers are acted on. `replies`: whether each of many is answered once. `import`: the
    residents come in from an xlsx while calls arrive. `city`: from a thousand residents to a million. `killed`: a
    process killed at each moment of a job.

    Exits 1 when a call is missing from the database, or when a message or an answer was lost or doubled.
    An aim that was missed is said and is no error: it may be the machine.
    """
    kinds = list(DATABASES) if database == "both" else [database]
    wrong: list[str] = []
    if "killed" in part:
        wrong += [f"{kind}: {row.words}" for kind in kinds for row in killed.table(kind) if not row.is_good]
    if "offers" in part:
        wrong += _offers(kinds, open_offers, due, seconds)
    if "import" in part:
        _import(kinds, residents)
    if "city" in part:
        _city(kinds, largest)
    if "powercut" in part:
        wrong += [f"{kind}: {losses}" for kind in kinds if (losses := runs.made("powercut", kind, 0))]
    if "replies" in part:
        wrong += _replies(kinds, replies_per_second, seconds)
    if "calls" in part:
        wrong += _calls(kinds, residents, merchants, per_second, seconds, cases)
    if wrong:
        raise click.ClickException("; ".join(wrong))


def _offers(kinds: list[str], open_offers: int, due: int, seconds: int) -> list[str]:
    """What is wrong: clocks that nobody acted on."""
    found: dict[str, dict[str, Any]] = {}
    for name, kind, services in _installations(kinds):
        click.echo(f"{name}: {open_offers} open offers, {due} due in each of {seconds} s …")
        found[name] = offers.measured(kind, offers=open_offers, per_second=due, seconds=seconds, services=services)
    click.echo(offers.drawn(found))
    click.echo(f"kept in {results.keep(found, 'offers')}")
    return [f"{name}: {each['missing']} clocks not acted on" for name, each in found.items() if each["missing"]]


def _replies(kinds: list[str], per_second: int, seconds: int) -> list[str]:
    """What is wrong: replies that were not answered, or twice."""
    found: dict[str, dict[str, Any]] = {}
    for name, kind, services in _installations(kinds):
        click.echo(f"{name}: {per_second} replies in each of {seconds} s …")
        found[name] = replies.measured(kind, per_second=per_second, seconds=seconds, services=services)
    click.echo(replies.drawn(found))
    click.echo(f"kept in {results.keep(found, 'replies')}")
    return [
        f"{name}: {each[what]} replies {words}"
        for name, each in found.items()
        for what, words in (("lost", "not answered"), ("doubled", "answered twice"))
        if each[what]
    ]


def _installations(kinds: list[str]) -> list[tuple[str, str, int]]:
    """Of each database its name, its kind and how many services work on it."""
    return [
        (f"{kind}, {services} service{'s' if services > 1 else ''}", kind, services)
        for kind in kinds
        for services in ((1, 2) if kind == "postgresql" else (1,))
    ]


def _import(kinds: list[str], residents: int) -> None:
    logs.configure("error")
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        click.echo(f"{kind}: a survey of {residents} residents is brought in …")
        found[kind] = importing.measured(kind, residents=residents)
    result = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "aims": importing.AIMS, "figures": found}
    click.echo(importing.drawn(found))
    click.echo(f"kept in {results.keep(result, 'import')}")


def _city(kinds: list[str], largest: int) -> None:
    logs.configure("error")
    found: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in kinds}
    for size in (size for size in city.SIZES if size <= largest):
        for kind in kinds:
            click.echo(f"{kind}: a city of {size:,} residents …")
            found[kind][size] = city.measured(kind, size)
    click.echo(city.drawn(found))
    kept = results.keep({"at": datetime.now(UTC).isoformat(timespec="seconds"), "figures": found}, "city")
    kept.with_suffix(".svg").write_text(city.plotted(found))
    click.echo(f"kept in {kept}, drawn in {kept.with_suffix('.svg')}")


def _calls(kinds: list[str], residents: int, merchants: int, per_second: int, seconds: int, cases: int) -> list[str]:
    """What is wrong: calls that are missing from a database."""
    scenes = {kind: Scene(HERE / "var" / kind) for kind in kinds}
    made = county(scenes[kinds[0]].config.centre, residents=residents, merchants=merchants)
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
    click.echo(table.drawn(result))
    click.echo(f"kept in {results.keep(result)}")
    return [
        f"{kind}: {missing} calls are not in the database"
        for kind in figures
        if (missing := figures[kind]["calls"]["missing"])
    ]


def _measured(scene: Scene, residents: int, per_second: int, seconds: int, cases: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"machine_load_before": round(os.getloadavg()[0], 2)}
    kind = scene.config.database.url.partition(":")[0]
    with scene.running_exchange() as exchange, scene.running_service() as service:
        at_start = machine.resident_memory_mb(service.pid)["now"]
        with loads.logged_in(scene, LOGIN, PASSWORD) as client:
            click.echo(f"{kind}: {per_second * seconds} calls, {per_second} a second …")
            figures |= loads.cards(scene, exchange, client, per_second=per_second, seconds=seconds)
            figures["card_opened"] = loads.cards_opened(client, calls=min(OPENED, per_second * seconds))
            click.echo(f"{kind}: candidates for {cases} cases …")
            figures["candidates_over_http"], numbers = loads.candidates(client, cases=cases, residents=residents)
        figures["service_memory_mb"] = {"at_start": at_start, **machine.resident_memory_mb(service.pid)}
    figures["candidates_in_process"] = loads.decisions(scene.database, numbers)
    return figures


if __name__ == "__main__":
    main()
