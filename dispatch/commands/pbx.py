"""`townline pbx`: the exchange from nothing to a telephone that rings."""

import asyncio
import json
import time
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

import click

from callbridge.errors import BridgeError, SomebodyWaits
from callbridge.exchange import Exchange
from callbridge.exchange.examination import Problem
from callbridge.exchange.installation import PACKAGES
from callbridge.proof import Proven, prove
from callbridge.proof_words import in_words
from dispatch.config import ConfigFile
from dispatch.obstacles import Obstacle


def _exchange(file: ConfigFile, *, system: bool = False) -> Exchange:
    config = file.load()
    return Exchange(
        config.exchange, config.speech, config.secret_store(), language=config.centre.language, system=system
    )


of_the_machine = click.option(
    "--system", is_flag=True, help="The machine's own Asterisk with /etc/asterisk, not the exchange's own folder."
)


@click.group()
def pbx() -> None:
    """Install, configure, start, stop and check the telephone exchange."""


@pbx.command()
@click.pass_obj
def install(file: ConfigFile) -> None:
    """Bring Asterisk: the machine's own when it is 20 or newer, else a private one under exchange.root."""
    exchange = _exchange(file)
    began = time.monotonic()
    new = exchange.install(lambda step: click.echo(f"{time.monotonic() - began:5.0f} s  {step}", err=True))
    programs = ", ".join(f"{name} in {exchange.tree.place(name)}" for name in PACKAGES)
    click.echo(f"{'installed' if new else 'everything is there'}: {programs}")


@pbx.command()
@of_the_machine
@click.pass_obj
def configure(file: ConfigFile, system: bool) -> None:
    """Write the exchange's complete configuration; what is already right stays untouched."""
    exchange = _exchange(file, system=system)
    changed = exchange.configure()
    for name in changed:
        click.echo(f"written: {name}")
    if not changed:
        click.echo(f"nothing to change in {exchange.places.etc}")
    elif exchange.pid is not None:
        click.echo("the exchange runs with the old configuration: townline pbx stop, then townline pbx start")


@pbx.command()
@of_the_machine
@click.pass_obj
def start(file: ConfigFile, system: bool) -> None:
    """Start the exchange and wait until it takes calls."""
    exchange = _exchange(file, system=system)
    pid = exchange.start()
    trunk = exchange.settings.trunk
    click.echo(f"the exchange {exchange.settings.name} takes calls at {trunk.address}:{trunk.port} (process {pid})")


@pbx.command()
@click.option("--patience", default=5.0, show_default=True, help="Seconds that calls under way have to end.")
@of_the_machine
@click.pass_obj
def stop(file: ConfigFile, patience: float, system: bool) -> None:
    """Stop the exchange."""
    exchange = _exchange(file, system=system)
    stopped = exchange.stop(patience)
    click.echo(f"the exchange {exchange.settings.name} {'has stopped' if stopped else 'was not running'}")


@pbx.command()
@click.option("--call", is_flag=True, help="Try it: calls by the trunk's test number and at the telephones.")
@click.option("--json", "as_json", is_flag=True, help="For programs: objects with key, what and remedy.")
@of_the_machine
@click.pass_context
def check(ctx: click.Context, call: bool, as_json: bool, system: bool) -> None:
    """List everything that would keep a call from arriving, with what to do; exit status 1 if there is anything.

    With --call the line proves itself as it does once a day: nothing of it counts, and the board has the results.
    """
    exchange = _exchange(ctx.obj, system=system)
    problems = exchange.check()
    tried: list[Proven] = []
    if call and exchange.pid is not None:
        tried, not_tried = _prove(ctx.obj)
        problems += [in_words(each.kind, each.name, each.problem) for each in tried if each.problem is not None]
        problems += not_tried
    if as_json:
        listed: object = [asdict(problem) for problem in problems]
        if call:
            listed = {"problems": listed, "tried": [_facts(each) for each in tried]}
        click.echo(json.dumps(listed, ensure_ascii=False, indent=2))
    else:
        _tell(problems, tried)
    ctx.exit(1 if problems else 0)


def _prove(file: ConfigFile) -> tuple[list[Proven], list[Problem]]:
    """What was tried and kept, and why something was not."""
    from dispatch import logs, proofs
    from dispatch.database import open_centre

    config = file.load()
    logs.configure("warning")
    began = datetime.now(UTC)
    try:
        results = asyncio.run(prove(config.exchange, config.secret_store()))
    except SomebodyWaits as waits:
        return [], [Problem("proof_put_off", str(waits), "try again when nobody waits")]
    except BridgeError as problem:
        return [], [Problem("proof_not_made", f"nothing could be tried: {problem}", "look at the problems before")]
    try:
        store, centre_id, _ = open_centre(config)
    except Obstacle as obstacle:
        return results, [Problem("proof_not_kept", f"the results are not kept: {obstacle}", "townline check")]
    with closing(store), store.writing() as session:
        proofs.keep(session, centre_id, config.exchange.name, results, began)
    return results, []


def _tell(problems: list[Problem], tried: list[Proven]) -> None:
    for each in tried:
        took = f"{each.took.total_seconds():.1f} s"
        click.echo(f"{'ok ' if each.worked else 'BAD'} {each.kind} {each.name}, {each.way}: {took}")
    for problem in problems:
        click.echo(f"{problem.what}\n    -> {problem.remedy}")
    if not problems:
        click.echo("a call arrives" if tried else "a call would arrive")


def _facts(proven: Proven) -> dict[str, object]:
    return {
        "kind": proven.kind,
        "name": proven.name,
        "way": proven.way,
        "at": proven.at.isoformat(),
        "seconds": round(proven.took.total_seconds(), 3),
        "worked": proven.worked,
        "problem": proven.problem,
    }
