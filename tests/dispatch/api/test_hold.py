"""The hold after a restore, over HTTP: it stands on the board, a machine hears of it, a supervisor ends it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI

from dispatch import restored
from dispatch.config import Config
from dispatch.house import House, furnish
from dispatch.models import Operator
from dispatch.views.timeline import epoch_of
from registry.store import Role
from tests.dispatch.api.desks import Console, http_of
from tests.dispatch.api.serving import Listener, Service
from tests.dispatch.api.test_health import linked
from tests.dispatch.town import Town

SMS = "+8613900000001"


@pytest.fixture
def on_hold(town: Town) -> None:
    """A job was about to go out when the backup was made."""
    town.merchant("康宁药房", sms=SMS)
    town.dispatch(town.open(town.resident()))
    backup_at = town.clock.now()
    town.clock.move(timedelta(minutes=2))
    with town.store.writing() as session:
        restored.settle(session, backup_at)


@pytest.fixture
def supervisor(town: Town, on_hold: None, app: FastAPI) -> Iterator[Console]:
    with town.store.writing() as session:
        operator = session.get(Operator, town.colleague.operator_id)
        assert operator is not None
        operator.role = Role.SUPERVISOR
    with Console.of(app, town, town.colleague.operator_id) as console:
        yield console


def test_the_board_says_what_is_held_and_since_when(on_hold: None, console: Console) -> None:
    assert console.get("board")["hold"] == {
        "backup_at": "2026-03-02T01:00:00Z",
        "since": "2026-03-02T01:02:00Z",
        "messages": 1,
        "ladders": 0,
    }


def test_a_machine_that_asks_hears_of_it_and_does_not_take_the_service_away(
    on_hold: None, app: FastAPI, house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(monkeypatch, town)
    house.ticked()
    with http_of(app) as http:
        answer = http.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    (problem,) = answer.json()["problems"]
    assert "since the restore at 2026-03-02 01:02:00Z: 1 messages" in problem
    assert "townline release" in problem


def test_only_a_supervisor_releases_it(console: Console, supervisor: Console, town: Town) -> None:
    since = console.get("board")["hold"]["since"]
    refused = console.post("hold/release", 403, since=since)
    assert refused["key"] == "not_allowed"
    assert supervisor.post("hold/release", since=since) == {"messages": 1, "ladders": 0}
    assert console.get("board")["hold"] is None
    town.send()
    assert len(town.sms_to(SMS)) == 1


def test_the_second_is_told_who_was_first_and_a_repetition_is_answered_alike(supervisor: Console) -> None:
    since = supervisor.get("board")["hold"]["since"]
    first = supervisor.post("hold/release", key="once", since=since)
    assert supervisor.post("hold/release", key="once", since=since) == first
    late = supervisor.post("hold/release", 409, since=since)
    assert (late["values"]["now"], late["values"]["by"]) == ("released", "刘洋")


def test_who_saw_an_earlier_restore_has_to_look_again(supervisor: Console) -> None:
    problem = supervisor.post("hold/release", 409, since="2026-03-01T00:00:00Z")
    assert problem["values"]["now"] == "held"
    assert supervisor.get("board")["hold"] is not None


def test_every_console_sees_it_grow_and_end(supervisor: Console, house: House, town: Town) -> None:
    board = supervisor.get("board")
    with Service(house).running() as service, Listener(service.url, supervisor.token, board["last_event_id"]) as line:
        town.dispatch(town.open(None), merchant_id=1)
        assert line.change("message.wanted")["hold"]["messages"] == 2
        supervisor.post("hold/release", since=board["hold"]["since"])
        released = line.change("centre.released")
        assert (released["hold"], released["data"]) == (None, {"messages": 2, "ladders": 0})
        assert released["actor"]["name"] == "刘洋"


def test_a_console_that_knew_the_history_before_gets_the_whole_board(
    console: Console, config: Config, town: Town
) -> None:
    here = console.get("board")["last_event_id"]
    with town.store.writing() as session:
        restored.settle(session, town.clock.now())
    with town.store.reading() as session:
        epoch = epoch_of(session, town.centre_id)
    with (
        Service(furnish(config, town.store, town.centre_id, epoch)).running() as service,
        Listener(service.url, console.token, here) as line,
    ):
        board = line.snapshot()
        assert board["hold"] is not None
        assert board["last_event_id"].rpartition("-")[0] != here.rpartition("-")[0]
