"""The service's end of a town whose exchange is a stand-in.

Everything is wired as the house wires it, with two differences: the sender and the clocks work when they are asked to
and not every second, and nothing is really spoken.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlmodel import col, func, select

from callbridge.bridge import Bridge, Pace
from callbridge.gateways import Gateway
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from callbridge.standin.cel import CelWriter
from callbridge.standin.telephones import Placed
from dispatch import lease, ticker
from dispatch.intake import Intake
from dispatch.mirror import Mirror
from dispatch.models import (
    ExchangePosition,
    Message,
    MessageState,
    OrderKind,
    OrderState,
    PhoneOrder,
    Timer,
    TimerState,
)
from dispatch.outbox import Sender
from dispatch.switchboard import Switchboard
from registry.numbers import NumberPlan
from registry.store import Store
from tests.databases import in_use

PACE = Pace(answer=2, retry=0.02, cel_every=0.02, hangup=0.05)
PATIENCE = 60  # seconds of the test's own time, on a machine that does much else


class PatientSender(Sender):
    """Works when it is asked to (`run_once`)."""

    async def run(self) -> None:
        await asyncio.Event().wait()


class Voice:
    """Says nothing, and writes down what it would have said."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def say(self, text: str, language: str, *, call: str) -> Path:
        return self.say_now(text, language)

    def unsay(self, call: str) -> None:
        """What was said is looked at afterwards."""

    def say_now(self, text: str, language: str) -> Path:
        path = self._folder / f"said-{sha256(text.encode()).hexdigest()[:16]}.wav"
        path.write_text(text, encoding="utf-8")
        return path

    def said(self, placed: Placed) -> str:
        return self.text_of(placed.prompt)

    @staticmethod
    def text_of(prompt: str) -> str:
        """Of a file as the exchange is told it, without its ending."""
        return Path(f"{prompt}.wav").read_text(encoding="utf-8")


class Service:
    """One instance on one database. `switch_on` with the exchange's settings, work, `switch_off`; and on again."""

    def __init__(
        self,
        store: Store,
        centre_id: int,
        plan: NumberPlan,
        instance: str,
        gateways: Mapping[str, Gateway],
        cel: CelWriter,
        secrets: Secrets,
    ) -> None:
        self.voice = Voice(cel.path.parent)
        self._store = store
        self._centre_id = centre_id
        self._plan = plan
        self._instance = instance
        self._gateways = gateways
        self._cel = cel
        self._secrets = secrets
        self._board: Switchboard | None = None
        self._bridge: Bridge | None = None
        self._sender: Sender | None = None
        self._work: asyncio.Task[None] | None = None

    @property
    def is_on(self) -> bool:
        return self._work is not None

    @property
    def is_linked(self) -> bool:
        link = self._board.link if self._board is not None else None
        return link is not None and link.up

    @property
    def board(self) -> Switchboard:
        assert self._board is not None
        return self._board

    @property
    def bridge(self) -> Bridge:
        assert self._bridge is not None
        return self._bridge

    def switch_on(self, settings: ExchangeSettings, *duties: Callable[[], Coroutine[None, None, None]]) -> None:
        """It begins to look for the exchange; `duties` begin when it holds it."""
        self._board = Switchboard(
            self._store,
            Intake(self._store, self._centre_id, self._plan),
            settings.name,
            self._instance,
            lambda: self._make_bridge(settings),
            lambda bridge: self._make_sender(bridge, settings),
            Mirror(self._store, self._centre_id, self._plan, settings.name),
        )
        for duty in duties:
            self._board.while_held(duty)
        self._work = asyncio.create_task(self._board.run())

    async def switch_off(self) -> None:
        """It is gone, and the exchange goes on."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
            self._work = None
            await wait_until(lambda: not in_use(self._store))

    async def renews(self) -> None:
        """Where it holds the exchange it goes on doing so, although time has gone by in one step."""
        if self.board.bridge is not None:
            await asyncio.to_thread(lease.hold, self._store, self.board.lease, self._instance)

    async def does(self) -> bool:
        """What is due now, after all that the exchange has told has been taken in; whether there was anything."""
        await self.taken_in()
        did = bool(await asyncio.to_thread(ticker.tick, self._store, self._instance))
        if self._board is not None and self._board.bridge is not None and self._sender is not None:
            did |= bool(await self._sender.run_once())
        return did

    async def taken_in(self) -> None:
        """It has read everything that the exchange has written, and heard everything it has said."""
        if self._board is None or (bridge := self._board.bridge) is None:
            return
        last = self._cel.last_row
        await wait_until(
            lambda: self.board.bridge is not bridge or (self._position() >= last and not bridge.link.waiting)
        )
        await wait_until(lambda: not self._menus_to_read())

    def _menus_to_read(self) -> int:
        open_ = (OrderState.WANTED, OrderState.HANDED_OVER)
        menus = select(PhoneOrder.id).where(PhoneOrder.kind == OrderKind.ASK, col(PhoneOrder.state).in_(open_))
        with self._store.reading() as session:
            return len(session.exec(menus).all())

    def _make_bridge(self, settings: ExchangeSettings) -> Bridge:
        now = self._store.clock.now
        self._bridge = Bridge(settings, self._secrets, self.voice, self._cel.path, now, pace=PACE)
        return self._bridge

    def _make_sender(self, bridge: Bridge, settings: ExchangeSettings) -> Sender:
        channels = settings.trunk.channels
        self._sender = PatientSender(self._store, self._gateways, bridge, self._instance, channels=channels)
        return self._sender

    def _position(self) -> int:
        with self._store.reading() as session:
            position = session.exec(select(ExchangePosition)).first()
            return position.row if position is not None else 0


def next_due(store: Store, now: datetime) -> datetime | None:
    """When something will happen by itself next, after `now`; None when nothing will."""
    waiting = (
        select(func.min(Timer.due_at)).where(Timer.state == TimerState.ARMED, col(Timer.due_at) > now),
        select(func.min(Message.not_before)).where(
            Message.state == MessageState.WANTED, col(Message.not_before) > now
        ),
        select(func.min(Message.claimed_until)).where(col(Message.claimed_until) > now),
    )
    with store.reading() as session:
        due = [session.exec(each).one() for each in waiting]
    return min([each for each in due if each is not None], default=None)


async def wait_until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not so():  # noqa: ASYNC110 - another thread, or another process, makes it so
            await asyncio.sleep(0.005)
