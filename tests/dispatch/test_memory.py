"""What a rush has taken is given back."""

import threading
from pathlib import Path

from dispatch import memory


def test_memory_that_threads_have_freed_goes_back_to_the_system() -> None:
    before = _resident_mb()
    threads = [threading.Thread(target=_take_and_free) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    memory.let_go()
    assert _resident_mb() - before < 20


def _take_and_free() -> None:
    """20 MB in pieces of which the last stays, so that the heap does not end with free memory."""
    pieces = [bytearray(2000) for _ in range(10_000)]
    _KEPT.append(pieces[-1])


_KEPT: list[bytearray] = []


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6
