"""Tencent's cloud SMS (2021-01-11): approved templates, signed requests, reports without a signature.

Its `SendSms` twice is two messages, and only what the networks have reported on can be looked up, by the
SessionContext (the attempt's id), which Tencent returns to accounts that asked for it. So a send whose fate is
unknown is either found there or a matter for the operator; it is never taken for not sent. What it reports names a
message by its own SerialNo and comes to an address that ends with a secret token.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, Field, ValidationError

from callbridge.errors import GatewayAway, GatewayBusy, GatewayClosed, GatewayError, GatewayRefused, GatewayUnsure
from callbridge.gateways.cloud_signatures import Key, tc3
from callbridge.gateways.door import GatewayHealth, GatewayReceipt, Hear, Report, SmsFate, SmsState, Wording
from callbridge.gateways.signature import believe_token
from callbridge.gateways.templates import Templates
from callbridge.gateways.tencent_reports import read_reports
from callbridge.gateways.untrusted import CHINA, storable
from callbridge.gateways.web import Web
from callbridge.settings import TencentSettings, TencentTemplate

SERVICE, VERSION = "sms", "2021-01-11"
MOST = 100  # records that one look brings

# By the beginnings of its error codes; every other one says that this message was not taken, for good.
BUSY = ("RequestLimitExceeded", "LimitExceeded")
CLOSED = (
    *("AuthFailure", "UnauthorizedOperation", "UnsupportedRegion", "FailedOperation.InsufficientBalanceInSmsPackage"),
    *("FailedOperation.SignatureIncorrectOrUnapproved", "InvalidParameterValue.SdkAppIdNotExist"),
)
UNSURE = ("InternalError", "ResourceUnavailable")


class _Envelope(BaseModel):
    inner: Any = Field(alias="Response")


class _Problem(BaseModel):
    code: str = Field(alias="Code")
    message: str = Field(default="", alias="Message")


class _Answer(BaseModel):
    error: _Problem | None = Field(default=None, alias="Error")


class _Sent(_Problem):
    serial: str = Field(default="", alias="SerialNo")


class _Taken(_Answer):
    sent: list[_Sent] = Field(default_factory=list, alias="SendStatusSet")


class _Status(BaseModel):
    session: str | None = Field(default="", alias="SessionContext")
    status: str = Field(default="", alias="ReportStatus")
    description: str | None = Field(default="", alias="Description")


class _Pulled(_Answer):
    statuses: list[_Status] = Field(default_factory=list, alias="PullSmsSendStatusSet")


A = TypeVar("A", bound=_Answer)


class TencentGateway:
    """One application, its signature and templates."""

    def __init__(
        self,
        settings: TencentSettings,
        *,
        key: Key,
        token: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._name = settings.name
        self._settings = settings
        self._templates: Templates[TencentTemplate] = Templates(settings.name, settings.templates)
        self._key, self._token, self._now = key, token, now
        self._host = httpx.URL(str(settings.url)).netloc.decode()
        self._web = Web(settings.name, str(settings.url), settings.timeout_seconds, credentials="access key")

    @property
    def name(self) -> str:
        return self._name

    @property
    def thanks(self) -> Mapping[str, Any] | None:
        return {"result": 0, "errmsg": "OK"}

    def obstacle(self, to: str, wording: Wording | None) -> str:
        return self._templates.obstacle(to, wording)

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
        if obstacle := self.obstacle(to, wording):
            raise GatewayRefused(obstacle)
        template = self._templates.of(wording)
        assert wording is not None
        response = await self._web.ask(
            "POST",
            "",
            **self._signed(
                "SendSms",
                PhoneNumberSet=[to],
                SmsSdkAppId=self._settings.app_id,
                SignName=self._settings.sign_name,
                TemplateId=template.code,
                TemplateParamSet=[wording.values[each] for each in template.variables],
                SessionContext=attempt,
            ),
        )
        try:
            taken = _inner(_Taken, response)
        except ValidationError:
            raise GatewayUnsure(f"gateway {self.name} answers in a form we cannot read") from None
        self._refuse_unless_ok(taken.error)
        if len(taken.sent) != 1:
            raise GatewayUnsure(f"gateway {self.name} says nothing of the message")
        (sent,) = taken.sent
        self._refuse_unless_ok(sent if sent.code != "Ok" else None)
        return GatewayReceipt(storable(sent.serial)[:128] or attempt, SmsState.UNDER_WAY)

    async def fate(self, attempt: str, *, to: str, at: datetime) -> SmsFate:
        pulled = await self._look(
            _Pulled,
            "PullSmsSendStatusByPhoneNumber",
            BeginTime=int(at.timestamp()) - 60,
            EndTime=int(self._now().timestamp()),
            Offset=0,
            Limit=MOST,
            PhoneNumber=to,
            SmsSdkAppId=self._settings.app_id,
        )
        found = next((each for each in pulled.statuses if each.session == attempt), None)
        if found is None:
            raise GatewayAway(f"gateway {self.name} has no record of it yet")
        if found.status == "SUCCESS":
            return SmsFate(SmsState.DELIVERED)
        return SmsFate(SmsState.FAILED, storable(found.description or "")[:200])

    async def check(self) -> GatewayHealth:
        today = f"{self._now().astimezone(CHINA):%Y%m%d}"
        app = self._settings.app_id
        try:
            await self._look(
                _Answer,
                "SendStatusStatistics",
                BeginTime=f"{today}00",
                EndTime=f"{today}23",
                SmsSdkAppId=app,
                Limit=0,
                Offset=0,
            )
        except GatewayError as error:
            return GatewayHealth(usable=False, problems=(str(error),))
        return GatewayHealth(usable=True)

    async def register(self, callback_url_inbound: str, callback_url_status: str) -> None:
        """Its console is told by hand where to report: nothing else can."""

    async def listen(self, hear: Hear) -> None:
        """It reports by callbacks."""

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, now: datetime, *, token: str = ""
    ) -> Sequence[Report]:
        believe_token(self._token, token, body)
        return read_reports(body, now)

    async def close(self) -> None:
        await self._web.close()

    async def _look(self, model: type[A], action: str, **request: Any) -> A:
        """A question that changes nothing: that nobody knows is as good as nobody there."""
        response = await self._web.ask_again("POST", "", **self._signed(action, **request))
        try:
            answer = _inner(model, response)
            self._refuse_unless_ok(answer.error)
        except ValidationError:
            raise GatewayRefused(f"gateway {self.name} answers in a form we cannot read") from None
        except GatewayUnsure as error:
            raise GatewayAway(str(error)) from error
        return answer

    def _signed(self, action: str, **request: Any) -> dict[str, Any]:
        body = json.dumps(request, ensure_ascii=False).encode()
        headers = tc3(
            self._key,
            service=SERVICE,
            action=action,
            version=VERSION,
            region=self._settings.region,
            host=self._host,
            body=body,
            at=self._now(),
        )
        return {"content": body, "headers": headers}

    def _refuse_unless_ok(self, problem: _Problem | None) -> None:
        if problem is None:
            return
        said = f"gateway {self.name} answered {storable(problem.code)[:60]}: {storable(problem.message)[:120]}"
        if problem.code.startswith(BUSY):
            raise GatewayBusy(said)
        if problem.code.startswith(CLOSED):
            raise GatewayClosed(said)
        if problem.code.startswith(UNSURE):
            raise GatewayUnsure(said)
        raise GatewayRefused(said)


def _inner(model: type[A], response: httpx.Response) -> A:
    """What stands under `Response`. Raises ValidationError."""
    return model.model_validate(_Envelope.model_validate_json(response.content).inner)
