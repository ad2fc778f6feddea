"""The one door to every SMS gateway: what is asked of it and what it answers.

A message goes out under the id of its attempt, so that a gateway can be asked about it afterwards and one attempt is
never two messages. A callback is believed only when its signature over the raw bytes is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

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
    """What the gateway says of a message of ours, possibly out of order and more than once."""

    event_id: str
    attempt: str
    status: SmsState
    at: datetime  # aware, UTC
    reason: str = ""


class Gateway(Protocol):
    @property
    def name(self) -> str:
        """The name of its section in `config.toml` and in its callbacks' address."""

    async def send(
        self, attempt: str, to: str, text: str, *, ttl: timedelta | None = None, urgent: bool = False
    ) -> GatewayReceipt:
        """Hands over one message to the E.164 number `to`; asking twice with one `attempt` sends it once.

        `ttl` is how long it is still worth sending when the gateway cannot at once; `urgent` goes before what waits.
        Raises GatewayRefused (it was not sent; GatewayAway when a later try may succeed) and GatewayUnsure (nobody
        knows: ask `fate`).
        """

    async def fate(self, attempt: str) -> SmsFate:
        """What became of `attempt`. Raises GatewayRefused or GatewayAway when the gateway cannot be asked."""

    async def check(self) -> GatewayHealth:
        """Whether it would work now; raises nothing."""

    async def register(self, callback_url_inbound: str, callback_url_status: str) -> None:
        """Tells the gateway where replies and receipts go; as often as one likes.

        Raises GatewayRefused or GatewayAway.
        """

    def read_callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> InboundSms | SmsStatus | None:
        """What the gateway reports, None when it is nothing we act on.

        Raises CallbackForged when signature or stamp is wrong and CallbackMalformed when it cannot be read.
        """

    async def close(self) -> None:
        """Lets go of its connections."""
