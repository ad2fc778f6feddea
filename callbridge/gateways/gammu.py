"""A USB modem or an old mobile telephone on the machine itself, through gammu-smsd: no internet and no app needed."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from callbridge.errors import CallbackMalformed, GatewayAway, GatewayUnsure
from callbridge.gateways.door import (
    GatewayHealth,
    GatewayReceipt,
    Hear,
    Report,
    SmsFate,
    SmsState,
    SmsStatus,
    Wording,
)
from callbridge.gateways.smsd_file import SmsdFile
from callbridge.gateways.smsd_process import PROGRAM, SmsdProcess
from callbridge.settings import GammuSettings

log = structlog.get_logger()

LOOK_EVERY = 1.0  # seconds
RECEIPTS_WITHIN = timedelta(days=3)  # at the first look: how long the network tries to deliver
LATELY = timedelta(minutes=1)  # at every other
TIDY_EVERY = 3600  # looks


class GammuGateway:
    """One modem. While its daemon does not run nothing is sent and nothing is lost: it waits in the daemon's file."""

    def __init__(self, settings: GammuSettings) -> None:
        self._name = settings.name
        folder = settings.directory
        database = folder / "smsd.db"
        self._file = SmsdFile(database)
        self._process = SmsdProcess(folder, settings.device, settings.connection, database)

    @property
    def name(self) -> str:
        return self._name

    @property
    def thanks(self) -> Mapping[str, Any] | None:
        return None

    def obstacle(self, to: str, wording: Wording | None) -> str:
        return ""

    async def send(
        self,
        attempt: str,
        to: str,
        text: str,
        *,
        wording: Wording | None = None,
        ttl: timedelta | None = None,
        urgent: bool = False,
    ) -> GatewayReceipt:
        until = None if ttl is None else datetime.now(UTC) + ttl
        try:
            await asyncio.to_thread(self._file.make)
            state = await asyncio.to_thread(self._file.put, attempt, to, text, until=until, urgent=urgent)
        except sqlite3.OperationalError as error:  # locked, or no room: the transaction was rolled back
            raise GatewayAway(f"gateway {self.name}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise GatewayUnsure(f"gateway {self.name}: {error}") from error
        return GatewayReceipt(attempt, state)

    async def fate(self, attempt: str, *, to: str, at: datetime) -> SmsFate:
        try:
            return await asyncio.to_thread(self._file.fate, attempt)
        except sqlite3.Error as error:
            raise GatewayAway(f"gateway {self.name}: {error}") from error

    async def check(self) -> GatewayHealth:
        try:
            modem = await asyncio.to_thread(self._file.modem)
        except sqlite3.Error as error:
            return GatewayHealth(usable=False, problems=(f"{self.name}: {error}",))
        if modem is None or not modem.alive:
            what = "has never answered" if modem is None else "does not answer"
            return GatewayHealth(usable=False, problems=(f"the modem {what}: is it plugged in, does {PROGRAM} run?",))
        problems = [] if modem.network else ["the modem is in no network"]
        if 0 <= modem.signal < 15:
            problems.append(f"weak signal: {modem.signal} %")
        return GatewayHealth(usable=bool(modem.network), problems=tuple(problems))

    async def register(self, callback_url_inbound: str, callback_url_status: str) -> None:
        """Nothing to tell: `listen` brings what comes in."""

    async def listen(self, hear: Hear) -> None:
        await asyncio.to_thread(self._file.make)
        daemon = asyncio.create_task(self._process.keep_running(), name=f"{PROGRAM} {self.name}")
        try:
            await self._look(hear)
        finally:
            daemon.cancel()
            await asyncio.gather(daemon, return_exceptions=True)

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: datetime, *, token: str = ""
    ) -> Sequence[Report]:
        raise CallbackMalformed(f"gateway {self.name} is a modem on this machine and reports nothing over HTTP")

    async def close(self) -> None:
        """Nothing is held between two looks."""

    async def _look(self, hear: Hear) -> None:
        """Once a second; what could not be heard is offered again the next time."""
        told: dict[str, SmsFate] | None = None  # not yet
        looks = 0
        while True:
            try:
                told = await self._hear_once(hear, told)
                if looks % TIDY_EVERY == 0:
                    await asyncio.to_thread(self._file.purge)
            except Exception as error:  # this is how replies come in: it must not end with one surprise
                log.warning("gateway.not_heard", gateway=self.name, error=type(error).__name__)
            looks += 1
            await asyncio.sleep(LOOK_EVERY)

    async def _hear_once(self, hear: Hear, told: dict[str, SmsFate] | None) -> dict[str, SmsFate]:
        """Everything new; returns what is told now, of `told` the time before."""
        now = datetime.now(UTC)
        for arrived in await asyncio.to_thread(self._file.arrived, now):
            await hear(arrived.sms)
            await asyncio.to_thread(self._file.keep, arrived.rows)
        fates = await asyncio.to_thread(self._file.changed, LATELY if told is not None else RECEIPTS_WITHIN)
        for attempt, fate in fates.items():
            if (told or {}).get(attempt) != fate:
                await hear(_status(attempt, fate, now))
        for attempt in await asyncio.to_thread(self._file.drop_worthless, now):
            await hear(_status(attempt, SmsFate(SmsState.FAILED, "not sent in time"), now))
        return fates


def _status(attempt: str, fate: SmsFate, now: datetime) -> SmsStatus:
    return SmsStatus(
        event_id=f"{attempt}-{fate.status}", attempt=attempt, status=fate.status, at=now, reason=fate.reason
    )
