"""What the service says on stderr: events with fields, one JSON object a line, or readable ones on a terminal.

Nothing of a resident is ever logged. An exception's own words are left out, because a database driver quotes the row:
its type and place are told; all of it at level debug only.
"""

import logging
import sys
from traceback import extract_tb
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

LIBRARIES = {
    "alembic": logging.WARNING,
    "apscheduler": logging.ERROR,  # a tick that is left out because one still runs is no news
    "httpx": logging.WARNING,  # below it logs whole addresses, with what was looked for in them
    "panoramisk": logging.ERROR,
    "uvicorn": logging.WARNING,
}


def configure(level: str) -> None:
    """Sends the program's events and those of the libraries it uses to stderr, from `level` on."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    on_terminal = sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    shared += [structlog.processors.format_exc_info] if threshold <= logging.DEBUG else [place_only]
    render: Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if on_terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(max(threshold, logging.INFO))
    for name, at_least in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(threshold, at_least))


def place_only(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An exception as its type and the last places it went through."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = places(error.__traceback__)
    return event


def places(traceback: TracebackType | None) -> list[str]:
    """The innermost places of a traceback, outermost first, as `file:line`."""
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in extract_tb(traceback)[-5:]]
