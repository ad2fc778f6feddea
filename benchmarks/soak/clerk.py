"""An operator who sends jobs to merchants by telephone, one after the other, whatever happens to the service."""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks.soak.quarter import Quarter

PATIENCE = 60.0  # seconds for one command, repeated until it is answered
AGAIN = 0.5


class Clerk:
    """Each merchant is asked once. What is not answered is sent again with the same key, as a console does."""

    def __init__(self, client: httpx.Client, quarter: Quarter, *, every: float) -> None:
        self._client = client
        self._quarter = quarter
        self._every = every
        self._stopping = threading.Event()
        self.opened: list[str] = []  # numbers of the cases that the service has answered for
        self.sent: list[str] = []
        self.gave_up = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        thread = threading.Thread(target=self._work, name="clerk")
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()

    def _work(self) -> None:
        homes = [next(iter(line.residents)) for line in self._quarter.lines if len(line.residents) == 1]
        for turn, merchant in enumerate(self._quarter.merchants):
            if self._stopping.wait(self._every):
                return
            case = self._post("/api/v1/cases", {"resident_id": homes[turn % len(homes)], "service": "medicine"})
            if case is None:
                continue
            self.opened.append(case["number"])
            order = {"expects": "open", "merchant_id": merchant, "channel": "voice"}
            if self._post(f"/api/v1/cases/{case['number']}/dispatch", order) is not None:
                self.sent.append(case["number"])

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            try:
                answer = self._client.post(path, json=dict(body), headers=key)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500:
                done: dict[str, Any] = answer.raise_for_status().json()
                return done
            time.sleep(AGAIN)
        self.gave_up += 1
        return None
