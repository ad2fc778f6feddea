"""The gateway and the exchange as the sender sees them, in memory: they count what arrived at the other side."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callbridge.bridge import Fate, OutgoingCall
from callbridge.errors import GatewayAway, GatewayRefused, GatewayUnsure, LinkLost, NotLinked
from callbridge.events import CallOut
from callbridge.gateways import GatewayHealth, GatewayReceipt, InboundSms, SmsFate, SmsState, SmsStatus


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Sms:
    attempt: str
    to: str
    text: str
    state: SmsState = SmsState.UNDER_WAY


@dataclass
class GatewayInMemory:
    """Takes messages. `behaviour` is what it does with the next ones: `take`, `away`, `refuse`, `unsure_taken`,
    `unsure_lost`, `crash_before`, `crash_after`; then it takes all. While `deaf` it cannot be asked.
    """

    name: str = "phone"
    behaviour: deque[str] = field(default_factory=deque)
    taken: list[Sms] = field(default_factory=list)
    deaf: bool = False
    hand_overs: int = 0

    async def send(
        self, attempt: str, to: str, text: str, *, ttl: timedelta | None = None, urgent: bool = False
    ) -> GatewayReceipt:
        self.hand_overs += 1
        does = self.behaviour.popleft() if self.behaviour else "take"
        if does == "away":
            raise GatewayAway("nobody there")
        if does == "refuse":
            raise GatewayRefused("no")
        if does == "crash_before":
            raise Crash
        if does != "unsure_lost" and all(sms.attempt != attempt for sms in self.taken):
            self.taken.append(Sms(attempt, to, text))
        if does == "crash_after":
            raise Crash
        if does.startswith("unsure"):
            raise GatewayUnsure("timed out")
        return GatewayReceipt(f"ref-{attempt}", SmsState.UNDER_WAY)

    async def fate(self, attempt: str) -> SmsFate:
        if self.deaf:
            raise GatewayAway("nobody there")
        found = next((sms for sms in self.taken if sms.attempt == attempt), None)
        return SmsFate(found.state if found is not None else SmsState.NEVER_SEEN)

    async def check(self) -> GatewayHealth:
        return GatewayHealth(usable=True)

    async def register(self, callback_url_inbound: str, callback_url_status: str) -> None:
        """Nothing to tell."""

    def read_callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> InboundSms | SmsStatus | None:
        return None

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass
class ExchangeInMemory:
    """Dials. `behaviour` of the next: `take`, `not_linked`, `lost_rings`, `lost`, `crash_before`, `crash_after`."""

    behaviour: deque[str] = field(default_factory=deque)
    dialled: list[OutgoingCall] = field(default_factory=list)
    ended: dict[str, CallOut] = field(default_factory=dict)
    deaf: bool = False
    hung_up: list[str] = field(default_factory=list)

    async def hang_up(self, attempt: str) -> None:
        self.hung_up.append(attempt)

    async def call_out(self, order: OutgoingCall) -> None:
        does = self.behaviour.popleft() if self.behaviour else "take"
        if does == "not_linked":
            raise NotLinked("no link")
        if does == "crash_before":
            raise Crash
        if does != "lost":
            assert all(call.attempt != order.attempt for call in self.dialled), "one attempt was dialled twice"
            self.dialled.append(order)
        if does == "crash_after":
            raise Crash
        if does.startswith("lost"):
            raise LinkLost("cut")

    async def fate(self, attempt: str) -> Fate | CallOut:
        if self.deaf:
            raise NotLinked("no link")
        if attempt in self.ended:
            return self.ended[attempt]
        return Fate.UNDER_WAY if any(call.attempt == attempt for call in self.dialled) else Fate.NEVER_SEEN
