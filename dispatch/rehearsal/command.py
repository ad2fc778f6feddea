"""`townline demo`: the whole line on one machine, with a town of robots around it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import click

from callbridge.exchange import Tree
from dispatch.config import ConfigFile
from dispatch.rehearsal import crowd
from dispatch.rehearsal.ami import TownRefused
from dispatch.rehearsal.clerk import ServiceRefused
from dispatch.rehearsal.community import read_community
from dispatch.rehearsal.operator_phone import PhoneDidNotStart
from dispatch.rehearsal.place import AlreadyPlayed, NoFreePort, Place, alone, find_place
from dispatch.rehearsal.service import Service, ServiceProblem
from dispatch.rehearsal.sms.phone import PortTaken
from dispatch.rehearsal.stage import Stage
from dispatch.rehearsal.stories import STORIES
from dispatch.rehearsal.story import StepFailed, tell
from dispatch.rehearsal.town import TownDidNotStart

COLLEAGUE_ANSWERS = 8.0  # seconds: an emergency, which rings everybody, is first for who plays the operator
PROGRAMS = ("asterisk", "baresip", "espeak-ng", "sox")
PROBLEMS = (
    AlreadyPlayed,
    NoFreePort,
    PhoneDidNotStart,
    PortTaken,
    ServiceProblem,
    ServiceRefused,
    TownDidNotStart,
    TownRefused,
)


@click.command()
@click.option(
    "--story",
    type=click.Choice(list(STORIES)),
    is_flag=False,
    flag_value="main",
    help="Play one complete case without a screen, each step beside its witness; without a name: main.",
)
@click.option("--own-phone", metavar="EXT", help="Answer with your own softphone on this extension.")
@click.option("--database", metavar="URL", help="Use this database instead of a SQLite file in var/demo.")
@click.option("--fresh", is_flag=True, help="Forget the days before and begin with an empty board.")
@click.option("--headless", type=float, metavar="SECONDS", help="No console: end by itself after so many seconds.")
@click.pass_obj
def demo(
    file: ConfigFile,
    story: str | None,
    own_phone: str | None,
    database: str | None,
    fresh: bool,
    headless: float | None,
) -> None:
    """A town of robots calls, answers and presses keys: the whole line on this machine, without a real telephone."""
    folder = file.path.parent / "var" / "demo" / ("day" if story is None else "story")
    if story is None:
        work = partial(_day, file, folder, own_phone, database, fresh, headless)
    else:
        work = partial(_story, file, folder, story, database)
    try:
        with alone(folder):
            asyncio.run(_to_the_end(work()))
    except asyncio.CancelledError:
        raise click.exceptions.Exit(128 + signal.SIGTERM) from None
    except StepFailed as failed:
        raise click.ClickException(f"the story stopped at: {failed}") from failed
    except PROBLEMS as problem:
        raise click.ClickException(str(problem)) from problem


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """What was started is stopped on SIGTERM and when the terminal goes away, as `asyncio.run` does on Ctrl-C."""
    task = asyncio.ensure_future(work)
    for sign in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    await task


async def _story(file: ConfigFile, folder: Path, name: str, database: str | None) -> None:
    place = await _installed(folder, file, database)
    community = read_community()
    async with Stage(place, community, _progress(), answer_after=None, reports_progress=False, fresh=True) as stage:
        await tell(stage, STORIES[name], click.echo)


async def _day(
    file: ConfigFile, folder: Path, own_phone: str | None, database: str | None, fresh: bool, headless: float | None
) -> None:
    place = await _installed(folder, file, database)
    async with Stage(place, read_community(), _progress(), own_phone=own_phone, fresh=fresh) as stage:
        if own_phone is not None:
            await asyncio.to_thread(_wait_for_own_phone, stage, headless is None)
        await stage.colleague(answer_after=COLLEAGUE_ANSWERS, on_a_break=True)
        calling = asyncio.create_task(crowd.call_in(stage))
        try:
            if headless is not None:
                await asyncio.wait([calling], timeout=headless)
            else:
                await _console(stage)
            if calling.done():
                calling.result()
        finally:
            calling.cancel()


def _wait_for_own_phone(stage: Stage, can_ask: bool) -> None:
    exchange = stage.place.config.exchange
    click.echo(
        f"your telephone: user {stage.extension} at {exchange.sip_address}:{exchange.sip_port} (UDP); its password:"
    )
    click.echo(f"  townline --config {stage.place.config_file} operator phone {stage.operator}")
    if can_ask:
        click.pause("Press a key when it is registered …")


async def _installed(folder: Path, file: ConfigFile, database: str | None) -> Place:
    """Where to play, with every telephone program there; the first time they are fetched, which is shown."""
    place = find_place(folder, file, database)
    tree = Tree(place.config.exchange.root)
    if all(tree.has(program) for program in PROGRAMS):
        return place
    await Service(place.config_file, "").run("pbx", "install", quiet=False)
    return find_place(folder, file, database)  # somebody may have taken the ports in the meantime


async def _console(stage: Stage) -> None:
    """The console on this very terminal, logged in as the invented operator."""
    environment = os.environ | {
        "TOWNLINE_LOGIN": stage.operator,
        "TOWNLINE_PASSWORD": stage.password(stage.operator),
    }
    console = await asyncio.create_subprocess_exec(*stage.service.command("console"), env=environment)
    try:
        await console.wait()
    finally:
        if console.returncode is None:  # it gives the terminal back as it was
            console.terminate()
            await console.wait()
    if console.returncode != 0:
        raise ServiceProblem(f"the console ended with exit status {console.returncode}")


def _progress() -> Callable[[str], None]:
    began = time.monotonic()
    return lambda words: click.echo(f"{time.monotonic() - began:5.1f} s  {words}", err=True)
