"""PostgreSQL's NOTIFY, heard: another instance has committed rows of the journal."""

import threading
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy.engine import URL

from registry.store.journal import CHANNEL

log = structlog.get_logger()

SHORT = 1.0  # seconds: how long one wait is, so that `stop` is not waited for long
PAUSE = 2.0  # seconds before a broken connection is opened again


class Listening:
    """A thread with a connection of its own. What is missed while it is broken, the feed finds by looking."""

    def __init__(self, url: URL, hear: Callable[[], None]) -> None:
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._hear = hear
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listening", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=SHORT * 2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}".encode())
                    self._hear()
                    while not self._stopping.is_set():
                        for _ in connection.notifies(timeout=SHORT, stop_after=1):
                            self._hear()
            except psycopg.Error as error:
                log.warning("listening.broken", error=type(error).__name__)
                self._stopping.wait(PAUSE)
