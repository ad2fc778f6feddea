"""A link that is refused, breaks, falls silent and comes back."""

import asyncio

import pytest

from callbridge.errors import AmiRefused, NotLinked
from callbridge.events import CallArrived, LinkDown, LinkUp, PhoneReached, RingSurveyed
from callbridge.standin.ami import AmiStandIn
from tests.callbridge.bridge.conftest import CALL, ORDER, Make, arrive, channel, now
from tests.callbridge.cel_file import CelFile
from tests.callbridge.witness import Witness
from tests.errorlog import ErrorLog


async def test_a_wrong_secret_is_said_at_once_and_never_tried_again(
    exchange: AmiStandIn, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWNLINE_SECRET_AMI", "wrong")
    bridge = make()
    with pytest.raises(AmiRefused):
        await bridge.start(Witness(), None)
    await asyncio.sleep(0.1)
    assert exchange.logins == 1
    assert not bridge.link.up


async def test_a_secret_changed_while_we_run_ends_the_attempts_and_is_said(
    exchange: AmiStandIn, make: Make, error_log: ErrorLog
) -> None:
    error_log.expect("link.refused")
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    exchange.secret = "another"
    await exchange.cut()
    await exchange.until("Login", 2)
    await asyncio.sleep(0.1)
    assert exchange.logins == 2
    assert "refused the login" in bridge.link.reason


async def test_no_secret_at_all_is_a_refusal(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOWNLINE_SECRET_AMI")
    with pytest.raises(AmiRefused, match="no secret AMI"):
        await make().start(Witness(), None)


async def test_when_nobody_listens_it_starts_says_so_and_connects_later(exchange: AmiStandIn, make: Make) -> None:
    await exchange.stop()
    witness, bridge = Witness(), make()
    await bridge.start(witness, None)
    await witness.see(LinkDown)
    assert not bridge.link.up
    assert bridge.link.reason
    for command in (bridge.hang_up("a1"), bridge.fate("a1"), bridge.mirror("f", ["1"], "v"), bridge.call_out(ORDER)):
        with pytest.raises(NotLinked):
            await command
    await asyncio.sleep(0.1)
    await exchange.start()
    up = await witness.see(LinkUp)
    assert up.away_since is None
    assert bridge.link.up
    assert len(witness.of(LinkDown)) == 1


async def test_calls_in_cel_are_reported_while_the_exchange_is_away(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    await exchange.stop()
    witness = Witness()
    await make().start(witness, None)
    cel.arrives(now(), CALL)
    cel.ends(now(), CALL)
    await witness.record(uniqueid=CALL)


async def test_a_silent_exchange_is_noticed_and_the_link_comes_back(exchange: AmiStandIn, make: Make) -> None:
    witness = Witness()
    await make().start(witness, None)
    exchange.silent = True
    down = await witness.see(LinkDown, 2)
    assert "Ping" in down.reason
    exchange.silent = False
    await exchange.cut()
    up = await witness.see(LinkUp, 2, away_since=witness.of(LinkUp)[-1].away_since)
    again = await witness.see(LinkUp, 2, exchange_restarted=False)
    assert again is up or witness.of(LinkUp)[-1].away_since is not None


async def test_a_roll_call_that_is_cut_off_is_tried_again_on_a_new_link(exchange: AmiStandIn, make: Make) -> None:
    exchange.cuts_lists = True
    witness = Witness()
    starting = asyncio.create_task(make().start(witness, None))
    await exchange.until("Login", 2)
    exchange.cuts_lists = False
    await starting
    await witness.see(LinkUp)


async def test_live_events_wait_until_the_state_has_been_rebuilt(
    exchange: AmiStandIn, cel: CelFile, make: Make
) -> None:
    """What arrives between the login and the end of the roll call comes after what CEL knows."""
    cel.arrives(now(), "main-1772413200.7")

    exchange.before["QueueStatus"] = lambda: arrive(exchange)
    exchange.channels = [channel("main-1772413200.7")]
    witness = Witness()
    await make().start(witness, None)
    await witness.see(CallArrived)
    about_telephones = (PhoneReached, RingSurveyed)
    kinds = [type(event).__name__ for event in witness.events if not isinstance(event, about_telephones)]
    assert kinds[:4] == ["LinkUp", "CelState", "CelRead", "CallArrived"]
