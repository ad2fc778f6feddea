"""Memory that a rush has taken goes back to the system afterwards."""

import ctypes
from collections.abc import Callable
from functools import cache


def let_go() -> bool:
    """Gives back what was freed and the C library keeps for later; whether there was any.

    glibc does that by itself only at the end of its heap, and each thread has one of its own (malloc_trim(3)). Other
    C libraries are left alone.
    """
    trim = _trim()
    return trim is not None and bool(trim(0))


@cache
def _trim() -> Callable[[int], int] | None:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
