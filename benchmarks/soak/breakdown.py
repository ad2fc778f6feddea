"""Something breaks again and again, or once at the worst moment, while people call and jobs are sent out."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from benchmarks.figures import spread
from benchmarks.scene import Scene
from benchmarks.soak import counts
from benchmarks.soak.board import waiting
from benchmarks.soak.callers import Callers
from benchmarks.soak.clerk import Clerk
from benchmarks.soak.outages import WORDS, Kind
from benchmarks.soak.stage import Stage, set_up
from registry.store import Store

ORDER_EVERY = 2.0  # seconds between two jobs that are sent out by telephone
FIRST = 4.0  # seconds of calls before anything breaks
GATHER = 60.0  # seconds at most until so many wait
RIGHT_WITHIN = 60.0  # seconds in which the board has to be right again


@dataclass(frozen=True, slots=True)
class Plan:
    """`per_second` calls for so many seconds; it breaks for `lasts` seconds each time: `every` so many seconds, or
    once, when `at_waiting` people wait.
    """

    seconds: float
    per_second: float
    lasts: float
    every: float = 0
    at_waiting: int = 0
    stays: tuple[float, float, float] = (2, 8, 30)  # at least, in the mean, at most
    at_most: int = 100
    with_orders: bool = True

    def __str__(self) -> str:
        when = f"every {self.every:g} s" if self.every else f"once with {self.at_waiting} waiting"
        return f"{self.per_second:g} calls a second for {self.seconds:g} s, broken {when}"


def break_down(scene: Scene, kinds: Sequence[Kind], plan: Plan) -> dict[str, Any]:
    """One of `kinds` after the other breaks. Counts what is missing or doubled afterwards, and how long the board was
    wrong each time.
    """
    calls = round(plan.seconds * plan.per_second)
    shortest, mean, longest = plan.stays
    with set_up(scene, homes=calls, merchants=round(plan.seconds / ORDER_EVERY)) as stage:
        planned = stage.quarter.calls(calls, shortest=shortest, mean=mean, longest=longest)
        callers = Callers(scene, planned, per_minute=round(plan.per_second * 60), at_most=plan.at_most)
        clerk = Clerk(stage.client, stage.quarter, every=ORDER_EVERY)
        restored: list[float | None] = []
        with callers.calling():
            with clerk.at_work() if plan.with_orders else nullcontext():
                for kind, within in zip(cycle(kinds), _moments(stage, callers, plan), strict=False):
                    began = stage.breaker.break_for(kind, plan.lasts)
                    restored.append(stage.board.right_again(began, within))
            while not callers.all_over:
                time.sleep(0.5)
        settled = stage.settle()
        with closing(Store(scene.database)) as store:
            counted = counts.incoming(store, stage.truth.calls.values(), callers.heard(), stage.quarter)
            counted |= counts.outgoing(store, stage.network.seen())
            counted["emergencies_behind_others"] = counts.emergencies_behind_others(store, stage.truth.calls.values())
    counted["orders_sent"] = len(clerk.sent)
    counted["orders_never_answered"] = clerk.gave_up
    counted["cut_off"] = sum(call.cut_off for call in stage.truth.calls.values())
    counted["board_not_right_in_time"] = sum(seconds is None for seconds in restored)
    counted["unsettled"] = settled is None
    return {
        "run": ", ".join(WORDS[kind] for kind in kinds),
        "what": f"{plan}; {len(restored)} times",
        "counts": counted,
        "times": {
            "board_right_after_the_break_began": spread([seconds for seconds in restored if seconds is not None]),
            "settled_after_s": settled,
        },
    }


def _moments(stage: Stage, callers: Callers, plan: Plan) -> Iterator[float]:
    """Comes back each time that it is to break, with how long the board may be wrong."""
    if plan.at_waiting:
        give_up = time.time() + GATHER
        while len(waiting(stage.truth)) < plan.at_waiting and time.time() < give_up:
            time.sleep(0.1)
            stage.truth.read()
        yield RIGHT_WITHIN
        return
    first = time.time() + FIRST
    for turn in range(int((plan.seconds - FIRST) // plan.every)):
        time.sleep(max(0.0, first + turn * plan.every - time.time()))
        if callers.all_over:
            return
        yield RIGHT_WITHIN
