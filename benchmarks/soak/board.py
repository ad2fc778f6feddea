"""Whether the board shows what is so: the calls that go on at the exchange, and no others."""

import time
from contextlib import closing

import httpx
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from benchmarks.scene import Scene
from benchmarks.soak.truth import Called, Truth
from dispatch.models import Call, CallState, Leg
from registry.store import Store

FRESH = 0.5  # seconds: what happened later than that may not be on the board yet
LOOK_EVERY = 0.1


class Board:
    """Asked over HTTP as a console asks; compared with the exchange's own log."""

    def __init__(self, scene: Scene, client: httpx.Client, truth: Truth) -> None:
        self._scene = scene
        self._client = client
        self._truth = truth
        self._ids: dict[str, int] = {}  # our id of a call, by the exchange's

    def right_again(self, since: float, within: float) -> float | None:
        """Seconds from `since` (the system's clock) until it is right, None when it is not within that time."""
        while time.time() < since + within:
            if self.is_right():
                return time.time() - since
            time.sleep(LOOK_EVERY)
        return None

    def is_right(self) -> bool:
        """Calls that go on are shown, with whether somebody talks to them; those that ended are not, and have ended
        in the database too, so that whatever follows from their end has followed.
        """
        self._truth.read()
        before = _picture(self._truth)
        try:
            answer = self._client.get("/api/v1/board", timeout=2)
            shown = {call["id"]: call["state"] == "talking" for call in answer.raise_for_status().json()["calls"]}
            states = self._states()
        except (httpx.HTTPError, OperationalError):
            return False
        self._truth.read()
        after = _picture(self._truth)
        for uniqueid, talking in before.items():
            if after.get(uniqueid) == talking and shown.get(self._ids.get(uniqueid, 0)) is not talking:
                return False
        over = {call.uniqueid for call in self._truth.calls.values() if _settled(call.ended)}
        return all(states.get(self._ids.get(uniqueid, 0)) is CallState.ENDED for uniqueid in over)

    def _states(self) -> dict[int, CallState]:
        with closing(Store(self._scene.database)) as store, store.reading() as session:
            rows = session.execute(
                select(col(Leg.uniqueid), col(Call.id), col(Call.state)).join(Call, col(Call.id) == Leg.call_id)
            ).all()
        self._ids = {uniqueid: call_id for uniqueid, call_id, _ in rows}
        return {call_id: state for _, call_id, state in rows}


def _picture(truth: Truth) -> dict[str, bool]:
    """Whether somebody talks to each caller, of those about whom nothing happened just now."""
    return {
        call.uniqueid: call.answered is not None
        for call in truth.open_calls
        if _settled(call.arrived) and (call.answered is None or _settled(call.answered))
    }


def _settled(at: float | None) -> bool:
    return at is not None and at < time.time() - FRESH


def waiting(truth: Truth) -> list[Called]:
    """Who is on the line and talks to nobody."""
    return [call for call in truth.open_calls if call.answered is None]
