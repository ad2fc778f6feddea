"""The stand-in's queue of reports: each is signed anew for every try and repeated until somebody takes it."""

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

TRIES = 15  # the app's default
PATIENCE = 5.0  # seconds, the app's


@dataclass(order=True)
class Report:
    due: float
    order: int
    url: str = field(compare=False)
    body: bytes = field(compare=False)
    tries: int = field(default=0, compare=False)


class Reports:
    """Delivers in a thread of its own; `retry` seconds are the first pause, each further one is twice as long."""

    def __init__(self, headers: Callable[[bytes], dict[str, str]], retry: float) -> None:
        self._headers = headers
        self._retry = retry
        self._waiting: list[Report] = []
        self._changed = threading.Condition()
        self._stopped = False
        self._count = 0
        self._thread = threading.Thread(target=self._deliver, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(timeout=2 * PATIENCE)

    def add(self, url: str, body: bytes) -> None:
        with self._changed:
            self._count += 1
            heapq.heappush(self._waiting, Report(0.0, self._count, url, body))
            self._changed.notify()

    def _deliver(self) -> None:
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            while (report := self._next()) is not None:
                report.tries += 1
                if not self._taken(client, report) and report.tries < TRIES:
                    report.due = time.monotonic() + self._retry * 2 ** (report.tries - 1)
                    with self._changed:
                        heapq.heappush(self._waiting, report)

    def _next(self) -> Report | None:
        with self._changed:
            while not self._stopped:
                pause = self._waiting[0].due - time.monotonic() if self._waiting else None
                if pause is not None and pause <= 0:
                    return heapq.heappop(self._waiting)
                self._changed.wait(pause)
        return None

    def _taken(self, client: httpx.Client, report: Report) -> bool:
        try:
            return client.post(report.url, content=report.body, headers=self._headers(report.body)).is_success
        except httpx.TransportError:
            return False
