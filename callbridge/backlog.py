"""What was heard of an exchange and has not been told yet; who is new does not wait for what ends for others.

When many people call at once, more is heard than can be written down. Then a button's arrival is told before anything
else, and other arrivals take turns with the rest. Nothing about a call comes before its arrival, so each call's own
events stay in order; so does the rest as a whole.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from callbridge.events import BridgeEvent, CallArrived


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that are told together. Where somebody waits for them, `done` gets whether all have been taken."""

    events: Sequence[BridgeEvent]
    done: "asyncio.Future[bool] | None" = None


class Backlog:
    """`put` what was heard, tell what comes `next`."""

    def __init__(self) -> None:
        self._emergencies: deque[BridgeEvent] = deque()
        self._arrivals: deque[BridgeEvent] = deque()
        self._rest: deque[BridgeEvent | Batch] = deque()
        self._arrivals_turn = True

    def __len__(self) -> int:
        return len(self._emergencies) + len(self._arrivals) + len(self._rest)

    def put(self, events: Iterable[BridgeEvent]) -> None:
        for event in events:
            if not isinstance(event, CallArrived):
                self._rest.append(event)
            elif event.emergency:
                self._emergencies.append(event)
            else:
                self._arrivals.append(event)

    def put_together(self, batch: Batch) -> None:
        """It stays together, after what was put before."""
        self._rest.append(batch)

    def next(self, most: int) -> Batch:
        """Up to `most` events, or a batch that was put together. There has to be something."""
        if self._emergencies:
            return Batch(_first(self._emergencies, most))
        self._arrivals_turn = bool(self._arrivals) and (self._arrivals_turn or not self._rest)
        if self._arrivals_turn:
            self._arrivals_turn = False
            return Batch(_first(self._arrivals, most))
        self._arrivals_turn = True
        if isinstance(batch := self._rest[0], Batch):
            self._rest.popleft()
            return batch
        return Batch(_first(self._rest, most))


def _first(lane: "deque[BridgeEvent] | deque[BridgeEvent | Batch]", most: int) -> list[BridgeEvent]:
    """The first events of a lane, up to a batch."""
    events: list[BridgeEvent] = []
    while lane and len(events) < most and not isinstance(event := lane[0], Batch):
        lane.popleft()
        events.append(event)
    return events
