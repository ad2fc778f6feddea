"""Aliyun's cloud SMS (Dysmsapi 2017-05-25): approved templates, signed requests, reports without a signature.

Its `SendSms` twice is two messages: what was handed over is looked up by the OutId, which is the attempt's id, before
anything is repeated. What it reports comes to an address that ends with a secret token.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, Field, ValidationError

from callbridge.errors import GatewayAway, GatewayBusy, GatewayClosed, GatewayError, GatewayRefused, GatewayUnsure
from callbridge.gateways.aliyun_reports import read_reports
from callbridge.gateways.cloud_signatures import Key, acs3, canonical_query
from callbridge.gateways.door import (
    GatewayHealth,
    GatewayReceipt,
    Hear,
    Report,
    SmsFate,
    SmsState,
    Wording,
)
from callbridge.gateways.signature import believe_token
from callbridge.gateways.templates import Templates
from callbridge.gateways.untrusted import CHINA, mainland_mobile, storable
from callbridge.gateways.web import Web
from callbridge.settings import AliyunSettings, AliyunTemplate

VERSION = "2017-05-25"
SETTLES = timedelta(seconds=90)  # a message may be under way for so long before its record can be found
PAGE, PAGES = 50, 20  # records of one number on one day: more are not looked through
STATES = {1: SmsState.SENT, 2: SmsState.FAILED, 3: SmsState.DELIVERED}

# By the beginnings of its error codes; every other one says that this message was not taken, for good.
BUSY = ("Throttling", "isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL")
CLOSED = (
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "IncompleteSignature", "InvalidTimeStamp", "Forbidden"),
    *("isp.RAM_PERMISSION_DENY", "isv.OUT_OF_SERVICE", "isv.AMOUNT_NOT_ENOUGH", "isv.ACCOUNT"),
    *("isv.PRODUCT_UN_SUBSCRIPT", "isv.PRODUCT_UNSUBSCRIBE", "isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL"),
)
UNSURE = ("isp.SYSTEM_ERROR", "InternalError", "ServiceUnavailable")


class _Answer(BaseModel):
    code: str = Field(alias="Code")
    message: str = Field(default="", alias="Message")
    biz_id: str = Field(default="", alias="BizId")


class _Detail(BaseModel):
    out_id: str = Field(default="", alias="OutId")
    status: int = Field(alias="SendStatus")
    error: str = Field(default="", alias="ErrCode")


class _Details(BaseModel):
    found: list[_Detail] = Field(default_factory=list, alias="SmsSendDetailDTO")


class _Found(_Answer):
    details: _Details = Field(default_factory=_Details, alias="SmsSendDetailDTOs")


A = TypeVar("A", bound=_Answer)


class AliyunGateway:
    """One signature and its templates."""

    def __init__(
        self,
        settings: AliyunSettings,
        *,
        key: Key,
        token: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._name = settings.name
        self._sign_name = settings.sign_name
        self._templates: Templates[AliyunTemplate] = Templates(settings.name, settings.templates)
        self._key, self._token, self._now = key, token, now
        self._host = httpx.URL(str(settings.url)).netloc.decode()
        self._web = Web(settings.name, str(settings.url), settings.timeout_seconds, credentials="access key")

    @property
    def name(self) -> str:
        return self._name

    @property
    def thanks(self) -> Mapping[str, Any] | None:
        return {"code": 0, "msg": "OK"}

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
        number, template = self._national(to), self._templates.of(wording)
        assert wording is not None
        values = {variable: wording.values[value] for variable, value in template.variables.items()}
        response = await self._web.ask(
            "POST",
            **self._signed(
                "SendSms",
                PhoneNumbers=number,
                SignName=self._sign_name,
                TemplateCode=template.code,
                TemplateParam=json.dumps(values, ensure_ascii=False, separators=(",", ":")),
                OutId=attempt,
            ),
        )
        try:
            answer = _Answer.model_validate_json(response.content)
        except ValidationError:
            raise GatewayUnsure(f"gateway {self.name} answers in a form we cannot read") from None
        self._refuse_unless_ok(answer, response.status_code)
        return GatewayReceipt(storable(answer.biz_id)[:128] or attempt, SmsState.UNDER_WAY)

    async def fate(self, attempt: str, *, to: str, at: datetime) -> SmsFate:
        number = self._national(to)
        days = dict.fromkeys(f"{each.astimezone(CHINA):%Y%m%d}" for each in (at, at + timedelta(minutes=1)))
        for day in days:
            for page in range(1, PAGES + 1):
                details = await self._details(number, day, page)
                for each in details:
                    if each.out_id == attempt:
                        failed = each.status == 2
                        reason = storable(each.error)[:200] if failed else ""
                        return SmsFate(STATES.get(each.status, SmsState.UNDER_WAY), reason)
                if len(details) < PAGE:
                    break
        if self._now() - at < SETTLES:
            raise GatewayAway(f"gateway {self.name} has no record of it yet")
        return SmsFate(SmsState.NEVER_SEEN)

    async def check(self) -> GatewayHealth:
        today = f"{self._now().astimezone(CHINA):%Y%m%d}"
        query = {"IsGlobe": "1", "StartDate": today, "EndDate": today, "PageIndex": "1", "PageSize": "1"}
        try:
            await self._look("QuerySendStatistics", _Answer, query)
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

    async def _details(self, number: str, day: str, page: int) -> list[_Detail]:
        query = {"PhoneNumber": number, "SendDate": day, "PageSize": str(PAGE), "CurrentPage": str(page)}
        return (await self._look("QuerySendDetails", _Found, query)).details.found

    async def _look(self, action: str, model: type[A], query: dict[str, str]) -> A:
        """A question that changes nothing: that nobody knows is as good as nobody there."""
        response = await self._web.ask_again("POST", **self._signed(action, **query))
        answer = self._web.read(model, response)
        try:
            self._refuse_unless_ok(answer, response.status_code)
        except GatewayUnsure as error:
            raise GatewayAway(str(error)) from error
        return answer

    def _national(self, to: str) -> str:
        if (number := mainland_mobile(to)) is None:
            raise GatewayRefused(self.obstacle(to, None))
        return number

    def _signed(self, action: str, **query: str) -> dict[str, Any]:
        headers = acs3(
            self._key,
            action=action,
            version=VERSION,
            host=self._host,
            query=query,
            at=self._now(),
            nonce=uuid.uuid4().hex,
        )
        return {"path": f"?{canonical_query(query)}", "headers": headers}

    def _refuse_unless_ok(self, answer: _Answer, status: int) -> None:
        if answer.code == "OK" and status < 300:
            return
        said = f"gateway {self.name} answered {storable(answer.code)[:60]}: {storable(answer.message)[:120]}"
        if answer.code.startswith(BUSY):
            raise GatewayBusy(said)
        if answer.code.startswith(CLOSED):
            raise GatewayClosed(said)
        if answer.code.startswith(UNSURE) or status >= 500:
            raise GatewayUnsure(said)
        raise GatewayRefused(said)
