"""The stage of a measurement: an exchange and a service of its own, apart from any other on this machine."""

import os
import random
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from benchmarks.process import PROJECT, Process, Service
from callbridge.exchange import Exchange, Tree
from dispatch.config import Config, load

HERE = Path(__file__).parent
HOTLINE, BUTTONS = "02367000000", "02367000120"  # what residents dial, what their buttons dial
OPERATORS, OUTSIDE, TOWN, DESKS = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
EXTENSIONS = ("801", "802", "803", "804", "805")

CONFIG = """\
[database]
url = "{database}"

[service]
port = {ports.service}
log_level = "warning"

[speech]
cache = "{speech}"

[exchange]
name = "bench"
root = "{root}"
directory = "pbx"
ami_port = {ami_port}
sip_port = {ports.sip}
rtp_ports = [{ports.rtp}, {last_rtp}]
extensions = {extensions}

[exchange.trunk]
port = {ports.sip}
provider = "127.0.0.3:{ports.provider}"
numbers = ["{hotline}"]
emergency_numbers = ["{buttons}"]
channels = 500
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everybody listens. `rtp` is the first of `rtp_count` for the exchange; the town's are behind them."""

    service: int = 8860
    ami: int = 6438
    sip: int = 6460
    provider: int = 6461
    callers: int = 6470  # on the town's address
    desks: int = 6480
    rtp: int = 30_000
    rtp_count: int = 2000

    @classmethod
    def free(cls) -> "Ports":
        """Some that nobody uses now: for tests, of which several may run."""
        names = ("service", "ami", "sip", "provider", "callers", "desks")
        with_udp = {"sip": OUTSIDE, "provider": TOWN, "callers": TOWN, "desks": DESKS}
        chosen = {name: _free(with_udp.get(name)) for name in names}
        return cls(**chosen, rtp=random.randrange(12_000, 30_000, 400), rtp_count=200)


class Scene:
    """A folder with its own `config.toml`, data and logs; everything it starts is stopped when its block ends."""

    def __init__(self, folder: Path, ports: Ports | None = None) -> None:
        folder = folder.absolute()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.ports = ports or Ports()
        self.file = folder / "config.toml"
        self.root = Path(os.environ.get("TOWNLINE_PBX_ROOT") or PROJECT / "var/pbx/root")
        self.on(URL.create("sqlite", database=str(folder / "town.db")))
        self.url = f"http://127.0.0.1:{self.ports.service}"
        self.service = Service(folder, self.file, self.url)

    def on(self, database: URL) -> None:
        """What is started from now on works on that database."""
        self.database = database
        self.config = self._written(self.file, self.ports.ami)

    def through(self, ami_port: int) -> None:
        """The service, started from now on, finds the exchange's Manager Interface behind that port."""
        self.service = Service(self.folder, self.folder / "through.toml", self.url)
        self._written(self.folder / "through.toml", ami_port)

    @property
    def exchange(self) -> Exchange:
        return Exchange(self.config.exchange, self.config.speech, self.config.secret_store())

    @property
    def tree(self) -> Tree:
        return self.exchange.tree

    @contextmanager
    def running_exchange(self) -> Iterator[Exchange]:
        exchange = self.exchange
        exchange.configure()
        exchange.start()
        try:
            yield exchange
        finally:
            exchange.stop(0)

    @contextmanager
    def running_service(self) -> Iterator[Service]:
        """`townline serve`, which answers `/readyz`."""
        try:
            self.service.start()
            yield self.service
        finally:
            self.service.end()

    @contextmanager
    def watcher(self, module: str, environment: dict[str, str]) -> Iterator[Process]:
        """A process of `benchmarks.<module>` that has said it is ready."""
        with Process(self.folder, module, [sys.executable, "-m", f"benchmarks.{module}"], environment) as process:
            process.wait_for_a_line()
            yield process

    def _written(self, file: Path, ami_port: int) -> Config:
        file.write_text(
            CONFIG.format(
                database=self.database.render_as_string(hide_password=False),
                root=self.root,
                speech=PROJECT / "benchmarks/var/speech",
                ports=self.ports,
                ami_port=ami_port,
                last_rtp=self.ports.rtp + self.ports.rtp_count - 1,
                extensions=str(list(EXTENSIONS)).replace("'", '"'),
                hotline=HOTLINE,
                buttons=BUTTONS,
            )
        )
        return load(file)


def _free(address: str | None) -> int:
    """A port that is free for UDP at that address, for TCP on this machine without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if address is None else socket.SOCK_DGRAM) as probe:
        probe.bind((address or OPERATORS, 0))
        port: int = probe.getsockname()[1]
        return port
