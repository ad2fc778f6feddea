"""The service is stopped for minutes and the exchange goes on alone: telephones ring and are answered, a button goes
before everybody who waits and rings everyone, and afterwards all of it stands in the list as it was.
"""

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from benchmarks.figures import spread
from benchmarks.scene import BUTTONS, EXTENSIONS, HOTLINE, Scene
from benchmarks.soak import counts
from benchmarks.soak.callers import Callers, Heard
from benchmarks.soak.network import call_waiting
from benchmarks.soak.quarter import PlannedCall, Quarter
from benchmarks.soak.stage import Stage, set_up
from benchmarks.soak.truth import Called
from callbridge.exchange import Exchange
from dispatch.mirror import EMERGENCY
from dispatch.models import Leg, LegRole
from registry.store import Store

RUSH = 14  # calls, one of them a button's, when everybody already talks
RUSH_SECONDS = 9.0  # in which they come
STAYS = (4.0, 18.0, 45.0)  # seconds: some give up before one of the five operators is free
MIRRORED_WITHIN = 30.0  # seconds
RIGHT_WITHIN = 60.0  # seconds after its start until the board has to be right
SAME = 1.0  # seconds by which a time in the list may be off
PAGE = 200


@dataclass(frozen=True, slots=True)
class Absence:
    """When the service was not there, on the system's clock."""

    began: float
    until: float


def away(scene: Scene, *, seconds: float, every: float = 60) -> dict[str, Any]:
    """The service is stopped for so long, as for an upgrade; every so often so many people call that some wait."""
    rushes = max(1, int(seconds // every))
    with set_up(scene, homes=max(40, 20 * rushes), merchants=1, desk=call_waiting) as stage:
        buttons = [line for line in stage.quarter.lines if line.is_button]
        _await_mirror(stage.exchange, len(buttons))
        stage.service.end()
        began, heard = time.time(), Heard(Counter())
        for turn in range(rushes):
            time.sleep(max(0.0, began + turn * every - time.time()))
            heard += _rush(stage, turn)
        time.sleep(max(0.0, began + seconds - time.time()))
        absence = Absence(began, time.time())
        stage.service.start()
        right = stage.board.right_again(absence.until, RIGHT_WITHIN)
        settled = stage.settle()
        happened = list(stage.truth.calls.values())
        with closing(Store(scene.database)) as store:
            counted = counts.incoming(store, happened, heard, stage.quarter)
            counted |= counts.outgoing(store, stage.network.seen())
            ids = _ids(store)
        pressed = [call for call in happened if _is_button(call, stage.quarter)]
        counted |= _as_promised(pressed, happened, _rang(stage.exchange))
        counted |= _in_the_list(stage, happened, ids, absence)
    counted["board_not_right_in_time"] = right is None
    counted["unsettled"] = settled is None
    counted["called_needlessly"] = counted.pop("calls_rang")  # somebody outside, for an emergency that was answered
    return {
        "run": "the service is stopped",
        "what": f"{absence.until - began:.0f} s, {rushes} times {RUSH} calls in {RUSH_SECONDS:g} s, 5 telephones",
        "counts": counted,
        "times": {
            "button_answered_after": spread(_waits(pressed)),
            "others_answered_after": spread(_waits([call for call in happened if call not in pressed])),
            "board_right_after_its_start_began_s": right and round(right, 1),
            "settled_after_s": settled,
        },
    }


def _await_mirror(exchange: Exchange, buttons: int) -> None:
    """Until the exchange knows by itself which numbers are buttons."""
    give_up = time.monotonic() + MIRRORED_WITHIN
    while exchange.console_command(f"database show {EMERGENCY}").count(f"/{EMERGENCY}/") < buttons:
        if time.monotonic() > give_up:
            raise RuntimeError("the exchange was not told who the buttons are")
        time.sleep(0.5)


def _rush(stage: Stage, turn: int) -> Heard:
    """More calls than operators within seconds, and late among them a button; every second one dials the hotline."""
    shortest, mean, longest = STAYS
    planned = stage.quarter.calls(3 * RUSH, shortest=shortest, mean=mean, longest=longest, seed=turn)
    others = [call for call in planned if not call.emergency][: RUSH - 1]
    buttons = [line for line in stage.quarter.lines if line.is_button]
    press = PlannedCall(buttons[turn % len(buttons)], HOTLINE if turn % 2 else BUTTONS, 40)
    calls = [*others[: RUSH - 4], press, *others[RUSH - 4 :]]
    callers = Callers(
        stage.scene, calls, per_minute=round(RUSH * 60 / RUSH_SECONDS), at_most=RUSH, name=f"callers-{turn}"
    )
    with callers.calling():
        while not callers.all_over:
            time.sleep(0.5)
    stage.truth.read()
    return callers.heard()


def _is_button(call: Called, quarter: Quarter) -> bool:
    return call.dialled == BUTTONS or quarter.line_of(call.shown).is_button


def _waits(calls: Collection[Called]) -> list[float]:
    return [call.answered - call.arrived for call in calls if call.answered is not None]


def _rang(exchange: Exchange) -> Mapping[str, set[str]]:
    """Which telephones the exchange rang for each call, by its own log."""
    rang: defaultdict[str, set[str]] = defaultdict(set)
    with closing(sqlite3.connect(exchange.cel_path, timeout=10)) as database:
        rows = database.execute(
            "SELECT linkedid, channame FROM cel WHERE eventtype = 'CHAN_START' AND channame LIKE 'PJSIP/8%'"
        )
        for linkedid, channel in rows:
            rang[linkedid].add(channel.partition("/")[2].partition("-")[0])
    return rang


def _as_promised(
    pressed: Collection[Called], happened: Collection[Called], rang: Mapping[str, set[str]]
) -> dict[str, int]:
    """What the exchange did for the buttons without us."""
    found = Counter(buttons=len(pressed), buttons_not_answered=0, buttons_overtaken=0, buttons_not_rung_everywhere=0)
    for button in pressed:
        found["buttons_not_rung_everywhere"] += rang[button.uniqueid] != set(EXTENSIONS)
        found["buttons_not_answered"] += button.answered is None
        found["buttons_overtaken"] += sum(_was_first(other, button) for other in happened if other not in pressed)
        found["waited_when_a_button_came"] += sum(_waited_at(other, button.arrived) for other in happened)
    return dict(found)


def _was_first(other: Called, button: Called) -> bool:
    """Whether an operator who was free took somebody else while the button rang everywhere."""
    began = button.arrived + SAME  # what had begun to ring in the second before may be lifted
    return other.answered is not None and began < other.answered < (button.answered or button.ended or began)


def _waited_at(call: Called, moment: float) -> bool:
    over = call.answered or call.ended
    return call.arrived < moment and (over is None or over > moment)


def _ids(store: Store) -> dict[str, int]:
    """Our own ids of the calls, by the exchange's."""
    with store.reading() as session:
        return {leg.uniqueid: leg.call_id for leg in session.exec(select(Leg).where(col(Leg.role) == LegRole.CALLER))}


def _in_the_list(
    stage: Stage, happened: Collection[Called], ids: Mapping[str, int], absence: Absence
) -> dict[str, int]:
    """What operators are shown of it afterwards, asked as a console asks."""
    shown = {call["id"]: call for call in _listed(stage, absence)}
    found = Counter(
        missing_in_the_list=0, times_wrong=0, not_marked_as_recovered=0, answered_by_nobody_known=0, gap_not_shown=0
    )
    for truth in happened:
        call = shown.get(ids.get(truth.uniqueid, 0))
        if call is None:
            found["missing_in_the_list"] += 1
            continue
        times = ((truth.arrived, "arrived_at"), (truth.answered, "answered_at"), (truth.ended, "ended_at"))
        found["times_wrong"] += not all(_same(at, call[name]) for at, name in times)
        found["not_marked_as_recovered"] += not call["recovered"]
        found["answered_by_nobody_known"] += truth.answered is not None and call["operator"] is None
    board = stage.client.get("/api/v1/board").raise_for_status().json()
    gap = next((each for each in board["gaps"] if _covers(each, absence)), None)
    found["gap_not_shown"] += gap is None
    to_call_back = sum(case["call_back"] for case in board["cases"])
    if gap is not None:
        found["gap_miscounted"] = abs(gap["calls"] - len(happened)) + abs(gap["to_call_back"] - to_call_back)
        found["gap_calls"], found["gap_to_call_back"] = gap["calls"], gap["to_call_back"]
    return dict(found)


def _listed(stage: Stage, absence: Absence) -> Iterator[dict[str, Any]]:
    since = datetime.fromtimestamp(absence.began - 60, UTC).isoformat()
    offset, total = 0, 1
    while offset < total:
        words: dict[str, str | int] = {"since": since, "limit": PAGE, "offset": offset}
        page = stage.client.get("/api/v1/calls", params=words).raise_for_status().json()
        yield from page["items"]
        offset, total = offset + PAGE, page["total"]


def _same(at: float | None, shown: str | None) -> bool:
    if at is None or shown is None:
        return (at is None) == (shown is None)
    return abs(datetime.fromisoformat(shown).timestamp() - at) < SAME


def _covers(gap: Mapping[str, Any], absence: Absence) -> bool:
    """A gap ends when the link stands again, and begins when it was last heard."""
    began, until = (datetime.fromisoformat(gap[name]).timestamp() for name in ("began_at", "until"))
    return began < absence.began + SAME and until > absence.until
