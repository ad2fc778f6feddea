"""The telephone side as the rest of Townline sees it: what happens on one exchange, in order, and commands to it.

AMI is the fast hint, CEL the truth. One worker hands every event to one listener (`callbridge.inbox`). After each
login live events are held back until the exchange has been asked who is there and CEL has been read; then they go
live.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from callbridge.calls import LiveCall, LiveCalls, Token, stamp
from callbridge.cel_feed import CelFeed
from callbridge.control import Control, Fate, OutgoingCall
from callbridge.desk_talk import DeskTalk
from callbridge.errors import AmiRefused, BridgeError, NotLinked
from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallEnd,
    CallEnded,
    CallOut,
    CallRecord,
    CelPosition,
    CelRead,
    CelState,
    LinkDown,
    LinkUp,
    Outcome,
    Party,
    PartyLeft,
)
from callbridge.inbox import Inbox, Listener
from callbridge.link import USER, Link, Pace
from callbridge.outgoing import CallsOut
from callbridge.phones import Phones
from callbridge.proof import Prover
from callbridge.roll_call import RollCall, answer_roll, call_roll
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from callbridge.speech import Speaker
from callbridge.telephone import Telephone
from callbridge.watch import Watch
from callbridge.wire import Fields

__all__ = ["Bridge", "Fate", "LinkState", "Listener", "OutgoingCall", "Pace"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """How the link is. `lag` is the time from the exchange's stamp of the last event to the listener."""

    up: bool
    since: datetime
    reason: str  # why it is down, empty when it is up
    cel_problem: str  # why CEL cannot be read, empty when it can
    lag: timedelta
    waiting: int  # messages of the exchange, and events, not handled yet
    refused: int  # events that claimed to be ours and were not


class Bridge:
    """The link to one exchange. `start`, use, `stop`; never started twice."""

    def __init__(
        self,
        settings: ExchangeSettings,
        secrets: Secrets,
        speech: Speaker,
        cel_path: Path,
        now: Callable[[], datetime],
        *,
        pace: Pace | None = None,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._now = now
        self._pace = pace or Pace()
        self._token = Token(secrets.get_or_make("AMI_EVENTS"))
        self._calls = LiveCalls(settings.name, self._token)
        self._speech = speech
        self._calls_out = CallsOut(settings.name, self._token, settings.trunk.means(), ended=speech.unsay)
        self._desks = DeskTalk(settings.name, self._token, self._calls)
        self._phones = Phones(settings.name, settings.extensions)
        self._feed = CelFeed(settings.name, cel_path, self._offer, now, settings.trunk.means())
        self._control = Control(settings, speech, self._calls, self._calls_out, self._feed.rows_of, self._linked, now)
        self.telephone = Telephone(settings, speech, self._calls, self._linked, now)
        self.prover = Prover(settings, self._token, self._linked, now)
        self.watch = Watch(self._linked, self._control.mirrored)
        self._inbox = Inbox(settings.name, self._mean, now)
        self._held: list[Fields] | None = []  # what is heard before the roll has been called; None: live
        self._tasks: set[asyncio.Task[None]] = set()
        self._link: Link | None = None
        self._down: str | None = None  # why; None also before the first attempt
        self._since = now()
        self._alive_until: datetime | None = None

    async def start(self, listener: Listener, cel_from: CelPosition | None) -> None:
        """Log in, bring the listener up to date, and go live; CEL is read from `cel_from` on, None: all of it.

        Raises `AmiRefused` when the secret is wrong: nothing runs then. When nobody listens it reports `LinkDown`,
        starts all the same and keeps trying. The listener is called by one worker (`Inbox.work`); a `CelRead` that it
        does not take comes again.
        """
        self._feed.begin_at(cel_from)
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._spawn(self._inbox.work(listener), "bridge-worker")
        self._spawn(self._stay_linked(first), "bridge-link")
        try:
            await first
        except BaseException:
            await self.stop()
            raise
        self._spawn(self._feed.keep_reading(self._pace.cel_every), "bridge-cel")

    async def stop(self) -> None:
        """Close the link and everything that runs; events not handled yet are left to CEL."""
        link, self._link = self._link, None
        self._down = "stopped"
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if link is not None:
            await link.close()

    @property
    def link(self) -> LinkState:
        return LinkState(
            up=self._link is not None,
            since=self._since,
            reason=self._down or "",
            cel_problem=self._feed.problem,
            lag=self._inbox.lag,
            waiting=len(self._inbox),
            refused=self._token.refused,
        )

    async def recognise(self, uniqueid: str, *, priority: int | None, name: str | None) -> None:
        """Move a caller in her queue, also one she joins later, and show a name on the operators' telephones.

        A call that is gone is no error. Raises `NotLinked`, `LinkLost`, `UnsafeValue`.
        """
        await self._control.recognise(uniqueid, priority=priority, name=name)

    async def call_out(self, order: OutgoingCall) -> None:
        """Speak a text to a number and ask for a digit; returns when the exchange has accepted to dial.

        Raises `SpeechFailed`, `UnsafeValue` and `ActionRefused` (so `NotLinked` too) when it did not happen,
        `LinkLost` when nobody knows: then ask `fate`. The outcome comes as `CallOut`.
        """
        await self._control.call_out(order)

    async def fate(self, attempt: str) -> Fate | CallOut:
        """What became of an outgoing call. Raises `NotLinked`, `LinkLost`, `CelUnreadable`: ask again."""
        return await self._control.fate(attempt)

    async def hang_up(self, attempt: str) -> None:
        """Withdraw an outgoing call; no error when it is over. Raises `NotLinked`, `LinkLost`."""
        await self._control.hang_up(attempt)

    async def play(self, extension: str, file: str) -> None:
        """Play a recording on an operator's own telephone; returns when it has been told to ring.

        Raises `UnsafeValue`, `ActionRefused`, `LinkLost`.
        """
        await self._control.play(extension, file)

    async def mirror(self, family: str, keys: Sequence[str], value: str) -> None:
        """Keep a fact under each key in the exchange's own database for when we are away; an empty value deletes it.

        Raises `UnsafeValue`, `ActionRefused` when it was not stored, `LinkLost` when nobody knows.
        """
        await self._control.mirror(family, keys, value)

    async def mirrored(self, family: str) -> dict[str, str]:
        """What the exchange's own database has there, by key. Raises `NotLinked`, `LinkLost`."""
        return await self._control.mirrored(family)

    def _linked(self) -> Link:
        if self._link is None:
            raise NotLinked(self._down or "not started")
        return self._link

    def _spawn(self, work: Coroutine[object, object, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("bridge.task_failed", task=task.get_name(), exc_info=problem)

    async def _stay_linked(self, first: "asyncio.Future[None]") -> None:
        """Connect for ever, except with a secret that was refused."""
        while True:
            try:
                link = await self._connect()
            except AmiRefused as refusal:
                await self._go_down(f"the exchange refused the login: {refusal}")
                if first.done():
                    log.error("link.refused", exchange=self._settings.name)  # noqa: TRY400 - the traceback says nothing
                else:
                    first.set_exception(refusal)
                return
            except BridgeError as problem:
                await self._go_down(str(problem))
            except Exception as surprise:  # a link that is not tried again is worse than any
                log.exception("link.failed", exchange=self._settings.name)
                await self._go_down(repr(surprise))
            else:
                if not first.done():
                    first.set_result(None)
                await self._go_down(await link.lost)
            if not first.done():
                first.set_result(None)
            await asyncio.sleep(self._pace.retry)

    async def _connect(self) -> Link:
        """Log in, rebuild the state, go live."""
        if (secret := self._secrets.get("AMI")) is None:
            raise AmiRefused("there is no secret AMI")
        address, port = str(self._settings.ami_address), self._settings.ami_port
        self._held = []
        link = await Link.open(address, port, USER, secret, self._hear, self._pace)
        try:
            roll = await call_roll(link, self._now())
        except BaseException:
            await link.close()
            raise
        restarted = self._alive_until is not None and roll.booted_at > self._alive_until
        self._link, self._down, self._since = link, None, self._now()
        log.info("link.up", exchange=self._settings.name, restarted=restarted, channels=len(roll.channels))
        self._inbox.send(lambda: [self._link_up(restarted)])
        open_calls = await self._feed.catch_up(roll, self._alive_until)
        died_at = self._alive_until if restarted else None
        self._inbox.send(lambda: self._answer(roll, open_calls, died_at))
        for fields in self._held:
            self._inbox.put(fields)
        self._held = None
        return link

    def _link_up(self, restarted: bool) -> LinkUp:
        return LinkUp(
            exchange=self._settings.name,
            at=self._since,
            away_since=self._alive_until,
            exchange_restarted=restarted,
        )

    def _answer(self, roll: RollCall, open_calls: list[CallRecord], died_at: datetime | None) -> list[BridgeEvent]:
        said = answer_roll(roll, self._calls, open_calls, self._settings.name, died_at=died_at)
        survey = self._phones.survey(roll.members, roll.asked_at)
        return [*said, *survey, self._phones.ring(roll.members, roll.asked_at)]

    async def _go_down(self, reason: str) -> None:
        link, self._link = self._link, None
        said_before = link is None and self._down is not None
        self._down = reason
        if link is not None:
            self._alive_until = self._now() - link.silent_for
            await link.close()
        if said_before:
            return
        self._since = self._now()
        log.warning("link.down", exchange=self._settings.name, reason=reason)
        down = LinkDown(exchange=self._settings.name, at=self._since, reason=reason)
        self._inbox.send(lambda: [down])

    def _hear(self, fields: Fields) -> None:
        """Called for every message of the exchange, from the event loop: put it away, nothing else."""
        self._control.hear_at_once(fields)
        self.prover.hear_at_once(fields)
        if self._held is None:
            self._inbox.put(fields)
        else:
            self._held.append(fields)

    async def _offer(self, read: CelRead | CelState) -> bool:
        return await self._inbox.send(lambda: self._learn(read) if isinstance(read, CelRead) else [read])

    def _learn(self, read: CelRead) -> list[BridgeEvent]:
        for record in read.calls:
            self._calls.learn(record)
            if record.end is not None:
                self._speech.unsay(record.uniqueid)
        for out in read.outgoing:
            self._calls_out.forget(out.attempt)
        return [read]

    def _mean(self, fields: Fields) -> list[BridgeEvent]:
        """What a message of the exchange means, and what we do about it."""
        at = stamp(fields, self._now())
        if (attempt := self._calls_out.failed_to_begin(fields)) is not None:
            self._spawn(self._explain(attempt), "bridge-explain")
        if (leg := self._desks.failed_to_begin(fields)) is not None:
            self._spawn(self._never_began(leg), "bridge-never-began")
        said = [
            *self._calls.hear(fields, at),
            *self._desks.hear(fields, at),
            *self._calls_out.hear(fields, at),
            *self._phones.hear(fields, at),
        ]
        for answer in said:
            if isinstance(answer, CallAnswered):
                self._spawn(self._await_voice(answer.uniqueid), "bridge-voice")
            if isinstance(answer, CallEnded):
                self._speech.unsay(answer.uniqueid)
        if fields.get("event") == "QueueCallerJoin" and (call := self._calls.get(fields.get("uniqueid", ""))):
            self._spawn(self._prioritise(call), "bridge-prioritise")
        return said

    async def _await_voice(self, uniqueid: str) -> None:
        await asyncio.sleep(self._pace.voice)
        await self._inbox.send(lambda: self._calls.silent(uniqueid, self._now()))

    async def _prioritise(self, call: LiveCall) -> None:
        try:
            await self._control.prioritise(call)
        except BridgeError as problem:
            log.warning("call.not_prioritised", call=call.uniqueid, reason=str(problem))

    async def _never_began(self, uniqueid: str) -> None:
        """No telephone of that leg or call was reached; its Hangup, if there is one, has told the cause by then."""
        await asyncio.sleep(self._pace.hangup)
        at, exchange = self._now(), self._settings.name
        if (call := self._calls.get(uniqueid)) is None:
            self._inbox.send(lambda: [PartyLeft(exchange=exchange, at=at, leg=uniqueid, cause=0)])
        elif call.extension is None:
            self._inbox.send(lambda: self._calls.end(uniqueid, at, CallEnd.NOT_REACHED, Party.EXCHANGE, 0))

    async def _explain(self, attempt: str) -> None:
        """An Originate failed and no Hangup followed: say so, unless the attempt is or was in another one."""
        await asyncio.sleep(self._pace.hangup)
        if attempt not in self._calls_out:
            return
        try:
            fate = await self.fate(attempt)
        except BridgeError as problem:
            log.warning("attempt.unexplained", attempt=attempt, reason=str(problem))
            return
        if fate is Fate.UNDER_WAY:
            return
        self._calls_out.forget(attempt)
        if isinstance(fate, CallOut):
            out = fate
        else:
            out = CallOut(
                exchange=self._settings.name,
                at=self._now(),
                attempt=attempt,
                outcome=Outcome.FAILED,
                key="",
                answered_at=None,
                cause=0,
            )
        self._inbox.send(lambda: [out])
