"""When the daily proof is made: at its hour of its zone, by whoever holds the exchange, when nobody waits, once."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from callbridge.bridge import Bridge
from callbridge.errors import NotLinked, SomebodyWaits
from callbridge.events import ProofKind, ProofProblem, ProofWay
from callbridge.proof import TRUNK, Proven
from dispatch.daily_proof import DailyProof
from dispatch.models import Proof
from tests.dispatch.town import Town


class Exchange:
    """Lets itself be tried."""

    link = SimpleNamespace(up=True)

    def __init__(self, town: Town) -> None:
        self._town = town
        self.trouble: Exception | None = None
        self.tried = 0

    @property
    def prover(self) -> "Exchange":
        return self

    async def everything(self) -> list[Proven]:
        self.tried += 1
        if self.trouble is not None:
            raise self.trouble
        return [
            Proven(
                kind=ProofKind.TRUNK,
                name=TRUNK,
                way=ProofWay.CALL,
                at=self._town.clock.now(),
                took=timedelta(seconds=5),
                problem=ProofProblem.CONGESTED,
            )
        ]


@pytest.fixture
def exchange(town: Town) -> Exchange:
    return Exchange(town)


def look(town: Town, exchange: Exchange | None, channels: int = 30) -> None:
    proof = DailyProof(town.store, town.centre_id, "main", channels)
    asyncio.run(proof.run(cast("Bridge | None", exchange)))


def test_it_is_made_once_at_its_hour_and_not_on_the_day_the_centre_is_made(town: Town, exchange: Exchange) -> None:
    look(town, exchange)
    assert exchange.tried == 0
    town.clock.move(timedelta(hours=19, minutes=39))  # 04:39 in Shanghai
    look(town, exchange)
    assert exchange.tried == 0
    town.clock.move(timedelta(minutes=1))
    look(town, None)
    look(town, exchange)
    look(town, exchange)
    assert exchange.tried == 1
    assert [(row.name, row.problem) for row in town.all(Proof)] == [("trunk", "congested")]
    town.clock.move(timedelta(days=3))  # nobody was there for some days
    look(town, exchange)
    look(town, exchange)
    assert exchange.tried == 2


@pytest.mark.parametrize("trouble", [SomebodyWaits("2 in the queue"), NotLinked("no link")])
def test_what_could_not_be_tried_is_tried_the_next_time(town: Town, exchange: Exchange, trouble: Exception) -> None:
    town.clock.move(timedelta(hours=20))
    exchange.trouble = trouble
    look(town, exchange)
    look(town, exchange)
    assert town.all(Proof) == []
    exchange.trouble = None
    look(town, exchange)
    assert len(town.all(Proof)) == 1


def test_a_full_trunk_is_left_to_those_who_call(town: Town, exchange: Exchange) -> None:
    town.clock.move(timedelta(hours=20))
    town.rings_in()
    look(town, exchange, channels=4)  # two are kept free for callers, and she has one of the others
    assert exchange.tried == 0
    look(town, exchange, channels=6)
    assert exchange.tried == 1


def test_the_hour_is_a_rule_and_keeps_its_zone(town: Town, exchange: Exchange) -> None:
    town.rule("daily_proof", at="23:30", zone="Europe/Berlin")
    town.clock.move(timedelta(hours=20))
    look(town, exchange)
    assert exchange.tried == 0
    town.clock.move(timedelta(hours=1, minutes=30))  # 22:30 UTC on the second of March
    look(town, exchange)
    assert exchange.tried == 1
    town.rule("daily_proof", on=False)
    town.clock.move(timedelta(days=2))
    look(town, exchange)
    assert exchange.tried == 1
