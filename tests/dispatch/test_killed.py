"""Never lost, never twice: a process killed at a state change, started again, and counted at the receiver.

`make bench ARGS="--part killed"` draws the whole table: every commit, every message and call, on both databases. Here
a few of its moments are tried, as different as they can be.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.databases import PostgresServer
from tests.dispatch.killing.copies import PostgresCopies, SqliteCopies
from tests.dispatch.killing.exchange import Order
from tests.dispatch.killing.lives import AtCommit
from tests.dispatch.killing.plays import PLAYS
from tests.dispatch.killing.receiver import Bytes
from tests.dispatch.killing.table import Message, Moment, Town, prepare

Stage = Callable[..., Town]


@pytest.fixture
def stage(request: pytest.FixtureRequest, database_url: URL) -> Stage:
    def made(kind: str, *, instances: int = 1) -> Town:
        play = PLAYS[kind]
        centre_id = prepare(play, database_url)
        if database_url.get_backend_name() == "sqlite":
            return Town(play, SqliteCopies(Path(database_url.database or "")), centre_id)
        server: PostgresServer = request.getfixturevalue("postgres")
        return Town(play, PostgresCopies(server, database_url), centre_id, instances=instances)

    return made


@pytest.mark.parametrize(
    ("database_url", "kind", "moment"),
    [
        ("sqlite", "sms", Message(Bytes.TAKEN, 2)),
        ("postgresql", "telephone", AtCommit("offer.accepted", 1)),
        ("sqlite", "race", AtCommit("offer.withdrawn", 1, done=True)),
        ("postgresql", "emergency", AtCommit("ladder.acknowledged", 1)),
    ],
    indirect=["database_url"],
)
def test_a_killed_process_neither_loses_nor_doubles(stage: Stage, kind: str, moment: Moment) -> None:
    row = stage(kind).run(moment)
    assert (row.killed, row.finished, row.lost, row.doubled) == (True, True, 0, 0)


@pytest.mark.parametrize(
    ("database_url", "kind", "doubled"),
    [("sqlite", "emergency", 1), ("postgresql", "telephone", 0)],
    indirect=["database_url"],
)
def test_an_emergency_is_called_again_when_nobody_can_be_asked_and_a_shop_is_not(
    stage: Stage, kind: str, doubled: int
) -> None:
    row = stage(kind).run(Order(Bytes.TAKEN, 1, away=True))
    assert (row.killed, row.finished, row.lost) == (True, True, 0)
    assert (row.doubled, row.repeats) == (doubled, doubled), "and it stands on the case"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_services_the_other_goes_on(stage: Stage) -> None:
    row = stage("race", instances=2).run(Message(Bytes.TAKEN, 1))
    assert (row.killed, row.finished, row.lost, row.doubled) == (True, True, 0, 0)
