"""Where one exchange keeps its things."""

from dataclasses import dataclass
from pathlib import Path

from callbridge.settings import ExchangeSettings


@dataclass(frozen=True)
class Places:
    """Where one exchange keeps its things.

    With `system` the configuration is the machine's and its own service runs it; all else stays in `directory`.
    """

    directory: Path
    etc: Path
    system: bool = False

    @classmethod
    def of(cls, settings: ExchangeSettings, *, system: bool = False) -> "Places":
        directory = settings.directory.absolute()
        return cls(directory, Path("/etc/asterisk") if system else directory / "etc", system)

    @property
    def run(self) -> Path:
        return self.directory / "run"

    @property
    def log(self) -> Path:
        return self.directory / "log"

    @property
    def spool(self) -> Path:
        return self.directory / "spool"

    @property
    def lib(self) -> Path:
        return self.directory / "lib"

    @property
    def sounds(self) -> Path:
        return self.directory / "sounds"

    @property
    def data(self) -> Path:
        """Asterisk's own data, with our sounds in the place of its own."""
        return self.directory / "data"

    @property
    def recordings(self) -> Path:
        return self.directory / "recordings"

    @property
    def conf(self) -> Path:
        return self.etc / "asterisk.conf"

    @property
    def pid(self) -> Path:
        return self.run / "asterisk.pid"

    @property
    def socket(self) -> Path:
        return self.run / "asterisk.ctl"

    @property
    def cel(self) -> Path:
        return self.log / "master.db"

    @property
    def queue_log(self) -> Path:
        return self.log / "queue_log"

    def make(self) -> None:
        for folder in (
            self.directory,
            self.etc,
            self.run,
            self.log,
            self.spool,
            self.lib,
            self.sounds,
            self.recordings,
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
