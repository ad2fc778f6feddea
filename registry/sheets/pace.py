"""How much of an import fits into one transaction: calls keep coming in all the while."""

import gc
import time
from threading import Thread
from typing import Self

from registry.store import Store

# Seconds that few transactions take longer than, the commit included, and how much of what one took is left to others
# until the next one begins. SQLite has one writer: a call waits until it has ended. PostgreSQL lets both write.
OF_ONE_WRITER, OF_MANY = (0.007, 0.3), (0.020, 0.1)
ROWS = 25, 200  # at least and at most; fewer would not make a transaction shorter: it has a cost of its own
# How much of what the last transaction took longer a row than those before, or less, is believed: a slow one is a
# sign that the machine has other work, a quick one may be luck, and who calls waits for the longest.
LONGER, LESS = 0.5, 0.1


class Pace:
    """Learns from each transaction how many rows written together the next one takes: `rows`, which stays `between`
    two numbers, the smaller of which is `fewest`; what is done row by row looks at the clock (`is_up`). Between two
    of them whoever waits for the database has it, while a thread tidies up.
    """

    def __init__(self, store: Store, between: tuple[int, int] | None = None) -> None:
        self.fewest, self._most = between or ROWS
        self.rows = self.fewest
        self._store = store
        self._hold, self._rest = OF_ONE_WRITER if store.is_sqlite else OF_MANY
        self._began = self._ended = time.monotonic()
        self._held = 0.0
        self._a_row = self._hold / self.fewest  # seconds that a row takes
        self._tidying: Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of what was done can be taken back any more."""
        gc.enable()
        self._tidied()
        self._store.tidy()

    def rest(self) -> None:
        """Until whoever waits has had a chance."""
        self._tidied()
        time.sleep(max(0.0, self._ended + self._held * self._rest - time.monotonic()))

    def began(self) -> None:
        """The database is held from now on. To look through what a long file has left in memory takes a third of a
        second: not while others wait.
        """
        gc.disable()
        self._began = time.monotonic()

    @property
    def is_up(self) -> bool:
        """Whether the database was held for long enough."""
        return time.monotonic() - self._began >= self._hold

    def ended(self, handled: int) -> None:
        """The database is free again, and so many rows were handled."""
        gc.enable()
        self._ended = time.monotonic()
        self._held = self._ended - self._began
        if handled:
            more = max(self._held / handled, self._hold / self._most) - self._a_row
            self._a_row += more * (LONGER if more > 0 else LESS)
            self.rows = max(self.fewest, int(self._hold / self._a_row))
        if self._store.is_sqlite:
            self._tidying = Thread(target=self._store.tidy, daemon=True)
            self._tidying.start()

    def _tidied(self) -> None:
        if self._tidying is not None:
            self._tidying.join()
            self._tidying = None
