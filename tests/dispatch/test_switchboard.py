"""The service's end of the exchange: who holds it, and what happens when it does not answer as it should."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest

from callbridge.bridge import Bridge
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from callbridge.standin.ami import AmiStandIn
from dispatch import lease
from dispatch.mirror import Mirror
from dispatch.models import ExchangePosition
from dispatch.outbox import Sender
from dispatch.switchboard import Switchboard
from registry.store import MovableClock, Store
from tests.callbridge.cel_file import CelFile
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog

SECRET = "a secret of the exchange"


class Mute:
    async def say(self, text: str, language: str, *, call: str) -> Path:
        raise AssertionError("nothing is spoken here")

    def unsay(self, call: str) -> None:
        pass


def switchboard(
    town: Town, folder: Path, port: int, secret: str = SECRET, instance: str = "one", log: Path | None = None
) -> Switchboard:
    settings = ExchangeSettings(ami_port=port)
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "AMI").write_text(secret)
    log = log or folder / "cel.db"
    CelFile(log)
    secrets = Secrets(folder / "secrets")
    return Switchboard(
        town.store,
        town.intake,
        settings.name,
        instance,
        lambda: Bridge(settings, secrets, Mute(), log, town.store.clock.now),
        lambda bridge: Sender(town.store, {}, bridge, instance),
        Mirror(town.store, town.centre_id, town.plan, settings.name),
    )


@asynccontextmanager
async def running(board: Switchboard) -> AsyncIterator[None]:
    task = asyncio.create_task(board.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not so():  # noqa: ASYNC110 - it happens in another thread
            await asyncio.sleep(0.02)


async def test_a_refused_secret_is_said_once_and_not_tried_for_ever(
    town: Town, tmp_path: Path, error_log: ErrorLog
) -> None:
    exchange = AmiStandIn(secret="another secret")
    await exchange.start()
    error_log.expect("link.refused")
    with town.store.writing() as session:  # as the service left it when it stopped
        session.add(ExchangePosition(exchange="main", link_up=True))
    board = switchboard(town, tmp_path, exchange.port)
    async with running(board):
        await until(lambda: not town.get(ExchangePosition, "main").link_up)
        await until(lambda: "refused" in board.trouble)
        tried = len(exchange.of("Login"))
        await asyncio.sleep(0.5)
        assert len(exchange.of("Login")) == tried
        assert "townline pbx check" in board.trouble
    await exchange.stop()


async def test_an_exchange_that_is_away_at_the_start_is_found_when_it_comes(town: Town, tmp_path: Path) -> None:
    exchange = AmiStandIn(secret=SECRET)
    await exchange.start()
    await exchange.stop()
    board = switchboard(town, tmp_path, exchange.port)
    async with running(board):
        await until(lambda: town.all(ExchangePosition))
        assert board.trouble
        await exchange.start()
        await until(lambda: not board.trouble)
        await until(lambda: town.get(ExchangePosition, "main").link_up)
        assert "exchange.link_up" in town.journal("exchange")
    await exchange.stop()


async def test_an_event_log_that_cannot_be_read_is_trouble_although_calls_come_in(town: Town, tmp_path: Path) -> None:
    exchange = AmiStandIn(secret=SECRET)
    await exchange.start()
    board = switchboard(town, tmp_path, exchange.port)
    (tmp_path / "cel.db").unlink()
    async with running(board):
        await until(lambda: town.all(ExchangePosition) and town.get(ExchangePosition, "main").link_up)
        await until(lambda: "cel.db is missing" in board.trouble)
        CelFile(tmp_path / "cel.db")
        await until(lambda: not board.trouble)
    await exchange.stop()


def test_a_lease_of_a_process_of_this_machine_that_has_died_is_free_at_once(store: Store) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        crashed = lease.own_name(process.pid)
        assert lease.hold(store, "exchange:main", crashed)
        assert not lease.hold(store, "exchange:main", lease.own_name()), "it lives"
        process.kill()
    assert lease.hold(store, "exchange:main", lease.own_name())


def test_a_lease_of_another_machine_is_kept_whatever_its_process_is_called(store: Store) -> None:
    assert lease.hold(store, "exchange:main", "elsewhere:4194304")
    assert not lease.hold(store, "exchange:main", lease.own_name())


def test_a_lease_has_one_holder_until_it_is_released_or_runs_out(store: Store, clock: MovableClock) -> None:
    with closing(Store(store.url, clock=clock)) as other:
        assert lease.hold(store, "exchange:main", "one")
        assert lease.hold(store, "exchange:main", "one")
        assert not lease.hold(other, "exchange:main", "two")
        clock.move(timedelta(seconds=14))
        assert lease.hold(store, "exchange:main", "one"), "renewed"
        clock.move(timedelta(seconds=14))
        assert not lease.hold(other, "exchange:main", "two")
        clock.move(timedelta(seconds=2))
        assert lease.hold(other, "exchange:main", "two"), "it ran out"
        assert not lease.hold(store, "exchange:main", "one")
        lease.release(other, "exchange:main", "two")
        assert lease.hold(store, "exchange:main", "one")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_of_two_instances_one_holds_the_exchange_and_the_other_takes_over(town: Town, tmp_path: Path) -> None:
    exchange = AmiStandIn(secret=SECRET)
    await exchange.start()
    one, two = (switchboard(town, tmp_path, exchange.port, instance=name) for name in ("one", "two"))
    async with running(one):
        await until(lambda: not one.trouble)
        async with running(two):
            await asyncio.sleep(0.3)
            assert "another instance" in two.trouble
            assert exchange.logins == 1
    async with running(two):
        await until(lambda: not two.trouble)
        assert exchange.logins == 2
    await exchange.stop()
