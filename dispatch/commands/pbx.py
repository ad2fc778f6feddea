"""`townline pbx`: the exchange from nothing to a telephone that rings."""

import json
import time
from dataclasses import asdict

import click

from callbridge.exchange import Exchange
from callbridge.exchange.installation import PACKAGES
from dispatch.config import ConfigFile


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
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of objects with key, what and remedy.")
@of_the_machine
@click.pass_context
def check(ctx: click.Context, as_json: bool, system: bool) -> None:
    """List everything that would keep a call from arriving, with what to do; exit status 1 if there is anything."""
    problems = _exchange(ctx.obj, system=system).check()
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=2))
    elif problems:
        for problem in problems:
            click.echo(f"{problem.what}\n    -> {problem.remedy}")
    else:
        click.echo("a call would arrive")
    ctx.exit(1 if problems else 0)
