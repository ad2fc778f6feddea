"""The programs of the telephone side, taken from the private tree or from the machine.

The tree is a folder of unpacked Debian packages newer than the machine's own. Its programs run without chroot and
without root rights: its own dynamic loader starts them with its own libraries (measured on Debian 12 with packages of
Debian 14), so that every path outside means the same inside.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from callbridge.errors import ExchangeProblem

OLDEST_ASTERISK = 20
OLDEST_ESPEAK = (1, 52)  # `-v cmn` of 1.51 reads Chinese characters as English words

FOLDERS = ("usr/sbin", "usr/bin")


class Tree:
    """Starts `asterisk`, `sipp`, `baresip`, `espeak-ng` and `sox` wherever they are."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def command(self, program: str, *arguments: str | os.PathLike[str]) -> list[str]:
        """The words that start `program`. Raises ExchangeProblem when neither tree nor machine has it."""
        return [*self._start(program), *(os.fspath(each) for each in arguments)]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment that `command` needs, with `extra` over it."""
        own = {"ESPEAK_DATA_PATH": str(self._libraries)} if self._libraries is not None else {}
        return {**os.environ, **own, **(extra or {})}

    def has(self, program: str) -> bool:
        try:
            self._start(program)
        except ExchangeProblem:
            return False
        return True

    def place(self, program: str) -> Path:
        """The file of `program`. Raises ExchangeProblem when there is none."""
        return Path(self._start(program)[-1])

    @property
    def asterisk_modules(self) -> Path:
        """The folder of `app_queue.so` and the others."""
        return self._folder_of("asterisk", "lib/*/asterisk/modules", "lib/asterisk/modules", "lib64/asterisk/modules")

    @property
    def asterisk_data(self) -> Path:
        """The folder of Asterisk's documentation, which it reads at start, and of its own sounds."""
        return self._folder_of("asterisk", "share/asterisk", "../var/lib/asterisk")

    @property
    def baresip_modules(self) -> Path:
        return self._folder_of("baresip", "lib/baresip/modules", "lib/*/baresip/modules")

    @cached_property
    def own_asterisk(self) -> Path | None:
        """The machine's own Asterisk when it is new enough."""
        return self._machine("asterisk", r"Asterisk (?:certified/)?(\d+)", (OLDEST_ASTERISK,), "-V")

    @cached_property
    def own_espeak(self) -> Path | None:
        """The machine's own espeak-ng when it reads Chinese."""
        return self._machine("espeak-ng", r"(\d+)\.(\d+)", OLDEST_ESPEAK, "--version")

    def _start(self, program: str) -> list[str]:
        if program == "asterisk" and self.own_asterisk:
            return [str(self.own_asterisk)]
        for folder in FOLDERS:
            inside = self.root / folder / program
            if inside.is_file() and self._loader and self._libraries:
                # PulseAudio's private library is the only one the programs look for by a path compiled into them.
                path = f"{self._libraries}:{self._libraries / 'pulseaudio'}"
                return [str(self._loader), "--library-path", path, str(inside)]
        found = self.own_espeak if program == "espeak-ng" else shutil.which(program, path=_path())
        if found is None:
            raise ExchangeProblem(f"{program} is missing: run `townline pbx install`")
        return [str(found)]

    @property
    def _loader(self) -> Path | None:
        return next(iter(sorted(self.root.glob("usr/lib/*/ld-linux*.so.*"))), None)

    @property
    def _libraries(self) -> Path | None:
        return self._loader and self._loader.parent

    def _machine(self, program: str, pattern: str, oldest: tuple[int, ...], option: str) -> Path | None:
        if (found := shutil.which(program, path=_path())) is None:
            return None
        said = subprocess.run([found, option], capture_output=True, text=True, check=False, timeout=10).stdout
        version = re.search(pattern, said)
        return Path(found) if version and tuple(map(int, version.groups())) >= oldest else None

    def _folder_of(self, program: str, *patterns: str) -> Path:
        """The first folder that fits a pattern, in the same place, tree or machine, as the program it belongs to."""
        home = self.root / "usr" if self._start(program)[0] == str(self._loader) else Path("/usr")
        for pattern in patterns:
            if found := sorted(home.glob(pattern)):
                return found[0]
        raise ExchangeProblem(f"{program} is incomplete under {home}: run `townline pbx install`")


def _path() -> str:
    """Where programs are: an ordinary user's PATH lacks the folder of asterisk."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/usr/bin"])
