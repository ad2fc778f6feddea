"""A story: the steps of one case, each with what the journal has to say and what a witness has to have seen.

A step first does something (or waits for what others do), then both have to appear; what is missing ends the story
and names the step. A story is a list of steps in a module of `dispatch.rehearsal.stories`.
"""

import asyncio
import time
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.rehearsal.clerk import Clerk
from dispatch.rehearsal.community import Community
from dispatch.rehearsal.evidence import Evidence, Seen
from dispatch.rehearsal.stage import Stage
from dispatch.wire.board import Event

POLL_SECONDS = 0.1
STEP_SECONDS = 30.0


class StepFailed(Exception):
    """A step's journal entry or its witness did not appear, or what it does was refused."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step


@dataclass(slots=True)
class Play:
    """One performance: the stage, and what the steps have learned so far."""

    stage: Stage
    clerk: Clerk
    merchants: dict[str, int]  # ids by the sample community's key
    journal: list[Event] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)  # ids by name: call, case, uniqueid, …
    following: "asyncio.Task[None] | None" = None  # writes the journal down

    @property
    def community(self) -> Community:
        return self.stage.community

    @property
    def evidence(self) -> Evidence:
        return self.stage.evidence

    def entry(self, accept: Callable[[Event], bool]) -> Event | None:
        """The first journal entry that `accept` takes."""
        return next((event for event in self.journal if accept(event)), None)


@dataclass(frozen=True, slots=True)
class Step:
    """`does` begins it (None: it happens by itself); `journal` knows its entry, each of `witnesses` who saw it."""

    name: str
    name_zh: str
    does: Callable[[Play], Awaitable[None]] | None
    journal: Callable[[Play, Event], bool]
    witnesses: Sequence[Callable[[Play], Seen | None]]
    seconds: float = STEP_SECONDS


async def tell(stage: Stage, steps: list[Step], say: Callable[[str], None]) -> None:
    """Plays the steps on the stage and says each as soon as it came true. Raises StepFailed."""
    clerk = await stage.clerk()
    merchants = {line.name: line.id for line in (await clerk.merchants()).items}
    play = Play(stage, clerk, {each.key: merchants[each.name] for each in stage.community.merchants})
    play.following = asyncio.create_task(_follow(play, (await clerk.board()).last_event_id))
    zone = ZoneInfo(stage.place.config.centre.time_zone)
    say(_row("step", "journal", "", "witness", "", ""))
    try:
        for step in steps:
            if step.does is not None:
                try:
                    await step.does(play)
                except Exception as error:
                    raise StepFailed(step.name, f"{type(error).__name__}: {error}") from error
            entry, seen = await _witnessed(play, step)
            left = (f"{step.name} {step.name_zh}", _clock(entry.at, zone), entry.what)
            for each in seen:
                say(_row(*left, _clock(each.at, zone), each.source, each.words))
                left = ("", "", "")
    finally:
        play.following.cancel()
        await clerk.close()


async def _follow(play: Play, last_event_id: str) -> None:
    async for event in play.clerk.events(last_event_id):
        play.journal.append(event)


async def _witnessed(play: Play, step: Step) -> tuple[Event, list[Seen]]:
    """The step's journal entry and what all its witnesses have seen, as soon as they have. Raises StepFailed."""
    until = time.monotonic() + step.seconds
    while True:
        if play.following is not None and play.following.done():
            play.following.result()
        entry = play.entry(lambda event: step.journal(play, event))
        found = [await asyncio.to_thread(witness, play) for witness in step.witnesses]
        seen = [each for each in found if each is not None]
        if entry is not None and len(seen) == len(found):
            return entry, seen
        if time.monotonic() > until:
            silent = ["the journal"] if entry is None else []
            silent += [f"witness {number}" for number, each in enumerate(found, 1) if each is None]
            raise StepFailed(step.name, f"{' and '.join(silent)} said nothing of it within {step.seconds:g} s")
        await asyncio.sleep(POLL_SECONDS)


def _row(step: str, at: str, what: str, seen_at: str, source: str, words: str) -> str:
    return "  ".join(
        (_wide(step, 38), _wide(at, 12), _wide(what, 20), _wide(seen_at, 12), _wide(source, 9), words)
    ).rstrip()


def _wide(text: str, cells: int) -> str:
    """Padded to so many cells of a terminal, where a Chinese character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
    return text + " " * (cells - taken)


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M:%S.%f}"[:-3]
