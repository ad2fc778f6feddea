"""Whatever speaks the small signed protocol of docs/sms-gateway-protocol.md: a script before a modem, a city's own
gateway, an aggregator's adapter.

Both sides know one secret and sign what they say with it; a message goes out under the id of its attempt, and the
same id twice is one message.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, ValidationError

from callbridge.errors import CallbackMalformed, GatewayError, GatewayUnsure
from callbridge.gateways.door import (
    GatewayHealth,
    GatewayReceipt,
    Hear,
    InboundSms,
    Report,
    SmsFate,
    SmsState,
    SmsStatus,
    Wording,
)
from callbridge.gateways.signature import believe, sign
from callbridge.gateways.untrusted import moment, storable
from callbridge.gateways.web import Web
from callbridge.settings import HttpSettings

State = Literal["under_way", "sent", "delivered", "failed"]


class _Message(BaseModel):
    id: str
    state: State = "under_way"
    reason: str = ""
    reference: str = Field(default="", max_length=128)


class _Health(BaseModel):
    usable: bool
    problems: list[str] = []


class _Received(BaseModel):
    event: Literal["received"]
    id: str = Field(min_length=1, max_length=128)
    from_: str = Field(alias="from", max_length=256)
    to: str | None = Field(default=None, max_length=256)
    text: str
    at: Any = None


class _Status(BaseModel):
    event: Literal["status"]
    id: str = Field(min_length=1, max_length=128)
    message: str = Field(min_length=1, max_length=128)
    state: State
    reason: str = ""
    at: Any = None


class HttpGateway:
    """One such gateway."""

    def __init__(self, settings: HttpSettings, *, signing: str) -> None:
        self._name = settings.name
        self._signing = signing
        self._web = Web(settings.name, str(settings.url), settings.timeout_seconds, credentials="signature")

    @property
    def name(self) -> str:
        return self._name

    @property
    def thanks(self) -> Mapping[str, Any] | None:
        return None

    def obstacle(self, to: str, wording: Wording | None) -> str:
        return ""

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
        message: dict[str, Any] = {"id": attempt, "to": to, "text": text, "urgent": urgent}
        if ttl is not None:
            message["valid_seconds"] = max(1, int(ttl.total_seconds()))
        body = json.dumps(message, ensure_ascii=False).encode()
        response = await self._web.ask("POST", "messages", content=body, headers=self._signed(body))
        if response.is_server_error and response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            raise GatewayUnsure(f"gateway {self.name} answered {response.status_code}")
        self._web.refuse_unless_good(response)
        try:
            taken = _Message.model_validate_json(response.content)
        except ValidationError:
            raise GatewayUnsure(f"gateway {self.name} answers in a form we cannot read") from None
        if taken.id != attempt:
            raise GatewayUnsure(f"gateway {self.name} took the message under another id")
        return GatewayReceipt(taken.reference or taken.id, SmsState(taken.state))

    async def fate(self, attempt: str, *, to: str, at: datetime) -> SmsFate:
        path = f"messages/{quote(attempt, safe='')}"
        response = await self._web.ask_again("GET", path, headers=self._signed(path.encode()))
        if response.status_code == httpx.codes.NOT_FOUND:
            return SmsFate(SmsState.NEVER_SEEN)
        self._web.refuse_unless_good(response)
        message = self._web.read(_Message, response)
        return SmsFate(SmsState(message.state), storable(message.reason)[:200])

    async def check(self) -> GatewayHealth:
        try:
            response = await self._web.ask_again("GET", "health", headers=self._signed(b"health"))
            self._web.refuse_unless_good(response)
            health = self._web.read(_Health, response)
        except GatewayError as error:
            return GatewayHealth(usable=False, problems=(str(error),))
        return GatewayHealth(health.usable, tuple(storable(each)[:200] for each in health.problems[:8]))

    async def register(self, callback_url_inbound: str, callback_url_status: str) -> None:
        body = json.dumps({"inbound": callback_url_inbound, "status": callback_url_status}).encode()
        self._web.refuse_unless_good(
            await self._web.ask_again("PUT", "callbacks", content=body, headers=self._signed(body))
        )

    async def listen(self, hear: Hear) -> None:
        """It reports by callbacks."""

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: datetime, *, token: str = ""
    ) -> Sequence[Report]:
        believe(self._signing, headers, body, now)
        try:
            return _read(json.loads(body), now)
        except (ValidationError, ValueError, AttributeError, RecursionError):
            # From None: pydantic's message quotes the body, which may not reach a log.
            raise CallbackMalformed("the body is not an event of docs/sms-gateway-protocol.md") from None

    async def close(self) -> None:
        await self._web.close()

    def _signed(self, what: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        return {
            "Content-Type": "application/json",
            "X-Timestamp": stamp,
            "X-Signature": sign(self._signing, what, stamp),
        }


def _read(fields: Any, now: datetime) -> Sequence[Report]:
    match fields.get("event"):
        case "received":
            received = _Received.model_validate(fields)
            sms = InboundSms(
                event_id=storable(received.id),
                from_number=storable(received.from_),
                to_number=None if received.to is None else storable(received.to),
                text=storable(received.text),
                received_at=moment(received.at, now),
            )
            return (sms,)
        case "status":
            status = _Status.model_validate(fields)
            report = SmsStatus(
                event_id=storable(status.id),
                attempt=storable(status.message),
                status=SmsState(status.state),
                at=moment(status.at, now),
                reason=storable(status.reason)[:200],
            )
            return (report,)
        case _:
            return ()
