"""The other side of the trunk: an exchange that rings telephones, counts the calls, and can kill who orders them.

It is the stand-in that speaks AMI and writes CEL, in a thread of its own, and goes on when its orderer is dead. Its
clock is moved by whoever plays.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from callbridge.events import Party
from callbridge.settings import ExchangeSettings
from callbridge.standin.ami import Pairs, Received
from callbridge.standin.exchange import ExchangeStandIn
from callbridge.standin.telephones import Habit
from registry.store import MovableClock
from tests.dispatch.hours.service import Voice
from tests.dispatch.killing.receiver import Bytes

SECRETS = {"AMI": "a-secret", "AMI_EVENTS": "a-token"}
AWAY = timedelta(seconds=65)  # longer than a hand-over may last: then somebody wants to know what became of it


@dataclass(frozen=True, slots=True)
class Order:
    """The `nth` order to call, and how far it has come when its orderer is killed.

    `away`: from then on the exchange cannot be reached for a while, and its calls go on.
    """

    at: Bytes
    nth: int
    away: bool = False


class Exchange:
    """`listening`, and then its methods may be called from any thread."""

    def __init__(self, folder: Path, start: datetime, death: Order | None = None) -> None:
        self.kill: Callable[[], None] = lambda: None
        self.clock = MovableClock(start)
        self.reachable = True
        self._death = death
        self._orders = 0
        self._standin = ExchangeStandIn(
            ExchangeSettings().model_copy(update={"ami_port": 0}),
            folder / "cel.db",
            secret=SECRETS["AMI"],
            token=SECRETS["AMI_EVENTS"],
            now=self.clock.now,
        )
        self._usual = self._standin.ami.answers["Originate"]
        self._standin.ami.answers["Originate"] = self._ordered
        self._loop = asyncio.new_event_loop()

    @property
    def port(self) -> int:
        return self._standin.ami.port

    @property
    def calls(self) -> Counter[tuple[str, str]]:
        """How often each text was said, or would have been, at each telephone that rang."""
        return Counter((each.number, Voice.text_of(each.prompt)) for each in self._standin.telephones.placed)

    def when_called(self, number: str, *habits: Habit) -> None:
        self._standin.telephones.when_called(number, *habits)

    def is_pressed(self, button: str, after: timedelta, for_: timedelta) -> None:
        """After a while somebody presses a button, and gives up."""

        async def press() -> None:
            call = await self._standin.callers.call_in(button)
            self._standin.agenda.add(for_, lambda: self._standin.callers.hang_up(call, Party.CALLER))

        self._standin.agenda.add(after, press)

    def passes(self, until: datetime) -> tuple[datetime, bool]:
        """Time goes by until then, or until something happens here by itself; what it is now, and whether it did."""

        async def pass_() -> bool:
            if await self._standin.agenda.catch_up():
                return True
            due = self._standin.agenda.next_at
            self.clock.move_to(max(self.clock.now(), min(until, due) if due is not None else until))
            return await self._standin.agenda.catch_up()

        did = self._does(pass_())
        return self.clock.now(), did

    @contextmanager
    def listening(self) -> Iterator["Exchange"]:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self._does(self._standin.start())
        try:
            yield self
        finally:
            self._does(self._standin.stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def _does(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    def _ordered(self, action: Received) -> Pairs | None:
        if not action["Channel"][0].endswith("@trunk"):
            return self._usual(action)
        self._orders += 1
        if self._dies_at(Bytes.ARRIVED):
            return None
        answer = self._usual(action)
        if self._dies_at(Bytes.TAKEN):
            return None
        self._loop.call_soon(self._dies_at, Bytes.ANSWERED, self._orders)  # the answer leaves before that
        return answer

    def _dies_at(self, how_far: Bytes, order: int | None = None) -> bool:
        death = self._death
        if death is None or death.at is not how_far or death.nth != (self._orders if order is None else order):
            return False
        self._death = None
        self.reachable = not death.away  # before whoever is started again is told
        self.kill()
        if death.away:
            self._loop.create_task(self._standin.stop())
            self._standin.agenda.add(AWAY, self._is_back)
        return True

    async def _is_back(self) -> None:
        await self._standin.start()
        self.reachable = True
