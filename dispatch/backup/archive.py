"""A backup as one file: an ordinary tar, whose last members are the manifest and its sum.

It has its name only when it is complete, and every byte of it is looked at before any of it is used.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from dispatch.backup.manifest import FORMAT, NAME, SUM, Manifest, Member
from dispatch.backup.problems import Damaged, NotWritten, TooNew
from dispatch.backup.steady import Steady

CHUNK = 1 << 20
PRIVATE = 0o600


class Writer:
    """Adds files; `finish` writes the manifest about them."""

    def __init__(self, tar: tarfile.TarFile, steady: Steady, made_at: datetime) -> None:
        self._tar = tar
        self._steady = steady
        self._made_at = made_at
        self.members: dict[str, Member] = {}

    def add(self, name: str, path: Path) -> None:
        """Raises FileNotFoundError, before anything is written, when there is no such file."""
        with path.open("rb") as file:
            self._put(name, file, os.fstat(file.fileno()).st_size)

    def add_bytes(self, name: str, content: bytes) -> None:
        self._put(name, io.BytesIO(content), len(content))

    def finish(self, manifest: Manifest) -> Manifest:
        complete = manifest.model_copy(update={"members": dict(self.members)})
        content = complete.model_dump_json(indent=2).encode()
        self.add_bytes(NAME, content)
        self.add_bytes(SUM, f"{hashlib.sha256(content).hexdigest()}  {NAME}\n".encode())
        return complete

    def _put(self, name: str, file: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size, PRIVATE, int(self._made_at.timestamp())
        summed = _Summed(file, size, self._steady)
        self._tar.addfile(entry, summed)  # a file that has become shorter raises OSError, a longer one is cut
        self.members[name] = Member(bytes=size, sha256=summed.sum.hexdigest())


class _Summed(io.RawIOBase):
    """Reads on for whoever writes it, and sums what has been read."""

    def __init__(self, file: IO[bytes], size: int, steady: Steady) -> None:
        self._file = file
        self._steady = steady
        self._left = size
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(part)
        self.sum.update(part)
        self._steady.wrote(len(part))
        return part


@contextmanager
def written(path: Path, made_at: datetime) -> Iterator[Writer]:
    """A new backup, for its owner's eyes only; it is at `path` when the block has ended well, else nothing is.

    Raises NotWritten.
    """
    part = path.with_name(f"{path.name}.part")
    if path.exists():
        raise NotWritten(f"{path} is there already; name another file")
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, PRIVATE)
        try:
            with os.fdopen(handle, "wb") as file:
                with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    yield Writer(tar, Steady(handle), made_at)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
            sync(path.parent)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise NotWritten(f"{error.filename or path}: {error.strerror or error}") from error


class Reader:
    """A backup that is there. Nothing of it may be used before `verify`."""

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        self.path = path
        self._tar = tar
        self._members = {entry.name: entry for entry in tar if entry.isfile()}
        self.manifest = self._manifest()

    def verify(self) -> None:
        """Reads all of it. Raises Damaged, naming what is not as it was written."""
        for name, written_as in self.manifest.members.items():
            if name not in self._members:
                raise Damaged(f"{self.path}: {name} is missing; take another backup")
            found = hashlib.sha256()
            with self.open(name) as file:
                while part := file.read(CHUNK):
                    found.update(part)
            if found.hexdigest() != written_as.sha256:
                raise Damaged(f"{self.path}: {name} is not what was written; take another backup")

    def has(self, name: str) -> bool:
        return name in self.manifest.members

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            file = self._tar.extractfile(self._members[name])
            assert file is not None
            with file:
                yield file
        except (tarfile.TarError, EOFError) as error:
            raise Damaged(f"{self.path}: {name} cannot be read; take another backup") from error

    def extract(self, name: str, path: Path) -> None:
        """Writes one member to a new file of the owner's own."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(handle, "wb") as file, self.open(name) as source:
            shutil.copyfileobj(source, file, CHUNK)
            file.flush()
            os.fsync(file.fileno())

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            return file.read()

    def _manifest(self) -> Manifest:
        short = self.path.stat().st_size % tarfile.RECORDSIZE  # a whole tar ends with a whole record
        if NAME not in self._members or SUM not in self._members or short:
            raise Damaged(
                f"{self.path} is cut off or no backup: the manifest at its end is missing; take another one"
            )
        content = self.read(NAME)
        if not self.read(SUM).startswith(hashlib.sha256(content).hexdigest().encode()):
            raise Damaged(f"{self.path}: its manifest is not what was written; take another backup")
        facts = json.loads(content)
        if facts["format"] > FORMAT:
            raise TooNew(f"{self.path} was made by the newer version {facts['program']}: restore it with that one")
        return Manifest.model_validate(facts)


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """Raises Damaged for what is no backup or was cut off, TooNew for one of a newer format."""
    with ExitStack() as stack:
        try:
            reader = Reader(path, stack.enter_context(tarfile.open(path, mode="r:")))
        except tarfile.TarError as error:
            raise Damaged(f"{path} is no backup, or the beginning of one ({error}); take another one") from error
        except OSError as error:
            raise Damaged(f"{path}: {error.strerror}") from error
        yield reader


def sync(folder: Path) -> None:
    """What has been named or renamed in that folder is so after a power cut too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
