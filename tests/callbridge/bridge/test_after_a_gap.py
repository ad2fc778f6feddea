"""What happened while nobody looked, put together from the exchange's list and from CEL."""

from datetime import timedelta

import pytest

from callbridge.events import (
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallQueued,
    CallRinging,
    LinkDown,
    LinkUp,
    Outcome,
)
from callbridge.standin.ami import AmiStandIn
from tests.callbridge.bridge.conftest import CALL, Make, arrive, channel, now
from tests.callbridge.cel_file import CelFile
from tests.callbridge.witness import Witness


async def test_a_call_that_only_the_exchanges_list_knows_is_reported_with_all_it_says(
    exchange: AmiStandIn, make: Make
) -> None:
    second = "main-1772413200.5"
    exchange.channels = [
        channel(CALL),
        channel("main-1.2", Channel="PJSIP/801-00000002", Linkedid=CALL, ChannelState="5"),
        channel(second, BridgeId="b1"),
        channel("main-1.6", Channel="PJSIP/802-00000006", Linkedid=second, BridgeId="b1"),
        channel("main-a1", Context="townline-ask"),
    ]
    exchange.callers = [{"Queue": "hotline", "Position": "3", "Uniqueid": CALL, "Wait": "55"}]
    witness = Witness()
    await make().start(witness, None)
    queued = await witness.see(CallQueued)
    assert (queued.queue, queued.position, queued.uniqueid) == ("hotline", 3, CALL)
    assert now() - queued.at > timedelta(seconds=50)
    assert (await witness.see(CallRinging)).extension == "801"
    answered = await witness.see(CallAnswered)
    assert (answered.uniqueid, answered.extension, answered.operator_uniqueid) == (second, "802", "main-1.6")
    assert {each.uniqueid for each in witness.of(CallArrived)} == {CALL, second}
    await exchange.say(Event="AgentConnect", Uniqueid=CALL, Interface="PJSIP/801")
    await witness.see(CallAnswered, uniqueid=CALL)


async def test_a_call_that_ended_during_a_gap_has_its_end_from_cel(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    witness = Witness()
    await make().start(witness, None)
    cel.arrives(now() - timedelta(seconds=5), CALL)
    await arrive(exchange)
    await witness.see(CallArrived)
    exchange.channels = []
    await exchange.cut()
    cel.ends(now(), CALL)
    record = await witness.record(uniqueid=CALL, end=CallEnd.ABANDONED)
    assert record.ended_at is not None
    await witness.see(LinkUp, away_since=witness.of(LinkUp)[-1].away_since)
    assert witness.of(CallEnded) == []


async def test_calls_that_were_alive_when_the_exchange_died_are_cut_off(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    witness = Witness()
    await make().start(witness, None)
    cel.arrives(now() - timedelta(seconds=5), CALL)
    cel.row("ANSWER", now() - timedelta(seconds=5), cel.dials(now() - timedelta(seconds=5), "a1"))
    await witness.record(uniqueid=CALL)
    await arrive(exchange, "main-1772413200.9")  # CEL lost this one
    await witness.see(CallArrived)
    exchange.uptime = 0
    await exchange.cut()
    down = await witness.see(LinkDown)
    await witness.see(LinkUp, exchange_restarted=True)
    record = await witness.record(uniqueid=CALL, end=CallEnd.CUT_OFF)
    assert record.ended_at is not None
    assert abs(record.ended_at - down.at) < timedelta(seconds=1)
    assert (await witness.outcome(attempt="a1")).outcome is Outcome.FAILED
    ended = await witness.see(CallEnded)
    assert ended.end is CallEnd.CUT_OFF
    assert ended.at <= down.at
    assert [each.uniqueid for each in witness.of(CallEnded)] == ["main-1772413200.9"]


async def test_a_call_left_open_by_a_crash_that_nobody_saw_is_cut_off_at_the_next_start(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    cel.arrives(now() - timedelta(hours=2), CALL)
    first = Witness()
    exchange.channels = [channel(CALL)]
    exchange.uptime = 10_000
    bridge = make()
    await bridge.start(first, None)
    await bridge.stop()
    exchange.uptime = 60
    exchange.channels = []
    second = Witness()
    await make().start(second, first.position)
    assert (await second.record(uniqueid=CALL)).end is CallEnd.CUT_OFF


async def test_a_call_without_an_end_in_cel_that_the_living_exchange_does_not_know_is_ended(
    exchange: AmiStandIn, cel: CelFile, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbridge.cel_feed.BETWEEN_STRAGGLERS", 0.001)
    cel.arrives(now() - timedelta(seconds=30), CALL)
    witness = Witness()
    await make().start(witness, None)
    assert (await witness.record(uniqueid=CALL)).end is CallEnd.ABANDONED


async def test_cel_that_is_missing_is_named_and_calls_go_on(exchange: AmiStandIn, cel: CelFile, make: Make) -> None:
    aside = cel.path.with_name("aside")
    cel.path.rename(aside)
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    assert bridge.link.cel_problem == "master.db is missing"
    await arrive(exchange)
    await witness.see(CallArrived)
    aside.rename(cel.path)
    cel.arrives(now(), "main-1772413200.8")
    await witness.record(uniqueid="main-1772413200.8")
    assert bridge.link.cel_problem == ""
