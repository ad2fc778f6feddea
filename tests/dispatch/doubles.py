"""The gateway and the exchange as the sender sees them, in memory: they count what arrived at the other side."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callbridge.bridge import Fate, OutgoingCall
from callbridge.errors import (
    GatewayAway,
    GatewayBusy,
    GatewayClosed,
    GatewayRefused,
    GatewayUnsure,
    LinkLost,
    NotLinked,
)
from callbridge.events import CallOut, PhonePresence
from callbridge.gateways import GatewayHealth, GatewayReceipt, Hear, Report, SmsFate, SmsState, Wording


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Sms:
    attempt: str
    to: str
    text: str
    wording: Wording | None = None
    state: SmsState = SmsState.UNDER_WAY


@dataclass
class GatewayInMemory:
    """Takes messages. `behaviour` is what it does with the next ones: `take`, `away`, `busy`, `closed`, `refuse`,
    `unsure_taken`, `unsure_lost`, `crash_before`, `crash_after`; then it takes all. While `deaf` it cannot be asked.
    With `texts` it has approved templates for those and carries nothing else. `reference` is its name for the next
    message.
    """

    name: str = "phone"
    behaviour: deque[str] = field(default_factory=deque)
    taken: list[Sms] = field(default_factory=list)
    deaf: bool = False
    hand_overs: int = 0
    texts: tuple[str, ...] | None = None
    reference: str = ""
    health: GatewayHealth = field(default_factory=lambda: GatewayHealth(usable=True))

    @property
    def thanks(self) -> None:
        """Any 2xx will do."""

    def obstacle(self, to: str, wording: Wording | None) -> str:
        if self.texts is None or (wording is not None and wording.text in self.texts):
            return ""
        return f"gateway {self.name}: templates has none for it"

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
        self.hand_overs += 1
        does = self.behaviour.popleft() if self.behaviour else "take"
        if does == "away":
            raise GatewayAway("nobody there")
        if does == "busy":
            raise GatewayBusy("enough for today")
        if does == "closed":
            raise GatewayClosed("no money left")
        if does == "refuse":
            raise GatewayRefused("no")
        if does == "crash_before":
            raise Crash
        if does != "unsure_lost" and all(sms.attempt != attempt for sms in self.taken):
            self.taken.append(Sms(attempt, to, text, wording))
        if does == "crash_after":
            raise Crash
        if does.startswith("unsure"):
            raise GatewayUnsure("timed out")
        return GatewayReceipt(self.reference or f"ref-{attempt}", SmsState.UNDER_WAY)

    async def fate(self, attempt: str, *, to: str, at: datetime) -> SmsFate:
        if self.deaf:
            raise GatewayAway("nobody there")
        found = next((sms for sms in self.taken if sms.attempt == attempt), None)
        return SmsFate(found.state if found is not None else SmsState.NEVER_SEEN)

    async def check(self) -> GatewayHealth:
        return self.health

    async def register(self, callback_url_inbound: str, callback_url_status: str) -> None:
        """Nothing to tell."""

    async def listen(self, hear: Hear) -> None:
        """Nothing to bring."""

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: datetime, *, token: str = ""
    ) -> Sequence[Report]:
        return ()

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


class Ring:
    """The queues of the exchange: who is in them, and how."""

    def __init__(self) -> None:
        self.told: list[tuple[str, PhonePresence, int]] = []
        self.away = False

    async def set_presence(self, extension: str, presence: PhonePresence, seconds: int = 0) -> None:
        if self.away:
            raise NotLinked("no link")
        self.told.append((extension, presence, seconds))
