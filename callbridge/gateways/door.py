"""The one door to every SMS gateway: what is asked of it and what it answers.

A message goes out under the id of its attempt, so that a gateway can be asked about it afterwards and one attempt is
never two messages. A callback is believed only when its signature over the raw bytes is right; a vendor that does not
sign is told an address that nobody else knows.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

LONGEST_CALLBACK = 64 * 1024  # bytes of body
CALLBACK_SKEW = timedelta(minutes=5)


class SmsState(StrEnum):
    """Where one message is. What a gateway has reported never moves back up this list."""

    NEVER_SEEN = "never_seen"  # the gateway does not know it: it was not sent
    UNDER_WAY = "under_way"
    SENT = "sent"  # given to the mobile network
    DELIVERED = "delivered"  # on the receiver's telephone, as far as the network says
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Wording:
    """Which of our texts a message is, and what was put into it: cloud vendors send approved templates only."""

    text: str  # its key, `sms.offer`
    language: str  # zh or en
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayReceipt:
    """The gateway has taken the message. `reference` is its own name for it."""

    reference: str
    status: SmsState


@dataclass(frozen=True, slots=True)
class SmsFate:
    """What became of a message; `reason` is the gateway's own word for a failure, else empty."""

    status: SmsState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GatewayHealth:
    """`usable`: a message handed over now would be taken. `problems` are the gateway's own words, at most a few."""

    usable: bool
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundSms:
    """Someone wrote to us. Numbers and text are as they arrived: any form, any character but NUL."""

    event_id: str  # the same when the gateway repeats itself: keep it and do nothing the second time
    from_number: str
    to_number: str | None
    text: str
    received_at: datetime  # aware, UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsStatus:
    """What the gateway says of a message of ours, possibly out of order and more than once.

    `attempt` is empty where the gateway says only its own name for the message, `reference`.
    """

    event_id: str
    attempt: str
    status: SmsState
    at: datetime  # aware, UTC
    reason: str = ""
    reference: str = ""


Report = InboundSms | SmsStatus
# Takes in what a gateway has to tell; it is kept when this returns.
Hear = Callable[[Report], Awaitable[None]]


class Gateway(Protocol):
    @property
    def name(self) -> str:
        """The name of its section in `config.toml` and in its callbacks' address."""

    @property
    def thanks(self) -> Mapping[str, Any] | None:
        """The answer, as JSON, that it expects to a report that was taken; None: any 2xx will do."""

    def obstacle(self, to: str, wording: Wording | None) -> str:
        """Why it can never carry such a message to `to`, naming the key of the configuration; empty when it can."""

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
        """Hands over one message to the E.164 number `to`.

        `text` is sent as it is, or `wording` in its place where only approved templates are. `ttl` is how long it is
        still worth sending when the gateway cannot at once; `urgent` goes before what waits.
        Raises GatewayRefused (it was not sent; GatewayAway when a later try may succeed) and GatewayUnsure (nobody
        knows: ask `fate`).
        """

    async def fate(self, attempt: str, *, to: str, at: datetime) -> SmsFate:
        """What became of `attempt`, handed over to `to` at `at`.

        Raises GatewayRefused or GatewayAway when the gateway cannot be asked, or does not know yet.
        """

    async def check(self) -> GatewayHealth:
        """Whether it would work now; raises nothing."""

    async def register(self, callback_url_inbound: str, callback_url_status: str) -> None:
        """Tells the gateway where replies and receipts go; as often as one likes.

        Raises GatewayRefused or GatewayAway.
        """

    async def listen(self, hear: Hear) -> None:
        """Brings in what the gateway does not report by itself, until cancelled; returns at once where it does."""

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: datetime, *, token: str = ""
    ) -> Sequence[Report]:
        """What the gateway reports; nothing when it is nothing we act on.

        `token` is the end of the address it was sent to. Raises CallbackForged when signature, stamp or token is
        wrong and CallbackMalformed when it cannot be read.
        """

    async def close(self) -> None:
        """Lets go of its connections."""
