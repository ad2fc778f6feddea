"""Secrets come from the environment or from files that only their owner can read; they are never printed."""

import os
import re
import secrets
from pathlib import Path

PREFIX = "TOWNLINE_SECRET_"
NAME = re.compile("[A-Z][A-Z0-9_]*")


class Secrets:
    """The secrets of one installation: `TOWNLINE_SECRET_<NAME>` in the environment wins over a file of that name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def get(self, name: str) -> str | None:
        """The secret, or None when nobody has set it. Names are capital letters, digits and underscores."""
        if (value := os.environ.get(f"{PREFIX}{name}")) is not None:
            return value
        try:
            return (self.directory / name).read_text().strip()
        except FileNotFoundError:
            return None

    def get_or_make(self, name: str) -> str:
        """The secret; made of 32 random bytes and kept in a file (mode 0600) when there is none yet."""
        if (value := self.get(name)) is not None:
            return value
        value = secrets.token_urlsafe(32)
        return value if self.keep(name, value) else self.get_or_make(name)

    def keep(self, name: str, value: str) -> bool:
        """Puts a secret into a file of its own (mode 0600); False, and nothing changes, when there is one already."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(self.directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(handle, "w") as file:
            file.write(value + "\n")
        return True

    def names(self) -> list[str]:
        """The secrets that are set, in the environment or in files."""
        there = {key.removeprefix(PREFIX) for key in os.environ if key.startswith(PREFIX)}
        if self.directory.is_dir():
            there |= {file.name for file in self.directory.iterdir() if NAME.fullmatch(file.name)}
        return sorted(there)
