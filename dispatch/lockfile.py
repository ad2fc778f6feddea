"""One `serve` for each SQLite file: the second one is refused and told who holds it.

The lock is the kernel's (`flock`) and ends with its process, however that ends; the file's text only says who it is.
It stands beside the database, so that two configurations that name the same file meet.
"""

import fcntl
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from dispatch.obstacles import AlreadyServed, DatabaseUnreachable


class LockFile:
    def __init__(self, database: Path) -> None:
        self.path = database.resolve().with_name(database.resolve().name + ".lock")
        self._handle: int | None = None

    def take(self, what: str) -> None:
        """Holds the database until `release` or the end of this process; `what` is told to whoever comes next.

        Raises AlreadyServed.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise DatabaseUnreachable(f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 400).decode("utf-8", "replace").strip() or "another process"
            os.close(handle)
            raise AlreadyServed(
                f"{self.path.with_suffix('')} is already served by {holder}; stop that one, or name another database"
            ) from None
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        os.ftruncate(handle, 0)
        os.write(handle, f"{what}, process {os.getpid()} on {socket.gethostname()} since {since}\n".encode())
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)  # the file stays: removing it would let two processes lock two files of one name
            self._handle = None
