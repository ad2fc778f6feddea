"""The console itself at a real exchange: real SIP calls taken, held, shared, handed over and ended from its keyboard.

Each step is looked for on the screen and in the exchange's own list of channels.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callbridge.exchange import Tree
from console.app import Console
from console.client import Client
from console.login.screen import Credentials, LoginScreen
from dispatch.rehearsal.stage import COLLEAGUE, OPERATOR
from tests.console.conftest import SIZES, Seat
from tests.system.day import SOON, Day, until, working_day

pytestmark = pytest.mark.system

RESIDENT, HER_LINE, AMBULANCE = "林婉芝", "+862367001001", "120"
LONG = 40  # sentences: she stays until somebody ends the call


@asynccontextmanager
async def at_console(day: Day, login: str) -> AsyncIterator[Seat]:
    credentials = Credentials(login, day.stage.password(login))
    app = Console(Client(day.stage.service.url), language="zh", language_fixed=True, credentials=credentials)
    async with app.run_test(size=SIZES[0], notifications=True) as pilot:
        seat = Seat(app, pilot, None)  # type: ignore[arg-type]
        await seat.until(lambda: app.desk.services and not isinstance(app.screen, LoginScreen), "no board came")
        yield seat


def channels(day: Day) -> list[tuple[str, str]]:
    """Whose each of the exchange's channels is (`trunk`, an extension), and what it is doing there, in order."""
    shown = day.stage.exchange.console_command("core show channels concise")
    rows = [line.split("!") for line in shown.splitlines() if line.startswith("PJSIP/")]
    return sorted((row[0].removeprefix("PJSIP/").rpartition("-")[0], row[5]) for row in rows)


async def exchange_has(day: Day, *expected: tuple[str, str]) -> None:
    """Waited for: these channels and no others."""
    give_up = time.monotonic() + SOON
    while (seen := await asyncio.to_thread(channels, day)) != sorted(expected):
        assert time.monotonic() < give_up, f"the exchange has {seen}, expected {sorted(expected)}"
        await asyncio.sleep(0.1)


async def test_a_real_call_is_taken_held_shared_handed_over_and_ended_from_the_keyboard(
    tree: Tree, spoken: Path, tmp_path: Path
) -> None:
    async with working_day(tree, spoken, tmp_path) as day:
        stage = day.stage
        colleague = await stage.colleague()
        assert stage.phone is not None
        async with at_console(day, OPERATOR) as seat:
            await stage.call_in(stage.community.resident(RESIDENT), times=LONG)
            await seat.sees("在我这里响", RESIDENT, "林晓 女儿")
            await seat.press("t")
            await exchange_has(day, ("trunk", "Dial"), ("801", "AppDial"))
            await stage.phone.answer()
            await seat.sees("通话中", "通话各方", "| 我 00:0")

            await seat.press("h")
            await seat.sees("保持 00:0", "保持中")
            await exchange_has(day, ("trunk", "Wait"), ("801", "ConfBridge"))
            await seat.press("h")
            await seat.until(lambda: "保持中" not in seat.text)
            await exchange_has(day, ("trunk", "ConfBridge"), ("801", "ConfBridge"))

            await seat.press("j")
            await seat.sees("请谁加入通话", "1 林晓 女儿")
            await seat.press("1")
            await seat.sees("林晓 振铃")
            await seat.sees("| 林晓 00:0")
            await exchange_has(day, ("trunk", "ConfBridge"), ("trunk", "ConfBridge"), ("801", "ConfBridge"))
            await seat.press("q")
            await seat.sees("林晓 已离开通话")
            await exchange_has(day, ("trunk", "ConfBridge"), ("801", "ConfBridge"))

            await seat.press("y")
            await seat.sees("转给哪位同事", "1 何秋月", "802")
            await seat.press("1")
            await seat.sees("何秋月 振铃")
            await colleague.rings()
            await colleague.answer()
            await seat.sees("何秋月 已接手这个电话", "已由 何秋月 接听")
            await exchange_has(day, ("trunk", "ConfBridge"), ("802", "ConfBridge"))
            await seat.press("g")
            await seat.sees("您现在没有在通话")
        async with at_console(day, COLLEAGUE) as seat:
            await seat.sees("通话各方", "| 我 0", "林晓 女儿")
            await seat.press("f9", "1")
            await seat.sees("正在呼叫 120 急救", "青 石 里")
            await seat.sees("已接通 120 急救", "青 石 里")
            await exchange_has(day, ("trunk", "ConfBridge"), ("trunk", "ConfBridge"), ("802", "ConfBridge"))
            assert [each.number for each in day.town("rang", AMBULANCE)] == [AMBULANCE]
            await seat.press("g")
            await seat.sees("挂断，3 方都断开")
            await seat.press("1")
            await seat.sees("已接听 接线员挂断")
            await exchange_has(day)
            await seat.press("h")
            await seat.sees("您现在没有在通话")
        await until(lambda: day.town("left", HER_LINE), "her telephone is put down")
