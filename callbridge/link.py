"""One logged-in connection to Asterisk's Manager Interface; the only module that knows panoramisk.

A `Link` lives as long as its connection and is never used again: whoever wants another one opens another one, so
nothing that was pending can be sent twice. panoramisk 1.4 gives the login, the action ids and the matching of answers
and lists; the subclasses here replace what was measured to lose events, repeat actions or wait for ever (decoding,
reconnecting, re-sending, pinging).
"""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from callbridge.errors import ActionRefused, AmiRefused, AmiUnreachable, LinkLost, NotLinked
from callbridge.wire import Action, Fields, Splitter, check

USER = "townline"  # as manager.conf has it

Hear = Callable[[Fields], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the telephone side looks and how long it waits, in seconds."""

    answer: float = 5  # for the answer to any action
    boot: float = 60  # for an exchange that listens already and is still starting
    ping_every: float = 5
    pong: float = 3
    retry: float = 1.5  # between two attempts to connect
    cel_every: float = 2
    voice: float = 10  # from the answer to a caller's first word
    hangup: float = 1  # for the Hangup of a call of ours that failed


_SILENT = logging.getLogger("callbridge.link.panoramisk")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False  # it writes whole messages, with callers' numbers in them


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """Splits before it decodes, answers pending actions, and hands everything else over as plain dicts."""

    def __init__(self, session: "_Session") -> None:
        self._session = session
        self._splitter = Splitter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self._session  # panoramisk sets it a moment later: data could come before

    def data_received(self, data: bytes) -> None:
        self._session.last_heard = self._session.loop.time()
        try:
            messages = list(self._splitter.feed(data))
        except ValueError as problem:
            self._session.abort(str(problem))
            return
        for fields in messages:
            if fields.get("actionid") in self.responses:
                self.handle_message(Message(fields))
            else:
                self._session.hear(fields)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._session.connection_lost(exc)

    def close(self) -> None:
        """Close, and nothing else: panoramisk would keep the unanswered actions for the next connection."""
        if not self.closed:
            self.closed = True
            self.transport.close()


class _Session(Manager):  # type: ignore[misc]
    """A `Manager` for one connection: it neither reconnects nor pings nor re-sends; `Link` decides."""

    def __init__(self, hear: Hear, **config: Any) -> None:
        super().__init__(log=_SILENT, protocol_factory=lambda: _Protocol(self), **config)
        self.loop = asyncio.get_running_loop()
        self.last_heard = self.loop.time()
        self.booted: asyncio.Future[Fields] = self.loop.create_future()
        self.lost: asyncio.Future[str] = self.loop.create_future()
        self._hear = hear

    def hear(self, fields: Fields) -> None:
        if fields.get("event") == "FullyBooted" and not self.booted.done():
            self.booted.set_result(fields)
        else:
            self._hear(fields)

    def connection_made(self, f: "asyncio.Task[Any]") -> None:
        if not f.cancelled() and f.exception() is None:  # else `Link.open` sees it
            super().connection_made(f)

    def login(self, future: "asyncio.Future[Message]") -> None:
        """Nothing: `Link.open` awaits the answer itself."""

    def ping(self) -> None:
        """Nothing: `Link` pings, and looks at the answer."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.say_lost(f"the connection broke: {exc}" if exc else "the exchange closed the connection")

    def abort(self, reason: str) -> None:
        self.say_lost(reason)
        if self.protocol is not None:
            self.protocol.closed = True
            self.protocol.transport.abort()

    def say_lost(self, reason: str) -> None:
        """The end of this connection, once: what is pending fails with it."""
        if self.lost.done():
            return
        self.lost.set_result(reason)
        if not self.booted.done():
            self.booted.set_exception(LinkLost(reason))
            self.booted.exception()  # seen: nobody may be waiting for it
        self.close()
        pending = self.protocol.responses if self.protocol is not None else {}
        for action in pending.values():
            if not action.future.done():
                action.future.set_exception(LinkLost(reason))
                action.future.exception()  # seen: its caller may be gone already
        pending.clear()


class Link:
    """One logged-in connection. Made by `open`; `lost` resolves with the reason when it is over."""

    def __init__(self, session: _Session, booted: Fields, pace: Pace) -> None:
        self._session = session
        self._pace = pace
        self.booted = booted
        self.lost: asyncio.Future[str] = session.lost
        self._watchdog = asyncio.create_task(self._watch(), name="ami-watchdog")

    @classmethod
    async def open(
        cls,
        address: str,
        port: int,
        user: str,
        secret: str,
        hear: Hear,
        pace: Pace,
    ) -> "Link":
        """Connect, log in, wait until the exchange is fully booted; `hear` gets every message that answers nothing.

        Raises `AmiUnreachable` when nobody listens or answers in time, `AmiRefused` when user or secret are wrong,
        `LinkLost` when the connection breaks meanwhile. `hear` is called from the event loop and must only put the
        message away.
        """
        session = _Session(hear, host=address, port=port, username=user, secret=secret)
        try:
            async with asyncio.timeout(pace.answer):
                await session.connect()
                answer = await session.authenticated_future
            if answer["response"] != "Success":
                raise AmiRefused(answer.get("message", ""))
            async with asyncio.timeout(pace.boot):
                booted = await session.booted
        except BaseException as problem:
            session.abort("the login did not succeed")
            if isinstance(problem, TimeoutError):
                raise AmiUnreachable(f"no answer from {address}:{port}") from problem
            if isinstance(problem, OSError):
                why = os.strerror(problem.errno) if problem.errno else str(problem)
                raise AmiUnreachable(f"nobody answers at {address}:{port} ({why})") from problem
            raise
        return cls(session, booted, pace)

    @property
    def silent_for(self) -> timedelta:
        """How long ago the exchange said anything."""
        return timedelta(seconds=self._session.loop.time() - self._session.last_heard)

    async def act(self, action: Action) -> Fields:
        """Send one action and return its answer, which is a Success.

        Raises `UnsafeValue` before anything is sent, `ActionRefused` when the exchange says no or the link is already
        down (it did not happen), `LinkLost` when the link breaks or no answer comes in time (nobody knows).
        """
        return _plain(await self._exchange(action, as_list=False, within=self._pace.answer))

    async def list(self, action: Action) -> list[Fields]:
        """Send an action that is answered by a list and return its entries. Raises like `act`."""
        answer = await self._exchange(action, as_list=None, within=self._pace.answer)
        return [_plain(message) for message in answer[1:-1]] if isinstance(answer, list) else []

    async def close(self) -> None:
        """End the connection; `lost` resolves."""
        self._watchdog.cancel()
        self._session.abort("closed by us")
        await asyncio.gather(self._watchdog, return_exceptions=True)

    async def _exchange(self, action: Action, *, as_list: bool | None, within: float) -> Any:
        check(action)
        if self.lost.done():
            raise NotLinked(self.lost.result())
        future = self._session.send_action(dict(action), as_list=as_list)
        try:
            async with asyncio.timeout(within):
                answer = await future
        except TimeoutError:
            raise LinkLost(f"{action['Action']}: no answer within {within:g} s") from None
        finally:
            self._forget(future)
        first = answer[0] if isinstance(answer, list) else answer
        if first.get("response") != "Success":
            raise ActionRefused(f"{action['Action']}: {first.get('message', 'refused')}")
        return answer

    def _forget(self, future: "asyncio.Future[Any]") -> None:
        """An action without an answer would stay in panoramisk's table for ever."""
        pending = self._session.protocol.responses
        for key in [key for key, action in pending.items() if action.future is future]:
            del pending[key]

    async def _watch(self) -> None:
        """Ping; an exchange that neither answers nor says anything else meanwhile is gone."""
        while not self.lost.done():
            await asyncio.sleep(self._pace.ping_every)
            asked = self._session.loop.time()
            try:
                await self._exchange({"Action": "Ping"}, as_list=False, within=self._pace.pong)
            except (LinkLost, ActionRefused):
                if self._session.last_heard < asked:
                    self._session.abort(f"no answer to a Ping within {self._pace.pong:g} s")


def _plain(message: Message) -> Fields:
    return {key.lower(): value for key, value in message.items()}
