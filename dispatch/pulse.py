"""Whether the service really works: its clocks tick and its database answers. As long as they do, systemd and the
exchange are told so; who is told nothing any more acts by itself.

systemd kills what is silent and starts it anew. The exchange calls the supervisor: after the rule's `silent_seconds`,
and when the service was stopped as it should be after `stopped_seconds`, so that a new version can be brought without
waking anybody, and a line that was stopped and forgotten is noticed.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callbridge.bridge import LinkState
from callbridge.errors import BridgeError
from callbridge.watch import Alarm, Watch
from dispatch.notify import Notifier
from dispatch.policy import heartbeat_policy
from dispatch.rule_bodies import HeartbeatPolicy
from registry.store import Actor, Entry, Store, Subject

log = structlog.get_logger()

LATE = timedelta(seconds=15)  # since the clocks were last looked at


class Exchange(Protocol):
    """What is asked of the exchange (`callbridge.bridge.Bridge`)."""

    @property
    def link(self) -> LinkState: ...

    watch: Watch


def late_by(ticked_at: datetime | None, now: datetime) -> timedelta | None:
    """How long ago the clocks were looked at, if that is too long; None when they tick."""
    late = now - ticked_at if ticked_at is not None else timedelta.max
    return late if late > LATE else None


class Pulse:
    """`beat` every few seconds, from the event loop."""

    def __init__(
        self,
        store: Store,
        centre_id: int,
        exchange: str,
        notifier: Notifier,
        ticked_at: Callable[[], datetime | None],
        trouble: Callable[[], str],
    ) -> None:
        self._store = store
        self._centre_id = centre_id
        self._exchange = exchange
        self._notifier = notifier
        self._ticked_at = ticked_at
        self._trouble = trouble
        self._heard_by: datetime | None = None  # the link, by its beginning, over which the last sign of life went
        self._good_until: datetime | None = None  # the last sign of life

    async def beat(self, exchange: Exchange | None) -> None:
        """A sign of life, if we live; `exchange` is None while another instance holds it."""
        if late_by(self._ticked_at(), self._store.clock.now()) is not None:
            log.warning("pulse.clocks_stand_still")
            return
        try:
            policy = await asyncio.to_thread(self._policy)
        except SQLAlchemyError as error:
            log.warning("pulse.database_does_not_answer", error=type(error).__name__)
            return
        self._notifier.tell("WATCHDOG=1", f"STATUS={self._trouble() or 'calls come in'}")
        await self._tell(exchange, policy.silent)

    async def stop(self, exchange: Exchange | None) -> None:
        """The service is being stopped as it should be: the exchange waits for its return for so long."""
        self._notifier.tell("STOPPING=1", "STATUS=stopping")
        try:
            policy = await asyncio.to_thread(self._policy)
            await self._tell(exchange, max(policy.stopped, policy.silent))
        except Exception:  # the rest of the service has to be stopped all the same
            log.exception("pulse.not_said_goodbye")

    async def _tell(self, exchange: Exchange | None, good_for: timedelta) -> None:
        if exchange is None or not exchange.link.up:
            return
        now, link = self._store.clock.now(), exchange.link.since
        try:
            if link != self._heard_by or self._good_until is None or now > self._good_until:
                await exchange.watch.begin()
                if (alarm := await exchange.watch.alarm()) is not None:
                    await asyncio.to_thread(self._note, alarm)
            await exchange.watch.beat(good_for)
        except BridgeError as problem:
            log.warning("pulse.exchange_not_told", exchange=self._exchange, error=type(problem).__name__)
        else:
            self._heard_by, self._good_until = link, now + good_for

    def _policy(self) -> HeartbeatPolicy:
        with self._store.reading() as session:
            return heartbeat_policy(session, self._centre_id)

    def _note(self, alarm: Alarm) -> None:
        log.warning("exchange.called_supervisor", exchange=self._exchange, calls=alarm.calls)
        with self._store.writing() as session:
            acknowledged = alarm.acknowledged_at.isoformat() if alarm.acknowledged_at is not None else None
            session.record(
                Entry(
                    what="exchange.called_supervisor",
                    subject=Subject.EXCHANGE,
                    subject_id=0,
                    actor=Actor.exchange(),
                    centre_id=self._centre_id,
                    data={"exchange": self._exchange, "calls": alarm.calls, "acknowledged_at": acknowledged},
                )
            )
