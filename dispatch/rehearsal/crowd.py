"""Residents who call in from time to time, as on an ordinary working day."""

import asyncio
import random

from dispatch.rehearsal.stage import Stage

FIRST_SECONDS = 3.0
PAUSE_SECONDS = (20.0, 45.0)
AT_ONCE = 2  # so many of them are on the line at most
FIRST = "林婉芝"  # everything about her shows what a card can hold


async def call_in(stage: Stage) -> None:
    """For ever: somebody dials, a while after the one before."""
    luck = random.Random(7)  # noqa: S311 - every rehearsal has the same day
    others = [resident for resident in stage.community.residents if resident.name != FIRST]
    luck.shuffle(others)
    await asyncio.sleep(FIRST_SECONDS)
    on_the_line: list[str] = []
    while True:
        for resident in (stage.community.resident(FIRST), *others):
            while len(on_the_line := _still_there(stage, on_the_line)) >= AT_ONCE:  # noqa: ASYNC110 - a log, read anew
                await asyncio.sleep(1)
            on_the_line.append(await stage.call_in(resident, luck.randrange(len(resident.lines))))
            await asyncio.sleep(luck.uniform(*PAUSE_SECONDS))


def _still_there(stage: Stage, calls: list[str]) -> list[str]:
    left = {sighting.call for sighting in stage.logs["town"].read() if sighting.what == "left"}
    return [call for call in calls if call not in left]
