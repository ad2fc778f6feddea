"""When Townline gives no sign of life, a real exchange calls the supervisor by itself: with seconds, and nothing else
of ours running.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from callbridge import watch
from callbridge.bridge import Bridge
from callbridge.exchange import Exchange, running
from tests.callbridge.witness import Witness
from tests.patience import SOON
from tests.system.test_exchange_telephone import no_channels, trunk_is_up
from tests.system.town import Town

pytestmark = pytest.mark.system

SUPERVISOR, DEPUTY = "13900000009", "13900000008"
ACKNOWLEDGES = ["Answer", "Wait(1)", "SendDTMF(1)", "Wait(20)"]


def bridge_of(exchange: Exchange) -> Bridge:
    speech, cel = exchange.speech, exchange.cel_path
    return Bridge(exchange.settings, exchange.secrets, speech, cel, lambda: datetime.now(UTC))


async def told(bridge: Bridge, *numbers: str) -> None:
    """What the mirror keeps there: two seconds of silence, one between two rounds, and these numbers."""
    await bridge.mirror(watch.FAMILY, [watch.SILENT_SECONDS], "2")
    await bridge.mirror(watch.FAMILY, [watch.PAUSE_SECONDS], "1")
    for rank, number in enumerate(numbers, 1):
        await bridge.mirror(watch.SUPERVISOR, [str(rank)], number)


async def calls_made(exchange: Exchange) -> int:
    said = await asyncio.to_thread(exchange.console_command, "database get townline-watch 3")
    return int(said.partition("Value:")[2] or 0)


async def until_calls(exchange: Exchange, count: int, seconds: float = SOON) -> None:
    for _ in range(int(seconds / 0.1)):
        if await calls_made(exchange) >= count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{await calls_made(exchange)} calls in {seconds} s, expected {count}")


async def acknowledged(bridge: Bridge, seconds: float = SOON) -> watch.Alarm:
    for _ in range(int(seconds / 0.2)):
        alarm = await bridge.watch.alarm()
        if alarm is not None and alarm.acknowledged_at is not None:
            return alarm
        await asyncio.sleep(0.2)
    raise AssertionError(f"nobody acknowledged within {seconds} s")


async def test_the_supervisor_is_called_one_after_the_other_until_somebody_acknowledges(
    exchange: Exchange, town: Callable[..., Town]
) -> None:
    """Silence after a crash; an exchange that starts again in it goes on; whoever is back is told of it."""
    town(subscribers={SUPERVISOR: ["Busy(1)"], DEPUTY: ACKNOWLEDGES})
    await trunk_is_up(exchange)
    bridge = bridge_of(exchange)
    await bridge.start(Witness(), None)
    await told(bridge, "+86" + SUPERVISOR)
    await bridge.watch.beat(timedelta(seconds=2))
    await asyncio.sleep(1)
    assert await calls_made(exchange) == 0
    await bridge.mirror(watch.SUPERVISOR, ["1"], SUPERVISOR)
    await bridge.watch.beat(timedelta(seconds=2))
    await bridge.stop()

    await until_calls(exchange, 2)  # nobody there: again after the pause
    await asyncio.to_thread(exchange.stop, 0)
    await asyncio.to_thread(exchange.start)
    await until_calls(exchange, 3)

    bridge = bridge_of(exchange)
    await bridge.start(Witness(), None)
    await told(bridge, SUPERVISOR, DEPUTY)
    alarm = await acknowledged(bridge)
    await asyncio.sleep(2)
    assert await calls_made(exchange) == alarm.calls, "acknowledged: nobody is called any more"

    await bridge.watch.beat(timedelta(seconds=2))
    await asyncio.sleep(1.5)
    assert await bridge.watch.alarm() is None
    await until_calls(exchange, 1)
    await bridge.stop()


async def test_it_never_calls_twice_at_once_and_ends_when_the_service_is_back(
    exchange: Exchange, town: Callable[..., Town]
) -> None:
    town(subscribers={SUPERVISOR: ["Ringing", "Wait(3)"], DEPUTY: ["Ringing", "Wait(3)"]})
    await trunk_is_up(exchange)
    bridge = bridge_of(exchange)
    await bridge.start(Witness(), None)
    await told(bridge, SUPERVISOR, DEPUTY)
    await bridge.watch.begin()
    await bridge.watch.beat(timedelta(seconds=1))
    most = 0
    until = asyncio.get_running_loop().time() + 8
    while asyncio.get_running_loop().time() < until:
        most = max(most, len(await asyncio.to_thread(running.calls, exchange.tree, exchange.places)))
        await asyncio.sleep(0.2)
    assert most == 1
    assert await calls_made(exchange) >= 2
    await bridge.watch.beat(timedelta(seconds=60))
    await no_channels(exchange)
    await asyncio.sleep(3)
    await no_channels(exchange)
    await bridge.stop()


async def test_a_watch_that_was_ended_by_hand_is_begun_again(exchange: Exchange) -> None:
    bridge = bridge_of(exchange)
    await bridge.start(Witness(), None)
    assert await watches(exchange) == 1
    await asyncio.to_thread(exchange.console_command, "channel request hangup all")
    for _ in range(50):
        if await watches(exchange) == 0:
            break
        await asyncio.sleep(0.05)
    assert "watch" in {problem.key for problem in await asyncio.to_thread(exchange.check)}
    await bridge.watch.begin()
    await bridge.watch.begin()
    assert "watch" not in {problem.key for problem in await asyncio.to_thread(exchange.check)}
    assert await watches(exchange) == 1
    await bridge.stop()


async def watches(exchange: Exchange) -> int:
    shown = await asyncio.to_thread(exchange.console_command, "core show channels concise")
    return shown.count("!watch!")
