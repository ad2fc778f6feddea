"""An Android phone with the open SMS Gateway app (github.com/capcom6/android-sms-gateway, local server).

Read in the app's source, version 1.68: a message may carry our own id and a second one with that id is answered 409
(500 before 1.58); a message it accepted (202) waits in its own queue, so only its later reports say that it was sent;
it forgets messages after `log_lifetime_days`; a webhook must be https or at 127.0.0.1; its webhook client gives up
after 5 s of silence and tries again for up to two days, under the same event id and with a new stamp.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from callbridge.errors import GatewayError, GatewayRefused, GatewayUnsure
from callbridge.gateways.android_events import STATES, read_event
from callbridge.gateways.door import (
    GatewayHealth,
    GatewayReceipt,
    Hear,
    Report,
    SmsFate,
    SmsState,
    Wording,
)
from callbridge.gateways.signature import believe
from callbridge.gateways.web import Web
from callbridge.settings import AndroidSettings

log = structlog.get_logger()

STATUS_EVENTS = ("sms:sent", "sms:delivered", "sms:failed")
EXPEDITED = 100  # from this priority on the app sends at once, past its own limits and pauses
WEBHOOK_ID_LENGTH = 36


class _Recipient(BaseModel):
    error: str | None = None


class _Message(BaseModel):
    id: str
    state: str
    recipients: list[_Recipient] = Field(default_factory=list)


class _Webhook(BaseModel):
    id: str
    url: str
    event: str | None = None


class _Check(BaseModel):
    status: str
    description: str = ""


class _Health(BaseModel):
    checks: dict[str, _Check] = Field(default_factory=dict)


_webhooks = TypeAdapter(list[_Webhook])


class AndroidGateway:
    """One phone."""

    def __init__(self, settings: AndroidSettings, *, user: str, password: str, signing: str) -> None:
        self._name = settings.name
        self._signing = signing
        self._sims = settings.sims
        self._web = Web(
            settings.name,
            str(settings.url),
            settings.timeout_seconds,
            credentials="user or password",
            auth=httpx.BasicAuth(user, password),
        )

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
        message: dict[str, Any] = {
            "id": attempt,
            "phoneNumbers": [to],
            "textMessage": {"text": text},
            "withDeliveryReport": True,
        }
        if ttl is not None:
            message["ttl"] = max(1, int(ttl.total_seconds()))
        if urgent:
            message["priority"] = EXPEDITED
        if self._sims:  # who is written to gets all of it from one card, and answers to that one
            message["simNumber"] = self._sims[zlib.crc32(to.encode()) % len(self._sims)]
        # Its own validation refuses landlines and number ranges that are in use in China: `to` was checked by us.
        response = await self._web.ask("POST", "messages", params={"skipPhoneValidation": "true"}, json=message)
        if response.status_code == httpx.codes.CONFLICT:  # it has this attempt already
            return GatewayReceipt(attempt, SmsState.UNDER_WAY)
        if response.is_server_error:  # it may have failed before or after the message was in its queue
            raise GatewayUnsure(f"gateway {self.name} answered {response.status_code}")
        self._web.refuse_unless_good(response)
        try:
            taken = _Message.model_validate_json(response.content)
        except ValidationError:
            raise GatewayUnsure(f"gateway {self.name} answers in a form we cannot read") from None
        if taken.id != attempt:
            raise GatewayUnsure(f"gateway {self.name} took the message under another id")
        return GatewayReceipt(taken.id, STATES.get(taken.state, SmsState.UNDER_WAY))

    async def fate(self, attempt: str, *, to: str, at: datetime) -> SmsFate:
        response = await self._web.ask_again("GET", f"messages/{quote(attempt, safe='')}")
        if response.status_code == httpx.codes.NOT_FOUND:
            return SmsFate(SmsState.NEVER_SEEN)
        self._web.refuse_unless_good(response)
        message = self._web.read(_Message, response)
        reason = next((recipient.error for recipient in message.recipients if recipient.error), "")
        return SmsFate(STATES.get(message.state, SmsState.UNDER_WAY), reason)

    async def check(self) -> GatewayHealth:
        try:
            self._web.refuse_unless_good(await self._web.ask_again("GET", "webhooks"))
            # Answered with 500 when one of its checks fails, a lost internet connection for example.
            health = self._web.read(_Health, await self._web.ask_again("GET", "health"))
        except GatewayError as error:
            return GatewayHealth(usable=False, problems=(str(error),))
        bad = [f"{name}: {check.description}" for name, check in health.checks.items() if check.status != "pass"]
        return GatewayHealth(usable=True, problems=tuple(bad[:8]))

    async def register(self, callback_url_inbound: str, callback_url_status: str) -> None:
        await self._share_signing_key()
        wanted = {"sms:received": callback_url_inbound} | dict.fromkeys(STATUS_EVENTS, callback_url_status)
        response = await self._web.ask_again("GET", "webhooks")
        self._web.refuse_unless_good(response)
        try:
            present = _webhooks.validate_json(response.content)
        except ValidationError:
            raise GatewayRefused(f"gateway {self.name} lists its webhooks in a form we cannot read") from None
        for event, url in wanted.items():
            id_ = f"townline-{event.removeprefix('sms:')}-{self.name}"[:WEBHOOK_ID_LENGTH]
            for other in present:  # a second webhook to the same place would report everything twice
                if other.event == event and other.url == url and other.id != id_:
                    gone = await self._web.ask_again("DELETE", f"webhooks/{quote(other.id, safe='')}")
                    self._web.refuse_unless_good(gone)
            if not any(hook.id == id_ and hook.event == event and hook.url == url for hook in present):
                hook = {"id": id_, "event": event, "url": url}
                self._web.refuse_unless_good(await self._web.ask_again("POST", "webhooks", json=hook))
                log.info("gateway.webhook_registered", gateway=self.name, event_kind=event)

    async def listen(self, hear: Hear) -> None:
        """It reports by callbacks."""

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: datetime, *, token: str = ""
    ) -> Sequence[Report]:
        believe(self._signing, headers, body, now)
        report = read_event(body, now)
        return () if report is None else (report,)

    async def close(self) -> None:
        await self._web.close()

    async def _share_signing_key(self) -> None:
        # With "internet_required", its default, a phone in a network without internet keeps every report.
        settings = {"webhooks": {"signing_key": self._signing, "internet_required": False}}
        response = await self._web.ask_again("PATCH", "settings", json=settings)
        if response.status_code == httpx.codes.NOT_FOUND:  # before version 1.37 the key is typed in by hand
            log.warning("gateway.signing_key_not_shared", gateway=self.name)
        else:
            self._web.refuse_unless_good(response)
