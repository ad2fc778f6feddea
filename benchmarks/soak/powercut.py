"""A power cut in the quarter: everybody calls within a minute, five operators answer what they can."""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from benchmarks import machine
from benchmarks.figures import spread
from benchmarks.loads import stamps_of, stream_of
from benchmarks.process import Process
from benchmarks.scene import Scene
from benchmarks.soak import counts
from benchmarks.soak.callers import Callers, Heard
from benchmarks.soak.quarter import PlannedCall
from benchmarks.soak.stage import Stage, set_up
from callbridge.exchange import Exchange
from dispatch.models import Leg, LegRole
from registry.store import Store

QUIET = 40  # calls of the quiet run, two a second
CALM = 60.0  # seconds after which the service should have given back what it took: it looks every 30 s
SAMPLED = 10  # waiting channels that are looked at
LOOK_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Crowd:
    heard: Heard
    seconds: float  # until the last had hung up
    most: int  # at once
    sampled: int  # waiting channels that were looked at, when there were most
    transcoded: int  # of those, by Asterisk's word
    processors: dict[str, float]  # who used them while the calls arrived


def power_cut(
    scene: Scene,
    *,
    calls: int,
    within: float,
    at_most: int,
    stays: tuple[float, float, float],
    quiet_calls: int = QUIET,
    calm: float = CALM,
    again: int = 0,
) -> dict[str, Any]:
    """`calls` within so many seconds, `at_most` at once; each stays `stays`: at least, in the mean, and at most.

    A quiet run of the same people on the same stage comes first: what the crowd's press-to-screen times are compared
    with. `again` is how often the crowd comes back after `calm` seconds: memory that is kept and not lost does not
    grow with it.
    """
    shortest, mean, longest = stays
    with (
        set_up(scene, homes=calls, merchants=1) as stage,
        scene.watcher("event_stream", stream_of(scene, stage.client)) as console,
    ):
        some = stage.quarter.calls(quiet_calls, shortest=2, mean=3, longest=4, seed=2)
        quiet = make_calls(stage, some, per_minute=120, at_most=20, name="quiet")
        stage.settle()
        known = set(stage.truth.calls)
        before = machine.resident_memory_mb(stage.service.pid)["now"]
        memory = {"before": before}
        crowds: list[Crowd] = []
        settled: list[float | None] = []
        for rush in range(1 + again):
            planned = stage.quarter.calls(calls, shortest=shortest, mean=mean, longest=longest, seed=10 + rush)
            crowds.append(
                make_calls(stage, planned, per_minute=round(calls * 60 / within), at_most=at_most, name=f"rush{rush}")
            )
            settled.append(stage.settle())
            highest = machine.resident_memory_mb(stage.service.pid)["highest"]
            time.sleep(calm)
            kept = machine.resident_memory_mb(stage.service.pid)["now"]
            which = f"rush_{rush + 1}"
            memory |= {f"{which}_grew_by": round(highest - before, 1), f"{which}_kept": round(kept - before, 1)}
        crowd = max(crowds, key=lambda each: each.most)
        shown = _press_to_screen(stage, console)
        with closing(Store(scene.database)) as store:
            happened = stage.truth.calls.values()
            heard = sum((each.heard for each in crowds), quiet.heard)
            counted = counts.incoming(store, happened, heard, stage.quarter)
            counted |= counts.outgoing(store, stage.network.seen())
    counted["cards_not_seen"] = len(stage.truth.calls.keys() - shown.keys())
    counted["prompts_transcoded"] = sum(each.transcoded for each in crowds)
    counted["unsettled"] = settled.count(None)
    times = spread([seconds for call, seconds in shown.items() if call not in known])
    quiet_times = spread([seconds for call, seconds in shown.items() if call in known])
    return {
        "run": "power cut",
        "what": f"{1 + again} times {calls} calls within {within:g} s, {crowd.most} at once, "
        f"staying {shortest:g} to {longest:g} s",
        "counts": counted,
        "times": {
            "press_to_screen": times,
            "press_to_screen_quiet": quiet_times,
            "ratio_p50": round(times["p50_ms"] / quiet_times["p50_ms"], 2),
            "ratio_p99": round(times["p99_ms"] / quiet_times["p99_ms"], 2),
            "until_the_last_had_hung_up_s": crowd.seconds,
            "settled_after_s": settled[0],
        },
        "channels_sampled": crowd.sampled,
        "memory_mb": memory,
        "processors": crowd.processors,
        "processors_quiet": quiet.processors,
    }


def make_calls(
    stage: Stage, planned: Sequence[PlannedCall], *, per_minute: int, at_most: int, name: str = "callers"
) -> Crowd:
    """They call until the last has hung up."""
    callers = Callers(stage.scene, planned, per_minute=per_minute, at_most=at_most, name=name)
    most = sampled = transcoded = 0
    used: dict[str, float] = {}
    began = time.time()
    arriving = len(planned) * 60 / per_minute
    with callers.calling():
        processors = machine.Processors(stage.processes | {"callers": callers.pid})
        while not callers.all_over:
            time.sleep(LOOK_EVERY)
            stage.truth.read()
            now = len(stage.truth.open_calls)
            if now > most and now >= at_most * 0.7 and not sampled:
                sampled, transcoded = _transcoding(stage.exchange)
            most = max(most, now)
            if not used and time.time() - began >= arriving and not callers.all_over:
                used = processors.used()
    return Crowd(callers.heard(), round(time.time() - began, 1), most, sampled, transcoded, used)


def _press_to_screen(stage: Stage, console: Process) -> dict[str, float]:
    """Seconds from the exchange's own stamp of a call to its line at a client of the event stream, by uniqueid."""
    stamps = stamps_of(stage.exchange)
    seen: dict[int, float] = {}
    for line in console.lines():
        if "call" in line:
            seen.setdefault(line["call"], line["at"])
    with closing(Store(stage.scene.database)) as store, store.reading() as session:
        legs = select(Leg.uniqueid, Leg.call_id).where(col(Leg.role) == LegRole.CALLER)
        return {
            uniqueid: seen[call_id] - stamps[uniqueid] for uniqueid, call_id in session.exec(legs) if call_id in seen
        }


def _transcoding(exchange: Exchange) -> tuple[int, int]:
    """How many of those who wait were looked at, and for how many the exchange transcodes what they hear."""
    channels = [line.split("!") for line in exchange.console_command("core show channels concise").splitlines()]
    waiting = [words[0] for words in channels if len(words) > 5 and words[5] == "Queue"][:SAMPLED]
    shown = [exchange.console_command(f"core show channel {channel}") for channel in waiting]
    return len(shown), sum("WriteTranscode: Yes" in each for each in shown)
