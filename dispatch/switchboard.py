"""The service's end of one exchange: what happens there is taken in, what the outbox holds goes out.

Among several instances on one database the exchange's lease decides which one does it; on SQLite there is only one.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog

from callbridge.bridge import Bridge, LinkState
from callbridge.errors import AmiRefused, BridgeError
from callbridge.events import BridgeEvent, CelPosition
from dispatch import gaps, lease
from dispatch.intake import Intake, Recognition
from dispatch.mirror import Mirror
from dispatch.models import ExchangePosition
from dispatch.outbox import Sender
from dispatch.telephonist import Telephonist
from registry.store import Store

log = structlog.get_logger()

RENEW_EVERY = 5.0  # seconds: three times within a lease's term


class Switchboard:
    """`run` until cancelled. `make_bridge` and `make_sender` give new ones whenever the exchange becomes ours."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        exchange: str,
        instance: str,
        make_bridge: Callable[[], Bridge],
        make_sender: Callable[[Bridge], Sender],
        mirror: Mirror,
    ) -> None:
        self._store = store
        self._intake = intake
        self._exchange = exchange
        self._instance = instance
        self._make_bridge = make_bridge
        self._make_sender = make_sender
        self._mirror = mirror
        self._bridge: Bridge | None = None
        self._sender: Sender | None = None
        self._telephonist: Telephonist | None = None
        self._refusal = ""
        self._thread = ThreadPoolExecutor(1, "intake")  # in order, and never behind a request
        self._errands: set[asyncio.Task[None]] = set()
        self._duties: list[Callable[[], Coroutine[None, None, None]]] = []
        store.on_commit(self._wake)

    @property
    def lease(self) -> str:
        """The name of the lease that decides which instance it is."""
        return f"exchange:{self._exchange}"

    @property
    def link(self) -> LinkState | None:
        """How the link is; None while another instance holds the exchange."""
        return self._bridge.link if self._bridge is not None else None

    @property
    def bridge(self) -> Bridge | None:
        """The exchange itself, None while another instance holds it."""
        return self._bridge

    @property
    def trouble(self) -> str:
        """Why calls do not come in here, or would be lost in a gap of the link; empty when all is well."""
        if self._refusal:
            return self._refusal
        link = self.link
        if link is None:
            return f"the exchange {self._exchange} is held by another instance"
        if not link.up:
            return f"no link to the exchange {self._exchange}: {link.reason}"
        return f"the event log of the exchange {self._exchange}: {link.cel_problem}" if link.cel_problem else ""

    def while_held(self, duty: Callable[[], Coroutine[None, None, None]]) -> None:
        """`duty` is begun whenever the exchange has become ours, and cancelled when it is ours no longer."""
        self._duties.append(duty)

    def held_elsewhere(self) -> bool:
        """Whether another instance holds the exchange and hears it, as the database has it."""
        if self._bridge is not None or self._store.is_sqlite:
            return False
        with self._store.reading() as session:
            position = session.get(ExchangePosition, self._exchange)
            held = lease.is_held(session, self.lease, self._store.clock.now())
            return held and position is not None and position.link_up

    async def run(self) -> None:
        if self._store.is_sqlite:
            await self._work()
            return
        try:
            while True:
                if await self._held():
                    await self._work_while_held()
                await asyncio.sleep(RENEW_EVERY)
        finally:
            with suppress(Exception):  # the database may be away; then the lease runs out by itself
                await asyncio.to_thread(lease.release, self._store, self.lease, self._instance)

    async def _work_while_held(self) -> None:
        log.info("exchange.held", exchange=self._exchange, instance=self._instance)
        work = asyncio.create_task(self._work(), name="switchboard")
        try:
            while not work.done() and await self._held():
                await asyncio.wait([work], timeout=RENEW_EVERY)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        log.warning("exchange.let_go", exchange=self._exchange, instance=self._instance)

    async def _held(self) -> bool:
        try:
            return await asyncio.to_thread(lease.hold, self._store, self.lease, self._instance)
        except Exception as error:
            log.warning("exchange.lease_unknown", exchange=self._exchange, error=type(error).__name__)
            return False

    async def _work(self) -> None:
        """Links, takes in and sends, until cancelled."""
        bridge = self._bridge = self._make_bridge()
        sender = self._sender = self._make_sender(bridge)
        telephonist = self._telephonist = Telephonist(self._store, bridge.telephone, self._exchange)
        sending = asyncio.create_task(sender.run(), name="sender")
        ordering = asyncio.create_task(telephonist.run(), name="telephonist")
        mirroring = asyncio.create_task(self._mirror.run(bridge), name="mirror")
        duties = [asyncio.create_task(duty()) for duty in self._duties]
        try:
            try:
                await bridge.start(self._hear, await asyncio.to_thread(self._position))
                self._refusal = ""
            except AmiRefused as refusal:  # said once and not tried again: a wrong secret does not become right
                self._refusal = (
                    f"the exchange refused the AMI user or its secret ({refusal}): run `townline pbx check`"
                )
                log.error("link.refused", exchange=self._exchange, why=self._refusal)  # noqa: TRY400
            await sending
        finally:
            for task in (sending, ordering, mirroring, *duties):
                task.cancel()
            # What is being handed over is still waited for.
            await asyncio.gather(sending, ordering, mirroring, *duties, return_exceptions=True)
            await bridge.stop()
            await asyncio.get_running_loop().run_in_executor(self._thread, int)  # what is being taken in is written
            await asyncio.gather(*self._errands, return_exceptions=True)
            self._bridge = self._sender = self._telephonist = None

    async def _hear(self, events: Sequence[BridgeEvent]) -> None:
        loop = asyncio.get_running_loop()
        for recognition in await loop.run_in_executor(self._thread, self._intake.take, events):
            errand = asyncio.create_task(self._recognise(recognition))
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)

    async def _recognise(self, recognition: Recognition) -> None:
        if self._bridge is None:
            return
        try:
            await self._bridge.recognise(recognition.uniqueid, priority=recognition.priority, name=recognition.name)
        except BridgeError as problem:  # the call is in the queue all the same, only later in it and without a name
            log.warning("call.not_recognised", uniqueid=recognition.uniqueid, error=type(problem).__name__)

    async def still_there(self) -> None:
        """Writes down that the exchange is heard now: a gap begins here if we die before the next time."""
        if (link := self.link) is not None and link.up:
            await asyncio.to_thread(gaps.heard, self._store, self._exchange)

    def _position(self) -> CelPosition | None:
        with self._store.reading() as session:
            row = session.get(ExchangePosition, self._exchange)
            if row is None or not row.generation:
                return None
            return CelPosition(generation=row.generation, row=row.row, stamp=row.stamp)

    def _wake(self, seq: int) -> None:
        for worker in (self._sender, self._telephonist, self._mirror):
            if worker is not None:
                worker.wake(seq)
