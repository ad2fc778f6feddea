"""The sender: takes what the outbox holds to the gateways and to the exchange, several at once, none twice.

A crash leaves one of four traces, and each is taken up when its claim has run out. *Claimed*: nothing has left,
claimed again. *Handed over*: it may have left, so it is *unknown*, and whoever took it is asked by the attempt's id;
what was never seen there goes out again as another attempt, what was seen is not repeated. *Sent* is an end.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from callbridge.control import Fate, OutgoingCall
from callbridge.errors import (
    ActionRefused,
    BridgeError,
    GatewayAway,
    GatewayError,
    GatewayRefused,
    SpeechFailed,
    UnsafeValue,
)
from callbridge.events import CallOut
from callbridge.gateways.door import Gateway, GatewayReceipt, SmsState
from dispatch import gateway_health, handover, results
from dispatch.handover import Claimed, Order, Question, Trunk
from dispatch.messages import REPEAT_KEYS
from dispatch.models import AttemptResult
from dispatch.ways import Route, Ways
from registry.models import Channel
from registry.store import Store, Writing

log = structlog.get_logger()

AT_ONCE = 8  # hand-overs under way: a gateway that answers slowly does not hold up the others
LONGEST_HAND_OVER = handover.HAND_OVER.total_seconds() - 15  # over before anybody may ask what became of it
LOOK_EVERY = 1.0  # seconds, when nobody wakes the sender


class Telephone(Protocol):
    """What the sender asks of the exchange (`callbridge.bridge.Bridge`)."""

    async def call_out(self, order: OutgoingCall) -> None: ...

    async def fate(self, attempt: str) -> Fate | CallOut: ...

    async def hang_up(self, attempt: str) -> None: ...


class Sender:
    """One for each instance. `gateways` in the order of preference, with their `routes`; without `bridge` nobody is
    called.

    `exchange` is the bridge's name in the attempts, `channels` what its trunk carries.
    """

    def __init__(
        self,
        store: Store,
        gateways: Mapping[str, Gateway],
        bridge: Telephone | None,
        instance: str,
        *,
        exchange: str = "main",
        channels: int = 30,
        routes: Mapping[str, Route] | None = None,
    ) -> None:
        self._store = store
        self._gateways = dict(gateways)
        self._ways = Ways(gateways, routes)
        self._bridge = bridge
        self._instance = instance
        self._exchange = exchange
        self._trunk = Trunk(exchange, channels) if bridge is not None else None
        self._under_way: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run_once(self) -> int:
        """Takes what is due now, waits until it is done, and returns how many it were."""
        claimed = await self._claim(AT_ONCE)
        await asyncio.gather(*(self._deliver(each) for each in claimed))
        return len(claimed)

    async def run(self) -> None:
        """Works until it is cancelled; then it waits for what is being handed over, and leaves the rest."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._woken.clear()
                free = AT_ONCE - len(self._under_way)
                claimed = await self._claim(free) if free else []
                for each in claimed:
                    task = asyncio.create_task(self._deliver(each), name=f"message-{each.message}")
                    self._under_way.add(task)
                    task.add_done_callback(self._done)
                if not claimed:
                    try:
                        async with asyncio.timeout(LOOK_EVERY):
                            await self._woken.wait()
                    except TimeoutError:
                        pass
        finally:
            self._loop = None
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=15)

    def wake(self, _seq: int = 0) -> None:
        """Something was committed: look now. From any thread; fits `Store.on_commit`."""
        if (loop := self._loop) is not None:
            loop.call_soon_threadsafe(self._woken.set)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._woken.set()

    async def _claim(self, limit: int) -> list[Claimed]:
        try:
            return await asyncio.to_thread(handover.claim, self._store, self._instance, limit, self._trunk)
        except Exception:
            log.exception("outbox.claim_failed")
            return []

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            step = await self._write(
                handover.next_step,
                claimed,
                self._ways,
                self._trunk,
            )
            if isinstance(step, Question):
                await self._ask(step)
            elif isinstance(step, Order) and step.channel is Channel.SMS:
                await self._send(step, self._gateways[step.via])
            elif isinstance(step, Order):
                await self._call(step)
        except Exception:  # its claim runs out, and it is looked at again; the others go on
            log.exception("message.step_failed", message=claimed.message)

    async def _send(self, order: Order, gateway: Gateway) -> None:
        try:
            async with asyncio.timeout(LONGEST_HAND_OVER):
                receipt = await gateway.send(
                    order.attempt,
                    order.number,
                    order.body,
                    wording=order.wording,
                    ttl=order.ttl,
                    urgent=order.urgent,
                )
        except GatewayRefused as refusal:
            await self._write(_refused, order, refusal)
        except Exception as problem:  # GatewayUnsure, and whatever a gateway does not promise: it may have left
            log.warning("message.unsure", attempt=order.attempt, problem=type(problem).__name__)
            await self._write(_unsure, order, problem)
        else:
            await self._write(_taken, order, receipt)

    async def _call(self, order: Order) -> None:
        assert self._bridge is not None
        try:
            call = OutgoingCall(
                attempt=order.attempt,
                number=order.number,
                text=order.body,
                language="en" if order.language == "en" else "zh",
                keys=order.keys,
                repeat=REPEAT_KEYS[order.keys],
                reply="asked" if order.to_resident else "key",
            )
            async with asyncio.timeout(LONGEST_HAND_OVER):
                await self._bridge.call_out(call)
        except UnsafeValue as problem:
            await self._write(results.not_happened, order.attempt, AttemptResult.REFUSED, str(problem))
        except (ActionRefused, SpeechFailed) as problem:
            await self._write(results.not_happened, order.attempt, AttemptResult.AWAY, str(problem))
        except Exception as problem:  # LinkLost: it may ring already
            log.warning("message.unsure", attempt=order.attempt, problem=type(problem).__name__)
            await self._write(results.lost_sight, order.attempt, str(problem))
        else:
            await self._write(_rings, order.attempt)

    async def _ask(self, question: Question) -> None:
        """What became of an attempt: whoever took it knows it by its id."""
        try:
            if question.channel is Channel.VOICE:
                await self._ask_exchange(question)
                return
            gateway = self._gateways.get(question.via)
            if gateway is None:
                raise GatewayError(f"there is no gateway {question.via} any more")
            fate = await gateway.fate(question.attempt, to=question.number, at=question.handed_over_at)
        except BridgeError as problem:
            log.info("message.cannot_ask", attempt=question.attempt, via=question.via, problem=type(problem).__name__)
            await self._write(handover.cannot_ask, question)
            return
        if fate.status is SmsState.NEVER_SEEN:
            await self._write(results.not_happened, question.attempt, AttemptResult.NEVER_SEEN)
        else:
            await self._write(results.sms_taken, question.attempt, fate.status, "", fate.reason)

    async def _ask_exchange(self, question: Question) -> None:
        if self._bridge is None or self._exchange != question.via:
            raise BridgeError(f"{question.via} is not held here")
        if question.hang_up:
            await self._bridge.hang_up(question.attempt)
        fate = await self._bridge.fate(question.attempt)
        if isinstance(fate, CallOut):
            await self._write(results.call_ended, fate)
        elif fate is Fate.NEVER_SEEN:
            await self._write(results.not_happened, question.attempt, AttemptResult.NEVER_SEEN)
        else:
            await self._write(_rings, question.attempt)

    async def _write(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """One step in a transaction of its own, away from the event loop."""

        return await asyncio.to_thread(self._store.write, lambda session: step(session, *arguments))


def _taken(session: Writing, order: Order, receipt: GatewayReceipt) -> None:
    results.sms_taken(session, order.attempt, receipt.status, receipt.reference)
    gateway_health.took(session, order.centre_id, order.via)


def _refused(session: Writing, order: Order, refusal: GatewayRefused) -> None:
    """It was not sent. Another gateway tries at once; the same one later, where that may help."""
    later = isinstance(refusal, GatewayAway) or not order.last_way
    result = AttemptResult.AWAY if later else AttemptResult.REFUSED
    results.not_happened(session, order.attempt, result, str(refusal), elsewhere=not order.last_way)
    if gateway_health.is_its_fault(refusal):
        gateway_health.fails(session, order.centre_id, order.via, str(refusal))


def _unsure(session: Writing, order: Order, problem: Exception) -> None:
    results.lost_sight(session, order.attempt, str(problem))
    gateway_health.fails(session, order.centre_id, order.via, str(problem) or type(problem).__name__)


def _rings(session: Writing, attempt: str) -> None:
    results.rings(session, attempt)
    handover.keep_ringing(session, attempt)
