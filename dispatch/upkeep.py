"""What the exchange is kept supplied with: the services that may be ordered by key, the line's name, and room for
recordings.

Runs where the exchange is held, every few seconds: a change of the services is heard soon, without a restart.
"""

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from callbridge.bridge import Bridge
from callbridge.errors import BridgeError, SpeechFailed
from callbridge.exchange import alaw, sounds
from callbridge.speech import Language, Speech
from dispatch import recordings
from dispatch.choices import orderable
from dispatch.models import ExchangePosition
from dispatch.texts import order_menu
from registry.centres import centre
from registry.store import Actor, Entry, Store, Subject

log = structlog.get_logger()

ORDERS, RECORDING, STOP = "townline-orders", "townline-recording", "0"
MENU, LINE = "order-menu", "alarm-line"
SWEEP_EVERY = timedelta(hours=1)  # a folder of months has tens of thousands of files
FULL, ROOM = 0.05, 0.08  # free share of the disk: recordings stop below the first and go on above the second


class Upkeep:
    """`run` now and then. `free` gives the share of the recordings' disk that is free, 0 to 1."""

    def __init__(
        self,
        store: Store,
        centre_id: int,
        exchange: str,
        folder: Path,
        menus: Path,
        speech: Speech,
        language: Language,
        *,
        free: Callable[[Path], float] | None = None,
    ) -> None:
        self._store = store
        self._centre_id = centre_id
        self._exchange = exchange
        self._folder = folder
        self._menus = menus
        self._speech = speech
        self._language = language
        self._free = free or share_free
        self._told: dict[tuple[str, str], str] = {}
        self._told_by: Bridge | None = None
        self._swept_at: datetime | None = None
        self.stopped = False  # recordings, because the disk is nearly full

    async def run(self, bridge: Bridge | None) -> None:
        """Removes old recordings, and tells the exchange what it does not know yet; `bridge` is None while it is not
        ours.
        """
        if bridge is None:
            return
        if bridge is not self._told_by:
            self._told_by, self._told = bridge, {}
            self.stopped = await asyncio.to_thread(self._was_stopped)
        await asyncio.to_thread(self._remove_recordings)
        free = await asyncio.to_thread(self._free, self._folder)
        if self.stopped != (free < (ROOM if self.stopped else FULL)):
            await asyncio.to_thread(self._stop if not self.stopped else self._go_on)
            log.warning("recordings.stopped" if self.stopped else "recordings.go_on", free=round(free, 3))
        try:
            digits = await asyncio.to_thread(self._speak)
        except (SpeechFailed, OSError) as problem:  # the menu as it was stays; without one the key does nothing
            log.warning("orders.not_spoken", error=type(problem).__name__)
            return
        wanted = {(ORDERS, digit): "1" if digit in digits else "" for digit in "123456789"}
        wanted[RECORDING, STOP] = "1" if self.stopped else ""
        for (family, key), value in wanted.items():
            if self._told.get((family, key)) != value:
                try:
                    await bridge.mirror(family, [key], value)
                except BridgeError as problem:
                    log.warning("exchange.not_told", family=family, error=type(problem).__name__)
                    return
                self._told[family, key] = value

    def _remove_recordings(self) -> None:
        """Those whose time is over, and now and then those that no row names."""
        kept = (self._store, self._centre_id, self._folder, self._exchange)
        recordings.remove_old(*kept)
        now = self._store.clock.now()
        if self._swept_at is None or now - self._swept_at > SWEEP_EVERY:
            self._swept_at = now
            recordings.remove_strays(*kept)

    def _was_stopped(self) -> bool:
        """What the last run of the service left behind."""
        with self._store.reading() as session:
            position = session.get(ExchangePosition, self._exchange)
            return position is not None and position.recording_stopped_at is not None

    def _stop(self) -> None:
        self.stopped = True
        self._note("recording_stopped", self._store.clock.now())

    def _go_on(self) -> None:
        self.stopped = False
        self._note("recording_goes_on", None)

    def _note(self, what: str, since: datetime | None) -> None:
        """The board says so."""
        with self._store.writing() as session:
            position = session.lock(ExchangePosition, self._exchange)
            if position is None or (position.recording_stopped_at is None) == (since is None):
                return
            position.recording_stopped_at = since
            session.record(
                Entry(
                    what=f"exchange.{what}",
                    subject=Subject.EXCHANGE,
                    subject_id=0,
                    actor=Actor.system(),
                    centre_id=self._centre_id,
                    data={"exchange": self._exchange},
                )
            )

    def _speak(self) -> set[str]:
        """The menu's sound as the services are now, and the line's name for the supervisor; the services' digits."""
        with self._store.reading() as session:
            services = orderable(session, self._centre_id)
            names = [
                (service.keypad_digit or "", service.name_zh if self._language == "zh" else service.name_en)
                for service in services
            ]
            name = centre(session, self._centre_id).name
        texts = ({MENU: order_menu(names, self._language)} if names else {}) | {LINE: name}
        spoken = {name: self._speech.say_now(text, self._language).read_bytes() for name, text in texts.items()}
        sounds.keep(self._menus, self._language, spoken)
        alaw.refresh(self._menus / self._language)  # a person may have put in a voice of her own
        return {digit for digit, _ in names}


def share_free(folder: Path) -> float:
    """The share of that folder's disk that is free, 1 while there is no such folder."""
    try:
        usage = shutil.disk_usage(folder)
    except FileNotFoundError:
        return 1.0
    return usage.free / usage.total
