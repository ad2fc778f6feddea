"""When the terminal's bell rings: something new needs somebody, and again while nobody has acknowledged it."""

from datetime import datetime, timedelta

from console.world import World

AGAIN = timedelta(seconds=30)


class Bell:
    """Asked again and again; it remembers what it has rung for."""

    def __init__(self) -> None:
        self._alarms: set[str] = set()
        self._rang_at: datetime | None = None

    def is_due(self, world: World) -> bool:
        """Whether to ring now; having said so it counts as rung."""
        before, self._alarms = self._alarms, {need.key for need in world.needs() if need.alarm}
        again = self._rang_at is not None and world.now() - self._rang_at >= AGAIN
        if not (self._alarms - before or (self._alarms and again)):
            return False
        self._rang_at = world.now()
        return True
