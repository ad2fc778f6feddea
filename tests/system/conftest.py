"""A real exchange for every test that wants one: configured in a temporary folder, on free ports, booted in 0.3 s."""

import fcntl
import functools
import os
import random
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from callbridge.bridge import Bridge, Pace
from callbridge.events import CelPosition
from callbridge.exchange import Exchange, Tree
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings, SpeechSettings, TrunkSettings
from tests.callbridge.witness import Witness
from tests.system.ami import Ami
from tests.system.town import NETWORK, TELEPHONES, Town, kill

PROJECT = Path(__file__).parents[2]
RTP_BLOCK = 200  # ports, enough for 50 calls at once

Connect = Callable[..., Awaitable[tuple[Bridge, Witness]]]


def now() -> datetime:
    return datetime.now(UTC)


def free_port(kind: socket.SocketKind, address: str = "127.0.0.1") -> int:
    """A port that nobody listens on at that address now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


def rtp_block() -> tuple[int, int]:
    """A range of ports below the ephemeral ones; two that test at once hardly ever choose the same."""
    first = random.randrange(12_000, 30_000, RTP_BLOCK)
    return first, first + RTP_BLOCK - 1


@pytest.fixture(scope="session")
def tree() -> Tree:
    """The private tree: `TOWNLINE_PBX_ROOT`, else the project's own."""
    tree = Tree(Path(os.environ.get("TOWNLINE_PBX_ROOT") or PROJECT / "var/pbx/root"))
    if not all(tree.has(program) for program in ("asterisk", "sipp", "espeak-ng", "sox")):
        pytest.skip("no exchange is installed: townline pbx install")
    return tree


@pytest.fixture(scope="session")
def spoken(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prompts of every exchange, spoken once for all workers, to be copied: it takes a core nine seconds."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "spoken"
    folder.mkdir(exist_ok=True)
    settings = ExchangeSettings(name="spoken", root=tree.root, directory=folder / "pbx")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Exchange(settings, SpeechSettings(cache=folder / "speech"), Secrets(folder / "secrets")).configure()
    return folder / "speech"


@pytest.fixture(scope="session")
def speech_settings(spoken: Path, tmp_path_factory: pytest.TempPathFactory) -> SpeechSettings:
    return SpeechSettings(cache=shutil.copytree(spoken, tmp_path_factory.mktemp("speech") / "said"))


@pytest.fixture
def exchange_settings(tree: Tree, tmp_path: Path) -> ExchangeSettings:
    """Override parts of it in a test module to have another exchange."""
    return ExchangeSettings(
        name="test",
        root=tree.root,
        directory=tmp_path / "pbx",
        ami_port=free_port(socket.SOCK_STREAM),
        sip_port=free_port(socket.SOCK_DGRAM),
        rtp_ports=rtp_block(),
        extensions=("801", "802"),
        ring_seconds=5,
        queue_seconds=60,
        trunk=TrunkSettings(
            address=IPv4Address("127.0.0.2"),
            port=free_port(socket.SOCK_DGRAM, "127.0.0.2"),
            provider=f"{NETWORK}:{free_port(socket.SOCK_DGRAM, NETWORK)}",
        ),
    )


@pytest.fixture
def configured_exchange(
    exchange_settings: ExchangeSettings, speech_settings: SpeechSettings, tmp_path: Path
) -> Iterator[Exchange]:
    """Configured and not started; stopped at the end whoever started it."""
    exchange = Exchange(exchange_settings, speech_settings, Secrets(tmp_path / "secrets"))
    exchange.configure()
    yield exchange
    kill(exchange.places)


@pytest.fixture
def exchange(configured_exchange: Exchange) -> Exchange:
    """A running exchange; its AMI secret is `exchange.secrets.get("AMI")`, its dialplan's token `AMI_EVENTS`."""
    configured_exchange.start()
    return configured_exchange


@pytest.fixture
def pace() -> Pace:
    """How often a bridge looks and tries again; a module may override it."""
    return Pace(cel_every=0.2, retry=0.2)


@pytest.fixture
async def connect(exchange: Exchange, pace: Pace) -> AsyncIterator[Connect]:
    """A bridge and what it has reported: `await connect(cel_from)`."""
    async with AsyncExitStack() as stack:

        async def build(cel_from: CelPosition | None = None) -> tuple[Bridge, Witness]:
            speech, cel = exchange.speech, exchange.cel_path
            bridge = Bridge(exchange.settings, exchange.secrets, speech, cel, now, pace=pace)
            witness = Witness()
            await bridge.start(witness, cel_from)
            stack.push_async_callback(bridge.stop)
            return bridge, witness

        yield build


@pytest.fixture
def ami_of() -> Iterator[Callable[[Exchange], Ami]]:
    with ExitStack() as stack:

        def log_in(exchange: Exchange) -> Ami:
            secret = exchange.secrets.get("AMI")
            assert secret is not None
            return stack.enter_context(Ami(exchange.settings, secret))

        yield log_in


@pytest.fixture
def ami(exchange: Exchange, ami_of: Callable[[Exchange], Ami]) -> Ami:
    return ami_of(exchange)


@pytest.fixture
def town(exchange: Exchange, town_of: Callable[..., Town]) -> Callable[..., Town]:
    """Builds the world around the exchange: `town(subscribers={number: steps}, telephones={extension: steps})`."""
    return functools.partial(town_of, exchange)


@pytest.fixture
def town_of(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    """`town` for an exchange that the test has started itself: `town_of(exchange, subscribers=…, telephones=…)`."""
    with ExitStack() as stack:

        def build(
            exchange: Exchange,
            subscribers: dict[str, list[str]] | None = None,
            telephones: dict[str, list[str]] | None = None,
        ) -> Town:
            town = Town(
                exchange,
                tmp_path / "town",
                int(exchange.settings.trunk.provider.rpartition(":")[2]),
                free_port(socket.SOCK_DGRAM, TELEPHONES),
                rtp_block(),
                subscribers or {},
                telephones or {},
            )
            town.start()
            stack.callback(town.stop)
            return town

        yield build
