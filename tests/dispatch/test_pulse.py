"""A sign of life goes out only while the clocks tick and the database answers, to systemd and to the exchange."""

import asyncio
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from callbridge.errors import LinkLost
from callbridge.watch import Alarm
from dispatch.notify import Notifier
from dispatch.pulse import Exchange, Pulse
from registry.store.journal import Journal
from tests.dispatch.town import Town


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.door.bind(address.replace("@", "\0", 1))
        self.door.setblocking(False)

    @property
    def heard(self) -> list[str]:
        told = []
        while True:
            try:
                told.append(self.door.recv(4096).decode())
            except BlockingIOError:
                return told


class WatchingExchange:
    """Hears signs of life."""

    def __init__(self, since: datetime) -> None:
        self.link = SimpleNamespace(up=True, since=since)
        self.good_for: list[float] = []
        self.begun = 0
        self.called: Alarm | None = None
        self.trouble: Exception | None = None

    @property
    def watch(self) -> "WatchingExchange":
        return self

    async def begin(self) -> None:
        self.begun += 1

    async def alarm(self) -> Alarm | None:
        return self.called

    async def beat(self, good_for: timedelta) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.good_for.append(good_for.total_seconds())


@pytest.fixture(params=["file", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "file" else f"@townline-test-{tmp_path.name}"


@pytest.fixture
def systemd(address: str) -> Iterator[Systemd]:
    systemd = Systemd(address)
    yield systemd
    systemd.door.close()


class House:
    def __init__(self, town: Town, address: str) -> None:
        self.town = town
        self.ticked_at: datetime | None = town.clock.now()
        self.exchange = WatchingExchange(town.clock.now())
        self.trouble = ""
        notifier = Notifier(address)
        self.pulse = Pulse(town.store, town.centre_id, "main", notifier, lambda: self.ticked_at, lambda: self.trouble)

    def beat(self) -> None:
        asyncio.run(self.pulse.beat(cast("Exchange", self.exchange)))

    def stop(self) -> None:
        asyncio.run(self.pulse.stop(cast("Exchange", self.exchange)))


@pytest.fixture
def house(town: Town, address: str) -> House:
    return House(town, address)


def test_it_tells_systemd_and_the_exchange_that_it_lives(house: House, systemd: Systemd) -> None:
    house.beat()
    house.trouble = "no link to the exchange main: nobody answers"
    house.beat()
    assert systemd.heard == [
        "WATCHDOG=1\nSTATUS=calls come in",
        "WATCHDOG=1\nSTATUS=no link to the exchange main: nobody answers",
    ]
    assert house.exchange.good_for == [90, 90]
    assert house.exchange.begun == 1


def test_a_service_whose_clocks_stand_still_gives_no_sign_of_life(house: House, systemd: Systemd) -> None:
    house.town.clock.move(timedelta(seconds=16))
    house.beat()
    assert systemd.heard == []
    assert house.exchange.good_for == []


def test_a_service_whose_database_does_not_answer_gives_no_sign_of_life(
    house: House, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(type(house.town.store), "reading", fails)
    house.beat()
    assert systemd.heard == []
    assert house.exchange.good_for == []


def test_an_orderly_stop_is_told_and_has_its_own_time(house: House, systemd: Systemd) -> None:
    house.stop()
    assert systemd.heard == ["STOPPING=1\nSTATUS=stopping"]
    assert house.exchange.good_for == [900]


def test_what_the_exchange_did_in_the_silence_is_in_the_journal_once(house: House, town: Town) -> None:
    house.beat()
    house.exchange.called = Alarm(2, town.clock.now())
    house.beat()
    assert "exchange.called_supervisor" not in town.journal("exchange")
    town.clock.move(timedelta(minutes=5))
    house.ticked_at = town.clock.now()
    house.beat()
    house.exchange.called = None
    house.beat()
    (row,) = [row for row in town.all(Journal) if row.what == "exchange.called_supervisor"]
    assert row.data["calls"] == 2
    assert row.data["acknowledged_at"].startswith("2026-03-02T01:00:00")


def test_an_exchange_that_was_started_again_is_told_and_looked_at_again(house: House, town: Town) -> None:
    house.beat()
    house.exchange.trouble = LinkLost("cut")
    house.beat()
    house.exchange.trouble = None
    house.exchange.link.since += timedelta(seconds=3)
    house.beat()
    assert (house.exchange.begun, house.exchange.good_for) == (2, [90, 90])


def test_without_systemd_nothing_is_told(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier().tell("READY=1")
