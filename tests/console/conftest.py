"""A desk at a stand-in service: keys go in, commands come out."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from textual.pilot import Pilot

from console.app import Console
from console.ask.search import Search
from console.client import Client
from console.login.screen import Credentials, LoginScreen
from tests.console import people
from tests.console.stand_in import Command, Server, Town
from tests.patience import SOON

PATIENCE = 2.0  # seconds that a console tries to reach the service: longer than a busy machine answers late
SIZES = [(100, 30), (160, 48)]


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = people.NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Seat:
    """An operator at her terminal."""

    app: Console
    pilot: Pilot[None]
    town: Town

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.pilot.press(*text)

    async def until(self, what: Callable[[], object], why: str = "") -> None:
        """Waits for something that the service or the screen does by itself."""
        until = time.monotonic() + SOON
        while time.monotonic() < until:
            if what():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"{why or 'it did not happen'}; the screen says:\n{self.text}")

    async def sees(self, *words: str) -> None:
        await self.until(lambda: all(each in self.text for each in words), f"{words} never came")

    async def finds(self, words: str, *seen: str) -> None:
        """Types `words` into a search and waits for what answers all of them: Enter means nothing before."""
        await self.type(words)
        await self.until(lambda: isinstance(search := self.app.screen, Search) and search.answered == words)
        await self.sees(*seen)

    async def told(self, path: str) -> Command:
        """The next command with that end of its path."""
        await self.until(
            lambda: any(each.path.endswith(path) for each in self.town.told), f"nothing was told to {path}"
        )
        return next(each for each in self.town.told if each.path.endswith(path))

    @property
    def text(self) -> str:
        """What can be read on the topmost screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def town(clock: HandClock) -> Town:
    quiet = people.town()
    quiet.now = clock
    return quiet


@pytest.fixture
def server(town: Town) -> Iterator[Server]:
    server = Server(town)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    client = Client(server.url, patience=PATIENCE, pause=0.02)
    yield client
    await client.close()


@pytest.fixture(params=SIZES, ids=["100x30", "160x48"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


@pytest.fixture
def sit_down(server: Server, clock: HandClock):  # type: ignore[no-untyped-def]
    """`async with sit_down(size) as seat`: logged in; with a wrong password still at the log-in."""

    @asynccontextmanager
    async def at(size: tuple[int, int] = SIZES[0], password: str = "secret") -> AsyncIterator[Seat]:
        client = Client(server.url, patience=PATIENCE, pause=0.02)
        app = Console(
            client,
            language_fixed=True,
            credentials=Credentials("chen", password),
            clock=clock,
        )
        async with app.run_test(size=size, notifications=True) as pilot:
            seat = Seat(app, pilot, server.town)
            if password == server.town.password:
                await seat.until(
                    lambda: app.desk.services and not isinstance(app.screen, LoginScreen), "no board came"
                )
            yield seat

    return at
