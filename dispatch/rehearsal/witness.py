"""What the robots themselves wrote down: one file of JSON lines for each robot. Nothing of the service is in them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing that a robot did or met. `number` is the other party's as that robot wrote it."""

    at: datetime
    robot: str
    what: str
    number: str
    call: str
    detail: str


class Log:
    """A robot's own log."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, robot: str, what: str, *, number: str = "", call: str = "", detail: str = "") -> None:
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        line = {"at": at, "robot": robot, "what": what, "number": number, "call": call, "detail": detail}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def read(self) -> list[Sighting]:
        """Everything so far; a last line that is still being written is left out."""
        return list(self._lines(0)[0])

    def find(self, accept: Callable[[Sighting], bool]) -> Sighting | None:
        """The latest sighting that `accept` takes."""
        return next((seen for seen in reversed(self.read()) if accept(seen)), None)

    async def follow(self) -> AsyncIterator[Sighting]:
        """What is written from now on, for ever."""
        position = self.path.stat().st_size if self.path.exists() else 0
        while True:
            seen, position = self._lines(position)
            for each in seen:
                yield each
            await asyncio.sleep(POLL_SECONDS)

    def _lines(self, position: int) -> tuple[Iterator[Sighting], int]:
        if not self.path.exists():
            return iter(()), position
        with self.path.open("rb") as file:
            file.seek(position)
            whole, newline, _ = file.read().rpartition(b"\n")
        lines = whole.decode("utf-8").splitlines()
        return map(_sighting, lines), position + len(whole) + len(newline)


def _sighting(line: str) -> Sighting:
    fields = json.loads(line)
    return Sighting(**{**fields, "at": datetime.fromisoformat(fields["at"])})
