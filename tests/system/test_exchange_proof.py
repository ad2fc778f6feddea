"""The daily proof on a real exchange: out by the trunk and in again, through a queue, at operators' telephones."""

import asyncio
import json
from collections.abc import Callable

import pytest

from callbridge.errors import SomebodyWaits
from callbridge.events import CallArrived, CallEnded, CallQueued, ProofKind, ProofProblem, ProofWay
from callbridge.exchange import Exchange
from callbridge.proof import Proven, prove
from callbridge.settings import ExchangeSettings
from tests.system.conftest import Connect
from tests.system.test_exchange_life import run
from tests.system.test_exchange_telephone import trunk_is_up
from tests.system.town import Town

pytestmark = pytest.mark.system

HOTLINE, TEST_NUMBER, ABROAD = "02367000000", "02367000999", "862367000999"  # as dialled, and as it comes back
LEADS_BACK = ["Set(CALLERID(num)=anonymous)", f"Dial(PJSIP/{ABROAD}@exchange,20)"]


@pytest.fixture
def exchange_settings(exchange_settings: ExchangeSettings) -> ExchangeSettings:
    trunk = exchange_settings.trunk.model_copy(update={"test_number": TEST_NUMBER})
    return exchange_settings.model_copy(update={"trunk": trunk, "auto_answer": ("801",)})


def said(results: list[Proven]) -> dict[str, tuple[ProofWay, ProofProblem | None]]:
    return {each.name: (each.way, each.problem) for each in results}


async def test_the_trunk_and_the_telephones_are_proven_and_nobody_has_called(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    town(subscribers={TEST_NUMBER: LEADS_BACK}, telephones={"801": ["Answer", "Wait(30)"]})
    _, witness = await connect()
    await trunk_is_up(exchange)
    results = await prove(exchange.settings, exchange.secrets)
    assert said(results) == {
        "trunk": (ProofWay.CALL, None),
        "801": (ProofWay.AUTO_ANSWER, None),
        "802": (ProofWay.QUALIFY, ProofProblem.NOT_REGISTERED),
    }
    assert results[0].kind is ProofKind.TRUNK
    assert 2 < results[0].took.total_seconds() < 8
    await asyncio.sleep(1)
    assert not witness.of(CallArrived)
    assert not witness.of(CallEnded)
    assert witness.records == []
    assert witness.outcomes == []


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (["Answer", "Wait(1)"], ProofProblem.NOT_BACK),
        (["Busy(1)"], ProofProblem.BUSY),
        (["Hangup(1)"], ProofProblem.INVALID),
    ],
)
async def test_a_trunk_that_does_not_lead_back_is_named(
    exchange: Exchange,
    connect: Connect,
    town: Callable[..., Town],
    steps: list[str],
    problem: ProofProblem,
) -> None:
    town(subscribers={TEST_NUMBER: steps})
    bridge, _ = await connect()
    await trunk_is_up(exchange)
    proven = await bridge.prover.trunk()
    assert proven is not None
    assert proven.problem is problem


async def test_a_stranger_who_dials_the_test_number_is_a_caller_as_any_other(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(subscribers={TEST_NUMBER: ["Ringing", "Wait(12)"]})
    bridge, witness = await connect()
    await trunk_is_up(exchange)
    world.call("13800000001", TEST_NUMBER, 3)
    at_once = await witness.see(CallArrived, number="13800000001")
    await witness.see(CallEnded, uniqueid=at_once.uniqueid)
    trying = asyncio.create_task(bridge.prover.trunk())
    await asyncio.sleep(0.5)
    world.call_and_do("13800000002", TEST_NUMBER, ["Wait(0.5)", "SendDTMF(12345678,100)", "Wait(6)"])
    meanwhile = await witness.see(CallArrived, number="13800000002")
    await witness.see(CallQueued, uniqueid=meanwhile.uniqueid, queue="hotline")
    world.call(HOTLINE, TEST_NUMBER, 0.5)  # the test itself, whose keys have not arrived
    await asyncio.sleep(2)
    assert {record.number for record in witness.records} == {"13800000001", "13800000002"}
    trying.cancel()


async def test_nothing_is_tried_while_somebody_waits_and_a_telephone_is_let_go_when_somebody_comes(
    exchange: Exchange, connect: Connect, town: Callable[..., Town]
) -> None:
    world = town(telephones={"801": ["Ringing", "Wait(30)"]})
    bridge, witness = await connect()
    await trunk_is_up(exchange)
    trying = asyncio.create_task(bridge.prover.telephone("801", in_ring=True))
    await asyncio.sleep(1)
    world.call("13800000001", HOTLINE, 20)
    proven = await trying
    assert proven is not None
    assert (proven.way, proven.problem) == (ProofWay.QUALIFY, None), "not its fault"
    await witness.see(CallQueued)
    with pytest.raises(SomebodyWaits):
        await bridge.prover.everything()
    again = await bridge.prover.telephone("801", in_ring=True)
    assert again is not None
    assert again.way is ProofWay.QUALIFY


async def test_the_administrator_tries_the_line_and_is_told_what_does_not_work(
    exchange: Exchange, town: Callable[..., Town]
) -> None:
    town(subscribers={TEST_NUMBER: ["Busy(1)"]}, telephones={"801": ["Answer", "Wait(30)"]})
    await trunk_is_up(exchange)
    found = await asyncio.to_thread(run, exchange, "check", "--call", "--json")
    assert found.exit_code == 1
    said = json.loads(found.output)
    assert [(each["name"], each["problem"]) for each in said["tried"]] == [
        ("trunk", "busy"),
        ("801", None),
        ("802", "not_registered"),
    ]
    assert [each["key"] for each in said["problems"]] == ["proof_trunk", "proof_telephone"]
    again = await asyncio.to_thread(run, exchange, "check", "--call")
    assert "BAD trunk trunk, call" in again.output
    assert "-> look at the provider whether it leads back" in again.output
