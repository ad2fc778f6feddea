"""`townline console`."""

import os
import sys
import tomllib
from pathlib import Path
from traceback import extract_tb
from typing import Any, TextIO

import click
import structlog
from pydantic import ValidationError
from structlog.typing import EventDict

from dispatch.wire.catalogue import LANGUAGES
from dispatch.wire.settings import ConsoleSettings


@click.command()
@click.option("--url", help="The service to talk to; otherwise console.url of the configuration.")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Read [console] of this file.")
@click.option("--language", type=click.Choice(LANGUAGES), help="The language of the screen, whoever logs in.")
@click.option("--log", "log_path", type=click.Path(dir_okay=False), help="Write what goes wrong into this file.")
@click.pass_context
def console(
    ctx: click.Context, url: str | None, config: Path | None, language: str | None, log_path: str | None
) -> None:
    """The operator's terminal.

    Name and password are asked for, or taken from TOWNLINE_LOGIN and TOWNLINE_PASSWORD.
    """
    named: Path = getattr(ctx.obj, "path", Path("config.toml"))
    settings = _settings(config or named, asked_for=config is not None)
    if url is not None:
        settings = _checked({**settings.model_dump(), "url": url}, "--url")

    # The application is imported last: a wrong option has to be told at once.
    from console.app import Console
    from console.client import Client
    from console.login.screen import Credentials

    with open(log_path or os.devnull, "a", encoding="utf-8") as log_file:  # never the terminal that shows the screen
        _log_to(log_file)
        Console(
            Client(str(settings.url)),
            language=language or settings.language,
            language_fixed=language is not None,
            credentials=Credentials(os.environ.get("TOWNLINE_LOGIN", ""), os.environ.get("TOWNLINE_PASSWORD", "")),
        ).run()


def _log_to(file: TextIO) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.set_exc_info,
            _place_only,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=file),
    )


def _place_only(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An exception as its type and the places it went through: its words and variables tell of residents."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        places = extract_tb(error.__traceback__)[-5:]
        event["error"] = type(error).__name__
        event["where"] = [f"{Path(each.filename).name}:{each.lineno}" for each in places]
    return event


def _settings(path: Path, *, asked_for: bool) -> ConsoleSettings:
    """[console] of the file. A console needs nothing else of it, and no file where the service is where it always is;
    one that was `asked_for` has to be there.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if isinstance(error, FileNotFoundError) and not asked_for:
            return ConsoleSettings()
        raise click.ClickException(f"{path}: {error}") from error
    return _checked(found.get("console", {}), f"{path}: console")


def _checked(values: object, where: str) -> ConsoleSettings:
    try:
        return ConsoleSettings.model_validate(values)
    except ValidationError as error:
        mistakes = (f"{where}.{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise click.ClickException("\n".join(mistakes)) from error
