"""Secrets come from the environment or from files that only their owner can read; they are never printed."""

import os
import secrets
from pathlib import Path


class Secrets:
    """The secrets of one installation: `TOWNLINE_SECRET_<NAME>` in the environment wins over a file of that name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def get(self, name: str) -> str | None:
        """The secret, or None when nobody has set it. Names are capital letters, digits and underscores."""
        if (value := os.environ.get(f"TOWNLINE_SECRET_{name}")) is not None:
            return value
        try:
            return (self.directory / name).read_text().strip()
        except FileNotFoundError:
            return None

    def get_or_make(self, name: str) -> str:
        """The secret; made of 32 random bytes and kept in a file (mode 0600) when there is none yet."""
        if (value := self.get(name)) is not None:
            return value
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = secrets.token_urlsafe(32)
        try:
            handle = os.open(self.directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process made it in the meantime
            return self.get_or_make(name)
        with os.fdopen(handle, "w") as file:
            file.write(value + "\n")
        return value
