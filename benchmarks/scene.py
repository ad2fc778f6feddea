"""The stage of a measurement: an exchange and a service of its own, apart from any other on this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.engine import URL

from callbridge.exchange import Exchange, Tree
from dispatch.config import Config, load

HERE = Path(__file__).parent
PROJECT = HERE.parent
HOTLINE = "02367000000"
TOWNLINE = Path(sys.executable).with_name("townline")

CONFIG = """\
[database]
url = "{database}"

[service]
port = 8860
log_level = "warning"

[exchange]
name = "bench"
root = "{root}"
directory = "pbx"
ami_port = 6438
sip_port = 6460
rtp_ports = [30000, 31999]

[exchange.trunk]
port = 6460
provider = "127.0.0.3:6461"
numbers = ["{hotline}"]
channels = 500
"""


class Scene:
    """A folder with its own `config.toml`, data and logs; everything it starts is stopped when its block ends."""

    def __init__(self, folder: Path) -> None:
        folder = folder.absolute()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.file = folder / "config.toml"
        self.root = Path(os.environ.get("TOWNLINE_PBX_ROOT") or PROJECT / "var/pbx/root")
        self.on(URL.create("sqlite", database="town.db"))
        self.url = f"http://127.0.0.1:{self.config.service.port}"

    def on(self, database: URL) -> None:
        """What is started from now on works on that database."""
        self.database = database
        url = database.render_as_string(hide_password=False)
        self.file.write_text(CONFIG.format(database=url, root=self.root, hotline=HOTLINE))
        self.config: Config = load(self.file)

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
    def running_service(self) -> Iterator[int]:
        """The process id of `townline serve`, which answers `/readyz`."""
        with self.process("serve", [str(TOWNLINE), "--config", str(self.file), "serve"]) as service:
            give_up = time.monotonic() + 60
            while not self._ready():
                if service.poll() is not None or time.monotonic() > give_up:
                    raise RuntimeError(f"the service did not start:\n{self.log('serve').read_text()[-2000:]}")
                time.sleep(0.1)
            yield service.pid

    @contextmanager
    def process(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A process whose standard output goes to `<name>.out` and its errors to `<name>.log`."""
        with (
            self.out(name).open("wb") as output,
            self.log(name).open("wb") as errors,
            subprocess.Popen(
                command, env={**os.environ, **(environment or {})}, stdout=output, stderr=errors, cwd=PROJECT
            ) as process,
        ):
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()

    @contextmanager
    def watcher(self, module: str, environment: dict[str, str]) -> Iterator[None]:
        """A process of `benchmarks.<module>` that has said it is ready."""
        with self.process(module, [sys.executable, "-m", f"benchmarks.{module}"], environment) as process:
            give_up = time.monotonic() + 30
            while not self.lines(module):
                if process.poll() is not None or time.monotonic() > give_up:
                    raise RuntimeError(f"{module} did not start:\n{self.log(module).read_text()[-2000:]}")
                time.sleep(0.05)
            yield

    def lines(self, name: str) -> list[dict[str, Any]]:
        """What a process has written so far, one JSON object for each whole line."""
        written, _, _ = self.out(name).read_text().rpartition("\n")
        return [json.loads(line) for line in written.splitlines()]

    def out(self, name: str) -> Path:
        return self.folder / f"{name}.out"

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).is_success
        except httpx.TransportError:
            return False
