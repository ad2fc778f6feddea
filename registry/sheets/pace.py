"""How much of an import fits into one transaction: calls keep coming in all the while."""

import time

HOLD = 0.02  # seconds: with the slowest row and the commit on top it stays below 50 ms
FEWEST, FIRST, MOST = 25, 25, 200  # rows; fewer would not make a transaction shorter: it has a cost of its own


class Pace:
    """Learns from each transaction how many rows written together the next one takes; what is done row by row looks
    at the clock (`is_up`). Between two of them the database is left alone for as long as it was held.
    """

    def __init__(self) -> None:
        self.rows = FIRST
        self._began = self._ended = time.monotonic()
        self._held = 0.0

    def rest(self) -> None:
        """Until the database was left alone for as long as it was held."""
        time.sleep(max(0.0, self._ended + self._held - time.monotonic()))

    def began(self) -> None:
        """The database is held from now on."""
        self._began = time.monotonic()

    @property
    def is_up(self) -> bool:
        """Whether the database was held for long enough."""
        return time.monotonic() - self._began >= HOLD

    def ended(self, handled: int) -> None:
        """The database is free again, and so many rows were handled."""
        self._ended = time.monotonic()
        self._held = self._ended - self._began
        fitting = int(handled * HOLD / self._held) if self._held else MOST
        self.rows = max(FEWEST, min(fitting, 2 * self.rows, MOST))
