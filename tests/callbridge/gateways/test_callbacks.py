"""What the phone reports is believed only when it is signed, recent and readable."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbridge.errors import CallbackForged, CallbackMalformed
from callbridge.gateways import AndroidGateway, InboundSms, Report, SmsState, SmsStatus
from callbridge.gateways.signature import sign
from callbridge.gateways.standin import StandInPhone
from tests.callbridge.gateways.conftest import SIGNING

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
REPLY: dict[str, Any] = {
    "messageId": "abc",
    "message": "1 接单",
    "sender": "+8613900000001",
    "phoneNumber": "+8613900000001",
    "recipient": None,
    "simNumber": 1,
    "receivedAt": "2026-03-02T08:59:58.500+08:00",
}


def reported(event: str, payload: Any, *, id_: str = "event-1") -> bytes:
    body = {"id": id_, "webhookId": "w", "event": event, "deviceId": "d", "payload": payload}
    return json.dumps(body, ensure_ascii=False).encode()


def signed(body: bytes, *, at: datetime = NOW, key: str = SIGNING) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {"X-Timestamp": stamp, "X-Signature": sign(key, body, stamp)}


def only(reports: Sequence[Report]) -> Report:
    (report,) = reports
    return report


def test_a_reply_is_read(gateway: AndroidGateway) -> None:
    body = reported("sms:received", REPLY)
    assert only(gateway.read_callback(signed(body), body, NOW)) == InboundSms(
        event_id="event-1",
        from_number="+8613900000001",
        to_number=None,
        text="1 接单",
        received_at=datetime(2026, 3, 2, 0, 59, 58, 500000, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("event", "extra", "status", "reason"),
    [
        ("sms:sent", {"sentAt": "2026-03-02T08:59:58.000+08:00", "partsCount": 2}, SmsState.SENT, ""),
        ("sms:delivered", {"deliveredAt": "2026-03-02T00:59:58.000Z"}, SmsState.DELIVERED, ""),
        (
            "sms:failed",
            {"failedAt": "2026-03-02T08:59:58.000+08:00", "reason": "no credit"},
            SmsState.FAILED,
            "no credit",
        ),
        (
            "sms:cancelled",
            {"cancelledAt": "2026-03-02T08:59:58.000+08:0"},
            SmsState.FAILED,
            "cancelled on the telephone",
        ),
    ],
)
def test_a_receipt_is_read(
    gateway: AndroidGateway, event: str, extra: dict[str, Any], status: SmsState, reason: str
) -> None:
    body = reported(event, {"messageId": "attempt-1", "recipient": "+8613900000001"} | extra)
    assert only(gateway.read_callback(signed(body), body, NOW)) == SmsStatus(
        event_id="event-1",
        attempt="attempt-1",
        status=status,
        at=datetime(2026, 3, 2, 0, 59, 58, tzinfo=UTC),
        reason=reason,
    )


def test_a_repeated_report_has_the_same_event_id_under_a_new_stamp(gateway: AndroidGateway) -> None:
    body = reported("sms:received", REPLY)
    first = gateway.read_callback(signed(body), body, NOW)
    later = NOW + timedelta(hours=40)
    assert gateway.read_callback(signed(body, at=later), body, later) == first


def test_reports_of_other_kinds_are_nothing(gateway: AndroidGateway) -> None:
    body = reported("system:ping", {"health": {}})
    assert gateway.read_callback(signed(body), body, NOW) == ()


def test_headers_may_come_in_any_case(gateway: AndroidGateway) -> None:
    body = reported("sms:received", REPLY)
    headers = {name.lower(): value.upper() for name, value in signed(body).items()}
    assert gateway.read_callback(headers, body, NOW)


@pytest.mark.parametrize("skew", [timedelta(minutes=5), -timedelta(minutes=5)])
def test_five_minutes_of_clock_skew_are_allowed_and_no_more(gateway: AndroidGateway, skew: timedelta) -> None:
    body = reported("sms:received", REPLY)
    headers = signed(body)
    assert gateway.read_callback(headers, body, NOW + skew)
    with pytest.raises(CallbackForged, match="five minutes"):
        gateway.read_callback(headers, body, NOW + skew * 1.01)


def test_an_old_report_under_a_new_stamp_is_forged(gateway: AndroidGateway) -> None:
    body = reported("sms:received", REPLY)
    headers = signed(body) | {"X-Timestamp": str(int(NOW.timestamp()) + 3600)}
    with pytest.raises(CallbackForged):
        gateway.read_callback(headers, body, NOW + timedelta(hours=1))


def test_a_signature_covers_every_byte_of_the_body(gateway: AndroidGateway) -> None:
    body = reported("sms:received", REPLY)
    for other in (body + b" ", body.replace("接单".encode(), "不接".encode())):
        with pytest.raises(CallbackForged):
            gateway.read_callback(signed(body), other, NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Signature": "00"},
        {"X-Timestamp": "1772413200"},
        {"X-Timestamp": "soon", "X-Signature": "00"},
        {"X-Timestamp": "-1772413200", "X-Signature": "00"},
        {"X-Timestamp": "1" * 400, "X-Signature": "00"},
        {"X-Timestamp": "1772413200", "X-Signature": "é"},
    ],
)
def test_missing_or_nonsensical_headers_are_forged(gateway: AndroidGateway, headers: dict[str, str]) -> None:
    with pytest.raises(CallbackForged):
        gateway.read_callback(headers, reported("sms:received", REPLY), NOW)


def test_another_key_is_forged(gateway: AndroidGateway) -> None:
    body = reported("sms:received", REPLY)
    with pytest.raises(CallbackForged):
        gateway.read_callback(signed(body, key="another"), body, NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 60_000,
        b"\xff\xfe{",
        b'{"id": 1',
        b'{"id": "", "event": "sms:received", "payload": {}}',
        b'{"event": "sms:received", "payload": {"message": "1"}}',
        b'{"id": "e", "event": "sms:received", "payload": []}',
        b'{"id": "e", "event": "sms:received", "payload": {"sender": "1"}}',
        b'{"id": "e", "event": "sms:received", "payload": {"sender": "1", "message": ["1"]}}',
        b'{"id": "e", "event": "sms:sent", "payload": {"messageId": null}}',
    ],
)
def test_a_signed_body_that_cannot_be_read_is_malformed(gateway: AndroidGateway, body: bytes) -> None:
    with pytest.raises(CallbackMalformed) as refused:
        gateway.read_callback(signed(body), body, NOW)
    assert refused.value.__suppress_context__, "pydantic's message would quote the body in a log"


def test_a_megabyte_is_refused_unread(gateway: AndroidGateway) -> None:
    body = reported("sms:received", REPLY | {"message": "1" * 2**20})
    with pytest.raises(CallbackMalformed, match="longer"):
        gateway.read_callback(signed(body), body, NOW)


def test_what_no_database_stores_is_replaced(gateway: AndroidGateway) -> None:
    payload = REPLY | {"message": "1\x00\ud800𠮷", "sender": "\x00"}
    body = json.dumps({"id": "event-1", "event": "sms:received", "payload": payload}).encode()
    reply = only(gateway.read_callback(signed(body), body, NOW))
    assert isinstance(reply, InboundSms)
    assert (reply.text, reply.from_number) == ("1\ufffd\ufffd𠮷", "\ufffd")


@pytest.mark.parametrize("stamp", [None, "yesterday", "2026-03-02T08:59:58", 5])
def test_a_reply_without_a_readable_time_came_now(gateway: AndroidGateway, stamp: object) -> None:
    body = reported("sms:received", REPLY | {"receivedAt": stamp})
    reply = only(gateway.read_callback(signed(body), body, NOW))
    assert isinstance(reply, InboundSms)
    assert reply.received_at == NOW


def test_a_reply_of_an_older_app_names_its_sender_otherwise(gateway: AndroidGateway) -> None:
    body = reported("sms:received", {key: REPLY[key] for key in ("phoneNumber", "message", "receivedAt")})
    reply = only(gateway.read_callback(signed(body), body, NOW))
    assert isinstance(reply, InboundSms)
    assert reply.from_number == "+8613900000001"


def test_the_stand_in_signs_as_the_door_believes(phone: StandInPhone, gateway: AndroidGateway) -> None:
    headers, body = phone.signed("sms:received", REPLY)
    assert gateway.read_callback(headers, body, datetime.now(UTC))
