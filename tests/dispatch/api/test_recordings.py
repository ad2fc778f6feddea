"""Recordings over HTTP: named for whoever sees the call, played on the operator's own telephone only."""

from types import SimpleNamespace

import pytest

from callbridge.events import CallEnd, CallEnded, Party
from dispatch.house import House
from dispatch.models import Call
from registry.models import AccessLog
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town


class Exchange:
    """Rings telephones."""

    link = SimpleNamespace(up=True)

    def __init__(self) -> None:
        self.played: list[tuple[str, str]] = []

    async def play(self, extension: str, file: str) -> None:
        self.played.append((extension, file))


@pytest.fixture
def exchange(house: House, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    exchange = Exchange()
    monkeypatch.setattr(house.switchboard, "_bridge", exchange)
    return exchange


def conversation(town: Town) -> Call:
    """One of the first operator, recorded."""
    call = town.rings_in()
    town.answers(call)
    at = town.clock.now()
    town.tell(
        CallEnded(
            exchange="main",
            at=at,
            uniqueid=call,
            end=CallEnd.ANSWERED,
            hung_up_by=Party.CALLER,
            cause=16,
            recording="main-1-1.wav",
        )
    )
    return town.call(call)


def test_a_recording_is_played_once_on_the_operators_telephone(
    console: Console, town: Town, exchange: Exchange
) -> None:
    town.resident()
    (line,) = console.get("recordings", call_id=conversation(town).id)
    assert (line["kind"], line["removed"], line["playable"]) == ("conversation", False, True)
    for _ in range(2):
        console.post(f"recordings/{line['id']}/play", key="the same wish")
    assert exchange.played == [("801", "main-1-1.wav")]
    assert len([each for each in town.all(AccessLog) if each.what == "recording"]) == 1


def test_a_colleague_may_not_hear_it_and_nothing_is_logged(
    colleague: Console, town: Town, exchange: Exchange
) -> None:
    town.resident()
    (line,) = colleague.get("recordings", call_id=conversation(town).id)
    assert not line["playable"]
    colleague.post(f"recordings/{line['id']}/play", 403)
    assert exchange.played == []
    assert not [each for each in town.all(AccessLog) if each.what == "recording"]


def test_without_the_exchange_nothing_is_played_and_it_is_said(console: Console, town: Town) -> None:
    (line,) = console.get("recordings", call_id=conversation(town).id)
    console.post(f"recordings/{line['id']}/play", 409)
    console.post("recordings/999/play", 404)
