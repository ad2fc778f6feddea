"""What is stored and still has to be read: at once by whoever brought it, or by one thread when many come together.

A burst is so acknowledged as fast as it is stored, and read in the order in which it came. Nothing here is a promise:
what waits when the service ends stands in the database and is found there (`dispatch.unread`).
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

log = structlog.get_logger()

AT_ONCE = 4  # read by those who brought it; more at the same time only wait for each other


class Backlog:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = self._waiting = 0
        self._later = ThreadPoolExecutor(max_workers=1, thread_name_prefix="backlog")

    def run(self, work: Callable[[], None]) -> None:
        """Does `work`: before it returns when few are at it and nobody waits, else after what waits already."""
        with self._lock:
            has_to_wait = self._waiting > 0 or self._now == AT_ONCE
            if has_to_wait:
                self._waiting += 1
            else:
                self._now += 1
        if has_to_wait:
            self._put_off(work)
            return
        try:
            work()
        finally:
            with self._lock:
                self._now -= 1

    def close(self) -> None:
        """Waits for what is being done, and leaves what waits."""
        self._later.shutdown(cancel_futures=True)

    def _put_off(self, work: Callable[[], None]) -> None:
        try:
            self._later.submit(self._in_turn, work)
        except RuntimeError:  # closed: whoever starts next finds it in the database
            log.info("backlog.left")

    def _in_turn(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._waiting -= 1
