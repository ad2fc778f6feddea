"""Recordings, back into the exchange's folder: each whole or not at all, and none in the place of another."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from dispatch.backup.archive import Reader

RECORDINGS = "recordings/"


@dataclass(slots=True)
class PutBack:
    """The files that have been put back, and how many were there already."""

    files: list[Path] = field(default_factory=list)
    there: int = 0

    def undo(self) -> None:
        for file in self.files:
            file.unlink(missing_ok=True)


def put_back(backup: Reader, folder: Path, done: PutBack) -> None:
    """Puts back what is not there, and notes it in `done`, so that whatever goes wrong can be undone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for member in backup.manifest.members:
        name = member.removeprefix(RECORDINGS)
        if name == member or Path(name).name != name:
            continue
        if (path := folder / name).exists():
            done.there += 1
            continue
        part = folder / f"{name}.restoring"
        part.unlink(missing_ok=True)  # of a restore that was killed
        done.files.append(part)
        backup.extract(member, part)
        owned_like(part, folder)
        done.files[-1] = part.rename(path)


def owned_like(path: Path, model: Path) -> None:
    """Whoever works there can open it, also when root has put it there."""
    if os.geteuid() == 0:
        there = model.stat()
        shutil.chown(path, there.st_uid, there.st_gid)
