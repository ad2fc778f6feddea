"""Work that a process of its own does a little ahead of whoever takes what it makes."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from fcntl import F_SETPIPE_SZ, fcntl
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from registry.sheets.priority import stand_back

AHEAD = 2**20  # bytes that were made and not taken
RARELY = (20_000, 50, 1000)  # rows come and go by themselves; looking for rubbish there takes a sixth of the time

T = TypeVar("T")


def elsewhere(
    work: Callable[[], Iterator[T]], *, worth_it: bool, begin: Callable[[], None] = lambda: None
) -> Iterator[T]:
    """What `work` makes, one after the other, and what it raises; the other process does `begin` first. It is done
    here when it is not `worth_it`, or when this process has threads: a fork of such a one may hold a lock that nobody
    lets go.
    """
    if not worth_it or threading.active_count() > 1:
        yield from work()
        return
    here, there = get_context("fork").Pipe(duplex=False)
    with suppress(OSError):  # the system's limit is lower: then it is a little less ahead
        fcntl(here.fileno(), F_SETPIPE_SZ, AHEAD)
    process = get_context("fork").Process(target=_send, args=(work, begin, there, here), daemon=True)
    gc.freeze()  # what both share stays shared, and is not looked through in the middle of a transaction
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    process.start()
    there.close()
    try:
        yield from _received(here)
    finally:
        here.close()
        process.terminate()
        process.join()
        process.close()
        gc.set_threshold(*before)
        gc.unfreeze()


def _send(
    work: Callable[[], Iterator[object]], begin: Callable[[], None], there: Connection, here: Connection
) -> None:
    stand_back()
    gc.disable()  # what it makes it sends and forgets: there is nothing to look for
    here.close()  # so that it is told when nobody takes anything any more
    with closing(there), suppress(BrokenPipeError, KeyboardInterrupt):
        try:
            begin()
            for made in work():
                there.send((made, None))
        except Exception as problem:
            there.send((None, problem))
        else:
            there.send(None)


def _received(here: Connection) -> Iterator[Any]:
    while True:
        try:
            told = here.recv()
        except EOFError:
            raise ChildProcessError("the process that was to do it has ended") from None
        if told is None:
            return
        made, problem = told
        if problem is not None:
            raise problem
        yield made
