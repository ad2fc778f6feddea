"""Does at the exchange what has been ordered, one after the other, as soon as it is committed.

Menus are spoken before they are read to somebody, and no operator waits for that: they are done beside the rest.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog

from callbridge.errors import ActionRefused, BridgeError, SpeechFailed, UnsafeValue
from callbridge.events import PhonePresence
from callbridge.menu import Menu
from dispatch import phone_orders
from dispatch.models import OrderKind
from dispatch.phone_orders import UNKNOWN, Claimed
from registry.store import Store

log = structlog.get_logger()

LOOK_EVERY = 5.0  # seconds without a commit of this instance


class Desk(Protocol):
    """The exchange's commands, as `callbridge.telephone.Telephone` has them."""

    async def take(self, call: str, extension: str) -> None: ...
    async def hold(self, call: str, extension: str) -> None: ...
    async def resume(self, call: str) -> None: ...
    async def bring_in(
        self, call: str, leg: str, *, number: str | None = None, extension: str | None = None
    ) -> None: ...
    async def hand_over(self, call: str, leg: str, *, by: str, extension: str) -> None: ...
    async def drop(self, leg: str) -> None: ...
    async def hang_up_call(self, call: str, ringing: list[str]) -> None: ...
    async def dial(self, call: str, extension: str, number: str) -> None: ...
    async def listen(self, call: str, leg: str, extension: str, *, to: str | None, whisper: bool) -> None: ...
    async def set_presence(self, extension: str, presence: PhonePresence, seconds: int = 0) -> None: ...
    async def ask(self, call: str, menu: Menu) -> None: ...


class Telephonist:
    """`run` until cancelled, while this instance holds the exchange."""

    def __init__(self, store: Store, desk: Desk, exchange: str) -> None:
        self._store = store
        self._desk = desk
        self._exchange = exchange
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beside: set[asyncio.Task[bool]] = set()

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._write(phone_orders.left_over, self._exchange)
        try:
            while True:
                self._woken.clear()
                if not await self._once():
                    try:
                        async with asyncio.timeout(LOOK_EVERY):
                            await self._woken.wait()
                    except TimeoutError:
                        pass
        finally:
            self._loop = None
            for task in self._beside:
                task.cancel()

    def wake(self, _seq: int = 0) -> None:
        """Something was committed: look now. From any thread."""
        if (loop := self._loop) is not None:
            loop.call_soon_threadsafe(self._woken.set)

    async def run_once(self) -> int:
        """Does everything that is wanted now, and returns how many orders that were."""
        count = 0
        while await self._once():
            count += 1
        await asyncio.gather(*self._beside)
        return count

    async def _once(self) -> bool:
        """Whether there was an order, and it could be done or not for good."""
        try:
            claimed = await asyncio.to_thread(phone_orders.claim, self._store, self._exchange)
        except Exception:
            log.exception("telephone.claim_failed", exchange=self._exchange)
            return False
        if claimed is None:
            return False
        if claimed.kind is not OrderKind.ASK:
            return await self._do(claimed)
        task = asyncio.create_task(self._do(claimed), name=f"menu-{claimed.id}")
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return True

    async def _do(self, claimed: Claimed) -> bool:
        try:
            await _ACTS[claimed.kind](self._desk, claimed.body)
        except UnsafeValue as problem:  # an extension that this exchange does not have, say
            log.warning("telephone.impossible", order=claimed.id, kind=str(claimed.kind), why=str(problem))
            never = functools.partial(phone_orders.failed, for_good=True)
            await self._write(never, claimed.id, str(problem))
            return True
        except (ActionRefused, SpeechFailed) as problem:  # NotLinked too
            log.info("telephone.refused", order=claimed.id, kind=str(claimed.kind), why=str(problem))
            await self._write(phone_orders.failed, claimed.id, str(problem))
        except BridgeError as problem:  # LinkLost
            log.warning("telephone.unsure", order=claimed.id, kind=str(claimed.kind), why=str(problem))
            await self._write(phone_orders.failed, claimed.id, UNKNOWN)
        else:
            await self._write(phone_orders.done, claimed.id)
            return True
        return claimed.kind is not OrderKind.PRESENCE  # that one is wanted again, after a pause

    async def _write(self, step: Callable[..., Any], *arguments: Any) -> None:
        def run() -> None:
            with self._store.writing() as session:
                step(session, *arguments)

        await asyncio.to_thread(run)


def _menu(it: dict[str, Any]) -> Menu:
    return Menu(**{name: it[name] for name in ("name", "text", "language", "keys", "repeat", "out", "digits")})


_ACTS: dict[OrderKind, Callable[[Desk, dict[str, Any]], Awaitable[None]]] = {
    OrderKind.TAKE: lambda desk, it: desk.take(it["call_uniqueid"], it["extension"]),
    OrderKind.HOLD: lambda desk, it: desk.hold(it["call_uniqueid"], it["extension"]),
    OrderKind.RESUME: lambda desk, it: desk.resume(it["call_uniqueid"]),
    OrderKind.BRING_IN: lambda desk, it: desk.bring_in(
        it["call_uniqueid"], it["leg"], number=it.get("number"), extension=it.get("extension")
    ),
    OrderKind.HAND_OVER: lambda desk, it: desk.hand_over(
        it["call_uniqueid"], it["leg"], by=it["by"], extension=it["extension"]
    ),
    OrderKind.DROP: lambda desk, it: desk.drop(it["leg"]),
    OrderKind.HANG_UP: lambda desk, it: desk.hang_up_call(it["call_uniqueid"], it["ringing"]),
    OrderKind.DIAL: lambda desk, it: desk.dial(it["call_uniqueid"], it["extension"], it["number"]),
    OrderKind.LISTEN: lambda desk, it: desk.listen(
        it["call_uniqueid"], it["leg"], it["extension"], to=it["to"], whisper=it["whisper"]
    ),
    OrderKind.ASK: lambda desk, it: desk.ask(it["call_uniqueid"], _menu(it)),
    OrderKind.PRESENCE: lambda desk, it: desk.set_presence(
        it["extension"], PhonePresence(it["presence"]), it["seconds"]
    ),
}
