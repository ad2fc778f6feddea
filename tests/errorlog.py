"""What was logged at level ERROR or above while a test ran, through structlog or the standard library."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog


class ErrorLog:
    """Keeps errors; a test that provokes one says so with `expect`."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._expected: set[str] = set()

    def expect(self, event: str) -> None:
        """The event (structlog) or message (logging) has to come before the test ends, any number of times."""
        self._expected.add(event)

    @property
    def unexpected(self) -> list[str]:
        return [line for line in self.seen if line not in self._expected]

    @property
    def missing(self) -> set[str]:
        return self._expected - set(self.seen)

    def processor(self, _logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if method in {"error", "exception", "critical", "fatal"}:
            self.seen.append(str(event["event"]))
        return event


@contextmanager
def watched() -> Iterator[ErrorLog]:
    """Every log line of this process passes by the yielded `ErrorLog`, whoever configures logging meanwhile."""
    log = ErrorLog()
    configure, make_record = structlog.configure, logging.getLogRecordFactory()
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level

    def configure_and_watch(*args: Any, **kwargs: Any) -> None:
        configure(*args, **kwargs)
        configured = structlog.get_config()["processors"]
        configure(
            **{
                **structlog.get_config(),
                "processors": [log.processor, *configured],
                "cache_logger_on_first_use": False,
            }
        )

    def make_record_and_watch(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        if record.levelno >= logging.ERROR:
            log.seen.append(record.getMessage())
        return record

    structlog.reset_defaults()
    configure_and_watch(processors=_plain(structlog.get_config()["processors"]))
    structlog.configure = configure_and_watch
    logging.setLogRecordFactory(make_record_and_watch)
    try:
        yield log
    finally:
        logging.setLogRecordFactory(make_record)
        root.handlers = handlers
        root.setLevel(level)
        structlog.configure = configure
        structlog.reset_defaults()


def _plain(processors: list[structlog.typing.Processor]) -> list[structlog.typing.Processor]:
    """The default ones with short tracebacks: the pretty ones, with every variable, take a third of a second each."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return [*processors[:-1], renderer]
