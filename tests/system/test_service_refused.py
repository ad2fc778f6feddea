"""A service whose AMI secret the exchange does not know says so once, to everybody who could help, and leaves it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from callbridge.exchange import Exchange
from tests.patience import SOON
from tests.system.conftest import free_port
from tests.system.town import Town

pytestmark = pytest.mark.system

HOTLINE = "02367000000"


@pytest.fixture
def config_file(exchange: Exchange, tmp_path: Path) -> Path:
    """A configuration for that exchange, beside secrets that are not those of the exchange."""
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "AMI").write_text("another secret\n")
    settings = exchange.settings
    lines = {
        "service": {"port": free_port(socket.SOCK_STREAM), "secrets": str(tmp_path / "others")},
        "exchange": {"name": settings.name, "directory": str(settings.directory), "ami_port": settings.ami_port},
    }
    file = tmp_path / "config.toml"
    file.write_text(
        "".join(
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
            for name, values in lines.items()
        )
    )
    return file


@pytest.fixture
def service(config_file: Path) -> Iterator[Path]:
    """It serves; its log."""
    log = config_file.with_name("service.log")
    command = [sys.executable, "-c", "from dispatch.cli import main; main()", "--config", str(config_file), "serve"]
    with log.open("w") as stream, subprocess.Popen(command, stderr=stream) as process:
        yield log
        process.terminate()


def wait_for(so: Callable[[], object], seconds: float = SOON) -> None:
    until = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_refused_secret_is_said_once_and_calls_are_answered_all_the_same(
    exchange: Exchange, town: Callable[..., Town], service: Path, config_file: Path
) -> None:
    world = town(telephones={"801": ["Answer()", "Wait(30)"]})
    wait_for(lambda: "link.refused" in service.read_text())
    port = int(config_file.read_text().split("port = ")[1].split("\n")[0])
    wait_for(lambda: listens(port))
    refused_before = refusals(exchange)
    ready = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
    assert ready.status_code == 503
    assert any("AMI user or its secret" in problem and "pbx check" in problem for problem in ready.json()["problems"])

    world.call("02367001001", HOTLINE, 3)
    queue_log = exchange.queue_log_path
    wait_for(lambda: queue_log.exists() and "|CONNECT|" in queue_log.read_text())
    time.sleep(2)  # longer than the pause between two attempts at an exchange that is only away
    assert refusals(exchange) == refused_before == 1
    lines = [json.loads(line) for line in service.read_text().splitlines()]
    assert [line["event"] for line in lines].count("link.refused") == 1
    assert "another secret" not in service.read_text()
    assert "Traceback" not in service.read_text()


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def refusals(exchange: Exchange) -> int:
    """How often the exchange has turned somebody away."""
    return (exchange.places.log / "messages.log").read_text(errors="replace").count("failed to authenticate")
