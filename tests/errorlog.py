"""What was logged at level ERROR or above while a test ran, through structlog or the standard library."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog


class ErrorLog(logging.Handler):
    """Keeps errors; a test that provokes one says so with `expect`."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
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

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())

    def processor(self, _logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if method in {"error", "exception", "critical", "fatal"}:
            self.seen.append(str(event["event"]))
        return event


@contextmanager
def watched() -> Iterator[ErrorLog]:
    """Every log line of this process passes by the yielded `ErrorLog`, whoever configures structlog meanwhile."""
    log = ErrorLog()
    configure = structlog.configure

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

    structlog.reset_defaults()
    configure_and_watch()
    structlog.configure = configure_and_watch
    logging.getLogger().addHandler(log)
    try:
        yield log
    finally:
        logging.getLogger().removeHandler(log)
        structlog.configure = configure
        structlog.reset_defaults()
