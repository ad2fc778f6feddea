"""Time as a thing that is handed in, so that a test can move it."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """Stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def move(self, step: timedelta) -> datetime:
        """Goes forward by `step` (never back) and returns the new time."""
        if step < timedelta():
            raise ValueError("time does not go back")
        self._now += step
        return self._now

    def move_to(self, moment: datetime) -> datetime:
        return self.move(moment - self._now)
