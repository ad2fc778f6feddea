"""What the exchange is kept supplied with: the services by key, and room for recordings."""

import asyncio
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from callbridge.bridge import Bridge
from callbridge.errors import NotLinked
from callbridge.speech import Language, Speech
from dispatch.models import ExchangePosition
from dispatch.upkeep import Upkeep
from dispatch.views.desk import link_lines
from registry.models import Service
from tests.dispatch.town import Town


class Exchange:
    """The exchange's own database."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, str], str] = {}
        self.told = 0
        self.away = False

    async def mirror(self, family: str, keys: Sequence[str], value: str) -> None:
        if self.away:
            raise NotLinked("no link")
        self.told += 1
        self.facts |= {(family, key): value for key in keys}

    @property
    def orders(self) -> str:
        return "".join(key for (family, key), value in sorted(self.facts.items()) if family[9:] == "orders" and value)


class Voice:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def say_now(self, text: str, language: Language) -> Path:
        self.said.append(text)
        path = self.folder / f"{len(self.said)}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(text.encode().ljust(400))
        return path


class Place:
    def __init__(self, town: Town, folder: Path) -> None:
        self.town, self.folder = town, folder
        self.exchange, self.voice = Exchange(), Voice(folder)
        self.free = 0.5
        with town.store.writing() as session:
            session.add(ExchangePosition(exchange="main"))
        self.restart()

    def restart(self) -> None:
        self.upkeep = Upkeep(
            self.town.store,
            self.town.centre_id,
            "main",
            self.folder / "recordings",
            self.folder / "sounds",
            cast("Speech", self.voice),
            "zh",
            free=lambda _folder: self.free,
        )

    def run(self) -> None:
        asyncio.run(self.upkeep.run(cast("Bridge", self.exchange)))

    @property
    def menu(self) -> bytes:
        return (self.folder / "sounds/zh/order-menu.wav").read_bytes()


@pytest.fixture
def place(town: Town, tmp_path: Path) -> Place:
    return Place(town, tmp_path)


def change(town: Town, code: str, **changes: Any) -> None:
    """A new version of a service."""
    with town.store.writing() as session:
        before = next(each for each in town.all(Service) if each.code == code)
        fields = before.model_dump(exclude={"id"}) | {"version": before.version + 1} | changes
        session.add(Service(**fields))


def test_the_services_with_a_digit_can_be_ordered_and_are_spoken(place: Place) -> None:
    place.run()
    assert place.exchange.orders == "123456789"
    assert "送药上门，请按1。" in place.voice.said[0]
    assert place.voice.said[0].endswith("请按0。")
    assert place.voice.said[0].encode()[:60] in place.menu


def test_nothing_is_told_twice_and_a_change_is_told_without_a_restart(place: Place, town: Town) -> None:
    place.run()
    told = place.exchange.told
    place.run()
    assert place.exchange.told == told
    change(town, "medicine", keypad_digit=None)
    place.run()
    assert place.exchange.orders == "23456789"
    assert place.exchange.told == told + 1
    assert "送药" not in place.voice.said[-1]


def test_what_could_not_be_told_is_told_later(place: Place) -> None:
    place.exchange.away = True
    place.run()
    assert place.exchange.orders == ""
    place.exchange.away = False
    place.run()
    assert place.exchange.orders == "123456789"


def test_a_human_voice_in_the_menus_place_stays(place: Place, town: Town) -> None:
    (place.folder / "sounds/zh").mkdir(parents=True)
    (place.folder / "sounds/zh/order-menu.wav").write_bytes(b"a person")
    place.run()
    assert place.menu == b"a person"


def test_when_the_disk_fills_recordings_stop_and_the_board_says_so(place: Place, town: Town) -> None:
    place.run()
    place.free = 0.04
    place.run()
    assert place.exchange.facts["townline-recording", "0"] == "1"
    with town.store.reading() as session:
        assert link_lines(session)[0].recording_stopped_at == town.clock.now()
    place.restart()
    place.free = 0.06
    place.run()
    assert place.exchange.facts["townline-recording", "0"] == "1", "not on and off with every file"
    place.free = 0.1
    place.run()
    assert place.exchange.facts["townline-recording", "0"] == ""
    with town.store.reading() as session:
        assert link_lines(session)[0].recording_stopped_at is None
    assert town.journal("exchange") == ["exchange.recording_stopped", "exchange.recording_goes_on"]
