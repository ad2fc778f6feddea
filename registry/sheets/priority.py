"""Whoever answers calls goes first, also while an import wants both processors for a minute."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from registry.store import Store

NICE = 10
# Linux shares the processors between sessions first, and only then between the processes of one (sched(7), "The
# autogroup feature"): a process that is nice in a session of its own takes as much from another session as before.
_SESSION = Path("/proc/self/autogroup")


def stand_back() -> None:
    """This process, which was forked, goes last for good; it is a session of its own from here on."""
    os.setsid()
    os.nice(NICE)
    _set(NICE)


@contextmanager
def standing_back(store: Store) -> Iterator[None]:
    """Goes last within the block, together with the session that it was started in: a terminal's.

    Not on SQLite: there a call waits until the one who writes has ended, who must not wait for others then.
    """
    if store.is_sqlite:
        yield
        return
    own, session = os.getpriority(os.PRIO_PROCESS, 0), _session()
    os.setpriority(os.PRIO_PROCESS, 0, max(own, NICE))
    _set(max(session, NICE))
    try:
        yield
    finally:
        _set(session)
        with suppress(PermissionError):  # only an administrator's process goes first again
            os.setpriority(os.PRIO_PROCESS, 0, own)


def _session() -> int:
    """How nice it is; 0 where the system knows nothing of it."""
    with suppress(OSError):
        return int(_SESSION.read_text().split()[-1])
    return 0


def _set(nice: int) -> None:
    with suppress(OSError):  # the system does not do it, or not twice within a tenth of a second
        _SESSION.write_text(str(nice))
