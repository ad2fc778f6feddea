"""Cloud SMS: approved templates only, never twice without asking, and a clear word where a text has no template."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbridge.errors import GatewayAway, GatewayBusy, GatewayClosed, GatewayRefused, GatewayUnsure
from callbridge.gateways import (
    AliyunGateway,
    GatewayReceipt,
    InboundSms,
    SmsFate,
    SmsState,
    SmsStatus,
    TencentGateway,
    Wording,
)
from callbridge.gateways.cloud_signatures import Key
from callbridge.settings import AliyunSettings, TencentSettings
from tests.callbridge.gateways.clouds import Cloud

NUMBER, TEXT = "+8613900000001", "【邻里热线】单号A7K2：送药 𠮷"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TOKEN = "the end of an address"
OFFER = Wording("sms.offer", "zh", {"code": "A7K2", "service": "送药 𠮷", "until": "18:30"})
TEMPLATES = {
    "aliyun": {"text": "sms.offer", "code": "SMS_1", "variables": {"no": "code", "what": "service"}},
    "tencent": {"text": "sms.offer", "code": "449739", "variables": ["service", "code"]},
}
Gateways = AliyunGateway | TencentGateway


@pytest.fixture(params=["aliyun", "tencent"])
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    with Cloud(request.param) as cloud:
        yield cloud


def gateway_to(cloud: Cloud, *, key: Key | None = None, at: datetime = NOW, **more: Any) -> Gateways:
    fields: dict[str, Any] = {
        "name": "cloud",
        "kind": cloud.kind,
        "url": cloud.url,
        "sign_name": "邻里热线",
        "templates": [TEMPLATES[cloud.kind]],
        "timeout_seconds": 0.5,
    } | more
    key = key or Key(cloud.id, cloud.secret)
    if cloud.kind == "aliyun":
        return AliyunGateway(AliyunSettings.model_validate(fields), key=key, token=TOKEN, now=lambda: at)
    settings = TencentSettings.model_validate(fields | {"app_id": "1400006666"})
    return TencentGateway(settings, key=key, token=TOKEN, now=lambda: at)


async def test_a_text_goes_out_as_its_template_with_its_values(cloud: Cloud) -> None:
    gateway = gateway_to(cloud)
    receipt = await gateway.send("attempt-1", NUMBER, TEXT, wording=OFFER)
    (sent,) = cloud.taken
    if cloud.kind == "aliyun":
        assert receipt == GatewayReceipt("biz-1", SmsState.UNDER_WAY)
        assert json.loads(sent["TemplateParam"]) == {"no": "A7K2", "what": "送药 𠮷"}
        wanted = {"PhoneNumbers": "13900000001", "TemplateCode": "SMS_1", "OutId": "attempt-1"}
    else:
        assert receipt == GatewayReceipt("serial-1", SmsState.UNDER_WAY)
        assert sent["TemplateParamSet"] == ["送药 𠮷", "A7K2"]
        wanted = {"PhoneNumberSet": [NUMBER], "TemplateId": "449739", "SessionContext": "attempt-1"}
    assert sent.items() >= (wanted | {"SignName": "邻里热线"}).items()
    await gateway.close()


@pytest.mark.parametrize(
    ("wording", "to", "said"),
    [
        (None, NUMBER, "approved templates only"),
        (Wording("sms.details", "zh", {}), NUMBER, "templates has none for the text sms.details in zh"),
        (Wording("sms.offer", "en", {}), NUMBER, "templates has none for the text sms.offer in en"),
        (Wording("sms.offer", "zh", {"code": "A7K2"}), NUMBER, "wants service in its variables"),
        (OFFER, "+862367001001", "mobile numbers of the Chinese mainland only"),
        (OFFER, "+85251234567", "mobile numbers of the Chinese mainland only"),
    ],
)
async def test_what_it_cannot_carry_is_refused_before_anything_is_sent_naming_what_is_missing(
    cloud: Cloud, wording: Wording | None, to: str, said: str
) -> None:
    gateway = gateway_to(cloud)
    assert said in gateway.obstacle(to, wording)
    assert gateway.obstacle(NUMBER, OFFER) == ""
    with pytest.raises(GatewayRefused, match=said):
        await gateway.send("attempt-1", to, TEXT, wording=wording)
    assert cloud.asked == []
    await gateway.close()


@pytest.mark.parametrize(
    ("aliyun", "tencent", "error"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", "InvalidParameterValue.IncorrectPhoneNumber", GatewayRefused),
        ("isv.BUSINESS_LIMIT_CONTROL", "LimitExceeded.PhoneNumberThirtySecondLimit", GatewayBusy),
        ("Throttling.User", "RequestLimitExceeded", GatewayBusy),
        ("isv.AMOUNT_NOT_ENOUGH", "FailedOperation.InsufficientBalanceInSmsPackage", GatewayClosed),
        ("InternalError", "InternalError.Timeout", GatewayUnsure),
    ],
)
async def test_a_no_is_told_from_later_from_never_and_from_not_knowing(
    cloud: Cloud, aliyun: str, tencent: str, error: type[Exception]
) -> None:
    cloud.error = aliyun if cloud.kind == "aliyun" else tencent
    gateway = gateway_to(cloud)
    with pytest.raises(error, match=cloud.error) as raised:
        await gateway.send("attempt-1", NUMBER, TEXT, wording=OFFER)
    assert raised.type is error
    await gateway.close()


async def test_a_wrong_key_is_refused_and_named(cloud: Cloud) -> None:
    gateway = gateway_to(cloud, key=Key(cloud.id, "wrong"))
    with pytest.raises(GatewayClosed, match="Signature"):
        await gateway.send("attempt-1", NUMBER, TEXT, wording=OFFER)
    health = await gateway.check()
    assert not health.usable
    assert "Signature" in health.problems[0]
    assert (await gateway_to(cloud).check()).usable
    assert cloud.taken == []
    await gateway.close()


def record(cloud: Cloud, attempt: str, state: Any, *, on: str = "2026-03-02") -> dict[str, Any]:
    if cloud.kind == "aliyun":
        seen = {"PhoneNum": "13900000001", "SendStatus": state, "OutId": attempt, "ErrCode": "MK:0001"}
        return seen | {"SendDate": f"{on} 09:00:01"}
    return {
        "PhoneNumber": NUMBER,
        "SerialNo": "s",
        "ReportStatus": state,
        "Description": "MK:0001",
        "SessionContext": attempt,
    }


async def test_a_send_without_an_answer_is_looked_up_by_the_id_of_its_attempt(cloud: Cloud) -> None:
    cloud.silent = True
    gateway = gateway_to(cloud)
    with pytest.raises(GatewayUnsure):
        await gateway.send("attempt-1", NUMBER, TEXT, wording=OFFER)
    delivered, failed = (3, 2) if cloud.kind == "aliyun" else ("SUCCESS", "FAIL")
    cloud.records = [record(cloud, f"other-{n}", failed) for n in range(60)]
    cloud.records += [record(cloud, "attempt-1", delivered), record(cloud, "attempt-2", failed)]
    assert await gateway.fate("attempt-1", to=NUMBER, at=NOW) == SmsFate(SmsState.DELIVERED)
    assert await gateway.fate("attempt-2", to=NUMBER, at=NOW) == SmsFate(SmsState.FAILED, "MK:0001")
    await gateway.close()


async def test_what_is_not_found_at_once_is_not_taken_for_not_sent(cloud: Cloud) -> None:
    gateway = gateway_to(cloud)
    with pytest.raises(GatewayAway, match="no record"):
        await gateway.fate("attempt-1", to=NUMBER, at=NOW - timedelta(seconds=80))
    long_ago = NOW - timedelta(seconds=100)
    if cloud.kind == "aliyun":
        assert await gateway.fate("attempt-1", to=NUMBER, at=long_ago) == SmsFate(SmsState.NEVER_SEEN)
    else:  # it lists only what the networks have reported on
        with pytest.raises(GatewayAway, match="no record"):
            await gateway.fate("attempt-1", to=NUMBER, at=long_ago)
    await gateway.close()


async def test_aliyun_is_asked_about_both_days_of_a_message_sent_at_midnight() -> None:
    midnight = datetime(2026, 3, 2, 15, 59, 50, tzinfo=UTC)
    with Cloud("aliyun") as cloud:
        cloud.records = [record(cloud, "attempt-1", 1, on="2026-03-03")]
        gateway = gateway_to(cloud, at=midnight)
        assert await gateway.fate("attempt-1", to=NUMBER, at=midnight) == SmsFate(SmsState.SENT)
        await gateway.close()


SMS_REPORT = {
    "phone_number": "13900000001",
    "send_time": "2026-03-02 08:59:57",
    "report_time": "2026-03-02 08:59:58",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "biz-1",
    "out_id": "attempt-1",
}
SMS_UP = {
    "phone_number": "13900000001",
    "send_time": "2026-03-02 08:59:58",
    "content": "１ 接单",
    "sign_name": "邻里热线",
    "dest_code": "1234",
    "sequence_id": 1234567890,
}
STATUS = {
    "user_receive_time": "2026-03-02 08:59:58",
    "nationcode": "86",
    "mobile": "13900000001",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": "serial-1",
}
REPLY = {
    "extend": "",
    "mobile": "13900000001",
    "nationcode": "86",
    "sign": "邻里热线",
    "text": "１ 接单",
    "time": 1772413198,
}
AT = datetime(2026, 3, 2, 0, 59, 58, tzinfo=UTC)


def read(cloud: Cloud, content: Any) -> list[Any]:
    return list(gateway_to(cloud).read_callback({}, json.dumps(content).encode(), NOW, token=TOKEN))


async def test_a_batch_of_reports_is_read(cloud: Cloud) -> None:
    good, bad = (SMS_REPORT, {"success": False, "err_code": "MK:0001", "out_id": "attempt-2"})
    if cloud.kind == "tencent":
        good, bad = STATUS, {"report_status": "FAIL", "errmsg": "MK:0001", "sid": "serial-2"}
    first, second = read(cloud, [good, good | bad])
    assert isinstance(first, SmsStatus)
    assert (first.status, first.at, first.reason) == (SmsState.DELIVERED, AT, "")
    assert (second.status, second.reason) == (SmsState.FAILED, "MK:0001")
    if cloud.kind == "aliyun":
        assert (first.attempt, second.attempt) == ("attempt-1", "attempt-2")
    else:
        assert (first.attempt, first.reference, second.reference) == ("", "serial-1", "serial-2")


async def test_a_reply_is_read_and_a_repetition_is_the_same_event(cloud: Cloud) -> None:
    content: Any = [SMS_UP] if cloud.kind == "aliyun" else REPLY
    (reply,) = read(cloud, content)
    assert isinstance(reply, InboundSms)
    assert (reply.text, reply.received_at) == ("１ 接单", AT)
    assert reply.from_number == ("13900000001" if cloud.kind == "aliyun" else NUMBER)
    assert read(cloud, content) == [reply]


async def test_one_report_that_cannot_be_read_does_not_cost_the_others(cloud: Cloud) -> None:
    good = SMS_REPORT if cloud.kind == "aliyun" else STATUS
    assert len(read(cloud, [good, {"strange": 1}, "x", None, good])) == 2
    assert read(cloud, []) == []
