"""Makes the daily proof when it is due: at the holder of the exchange, when nobody waits, and once."""

import asyncio
from datetime import datetime

import structlog

from callbridge.bridge import Bridge
from callbridge.errors import BridgeError, SomebodyWaits
from callbridge.proof import Proven
from dispatch import proofs
from dispatch.brake import room
from registry.store import Store

log = structlog.get_logger()

LINES = 2  # of the trunk, that a test call takes: out and in again


class DailyProof:
    """`run` now and then; what could not be tried this time is tried the next."""

    def __init__(self, store: Store, centre_id: int, exchange: str, channels: int) -> None:
        self._store = store
        self._centre_id = centre_id
        self._exchange = exchange
        self._channels = channels

    async def run(self, bridge: Bridge | None) -> None:
        """`bridge` is None while the exchange is not ours."""
        if bridge is None or not bridge.link.up or not await asyncio.to_thread(self._is_time):
            return
        began = self._store.clock.now()
        try:
            results = await bridge.prover.everything()
        except SomebodyWaits:
            log.info("proof.put_off", exchange=self._exchange, why="somebody waits")
        except BridgeError as problem:
            log.warning("proof.not_made", exchange=self._exchange, error=type(problem).__name__)
        else:
            await asyncio.to_thread(self._keep, results, began)

    def _is_time(self) -> bool:
        now = self._store.clock.now()
        with self._store.reading() as session:
            if proofs.due_at(session, self._centre_id, self._exchange, now) is None:
                return False
            free = room(session, self._centre_id, self._exchange, self._channels, now)
        if free < LINES:
            log.info("proof.put_off", exchange=self._exchange, why="the trunk is full")
        return free >= LINES

    def _keep(self, results: list[Proven], began: datetime) -> None:
        with self._store.writing() as session:
            proofs.keep(session, self._centre_id, self._exchange, results, began)
