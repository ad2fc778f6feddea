"""Processes of a measurement: started with their output in files, killed, stopped, hung and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

PROJECT = Path(__file__).parents[1]
TOWNLINE = Path(sys.executable).with_name("townline")
LEAVE_SECONDS = 15.0
START_SECONDS = 60.0


class Process:
    """One process at a time; its standard output is appended to `<name>.out`, its errors to `<name>.log`.

    It is a session of its own: Linux then shares the processors between it and the exchange as between two services
    of systemd, and not between its one thread and the exchange's hundreds.
    """

    def __init__(
        self, folder: Path, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.out, self.log = folder / f"{name}.out", folder / f"{name}.log"
        self._name = name
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def begin(self) -> None:
        with self.out.open("ab") as output, self.log.open("ab") as errors:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdout=output,
                stderr=errors,
                cwd=PROJECT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._begun.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def end(self) -> None:
        """Asks it to leave, also one that hangs; a second time does nothing."""
        if not self.runs:
            return
        self._begun.send_signal(signal.SIGTERM)
        self._begun.send_signal(signal.SIGCONT)
        try:
            self._begun.wait(timeout=LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """`kill -9`: nothing of it runs any more when this returns."""
        self._begun.kill()
        self._begun.wait()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """It neither does anything nor ends while the block lasts (SIGSTOP)."""
        self._begun.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._begun.send_signal(signal.SIGCONT)

    def lines(self) -> list[dict[str, Any]]:
        """What it has written so far, one JSON object for each whole line."""
        written, _, _ = self.out.read_text().rpartition("\n")
        return [json.loads(line) for line in written.splitlines()]

    def wait_for_a_line(self) -> None:
        """Returns as soon as it has written anything. Raises RuntimeError."""
        give_up = time.monotonic() + START_SECONDS
        while not self.lines():
            self._expect(give_up)
            time.sleep(0.05)

    def _expect(self, give_up: float) -> None:
        if not self.runs or time.monotonic() > give_up:
            raise RuntimeError(f"{self._name} did not start:\n{self.log.read_text()[-2000:]}")

    @property
    def _begun(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self._name} was not started")
        return self._process


class Service(Process):
    """`townline serve` on a configuration file."""

    def __init__(self, folder: Path, config: Path, url: str) -> None:
        super().__init__(folder, "serve", [str(TOWNLINE), "--config", str(config), "serve"])
        self.url = url

    def start(self) -> None:
        """Returns when it answers `/readyz`. Raises RuntimeError."""
        self.begin()
        give_up = time.monotonic() + START_SECONDS
        while not self.ready():
            self._expect(give_up)
            time.sleep(0.1)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).is_success
        except httpx.TransportError:
            return False
