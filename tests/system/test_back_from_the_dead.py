"""Backed up while the real exchange brings calls, killed, restored: no caller is forgotten, nothing goes twice."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from callbridge.exchange import Tree
from dispatch.wire.cases import CaseLine
from tests.system.day import Day, until, working_day

pytestmark = pytest.mark.system

DURING, AFTER = ("孙德海", "李𬱖", "陈㛃"), "林婉芝"
FIRST = "kangning"
OFFER = "1接单"  # stands in every offer by SMS and in no other message


async def does(day: Day, *words: str) -> Any:
    """What one of the administrator's verbs tells a program."""
    program = "from dispatch.cli import main; main()"
    command = [sys.executable, "-c", program, "--config", str(day.stage.place.config_file), *words, "--json"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(said)


def called_back(day: Day, resident: str) -> CaseLine | None:
    """Her case to be called back, on the board."""
    cases = day.watch.world.cases.values()
    return next((each for each in cases if each.call_back and each.resident and each.resident.name == resident), None)


async def calls_and_gives_up(day: Day, resident: str) -> None:
    seen = len(day.watch.events)
    call = await day.call(resident)
    await day.wait_call(resident, lambda each: each.state == "queued")
    await asyncio.sleep(0.5)
    await day.stage.town.hang_up(call)
    await day.ended(resident, seen)


async def long_writes(day: Day) -> tuple[float, float]:
    """How many writes held the database, and how many of them for longer than 100 ms."""
    async with httpx.AsyncClient(trust_env=False) as http:
        text = (await http.get(f"{day.stage.service.url}/metrics")).text
    family = next(
        each for each in text_string_to_metric_families(text) if each.name == "townline_store_write_seconds"
    )
    buckets = {sample.labels.get("le"): sample.value for sample in family.samples}
    return buckets["+Inf"], buckets["+Inf"] - buckets["0.1"]


async def test_a_centre_comes_back_with_everybody_who_called(tree: Tree, spoken: Path, tmp_path: Path) -> None:
    async with working_day(tree, spoken, tmp_path) as day:
        before = await long_writes(day)
        backup = asyncio.create_task(does(day, "backup", str(tmp_path)))
        for resident in DURING:
            await calls_and_gives_up(day, resident)
        file = (await backup)["file"]
        writes, long = (after - first for after, first in zip(await long_writes(day), before, strict=True))
        print(f"while it was backed up: {writes:.0f} writes, {long:.0f} of them longer than 100 ms")  # noqa: T201
        assert writes > len(DURING), "no call waits for the end of the backup"
        assert long <= writes / 2

        await calls_and_gives_up(day, AFTER)
        number = day.stage.community.merchant(FIRST).numbers.sms
        await day.stage.set_habit(FIRST, sms="silent")
        await day.offer(AFTER, FIRST, "sms")
        await until(lambda: day.sms("delivered", number, OFFER), "the offer at the merchant's telephone")

        await day.kill()
        epoch = day.watch.boards[-1].last_event_id.rpartition("-")[0]
        await does(day, "restore", file, "--replace")
        await day.start()
        await until(lambda: day.watch.world.hold, "the console takes another board by itself")
        assert day.watch.boards[-1].last_event_id.rpartition("-")[0] != epoch
        for resident in (*DURING, AFTER):
            case = await until(lambda who=resident: called_back(day, who), f"{resident} is to be called back")
            assert case.attempts == 1
        assert day.sql("SELECT count(*), count(DISTINCT call_id) FROM leg WHERE role = 'caller'") == [(4, 4)]

        case = await day.offer(AFTER, FIRST, "sms")
        await day.watch.event("message.wanted", lambda event: event.case is not None and event.case.id == case.id)
        await asyncio.sleep(2)
        assert len(day.sms("delivered", number, OFFER)) == 1, "held"
        assert await does(day, "release") == {"messages": 1, "ladders": 0}
        await until(lambda: len(day.sms("delivered", number, OFFER)) == 2, "the offer goes out")
        await until(lambda: day.watch.world.hold is None, "the console hears of the release")
        assert '"level": "error"' not in day.service_log
