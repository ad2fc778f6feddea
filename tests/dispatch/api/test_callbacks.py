"""What gateways report, over HTTP: what is wrong with it is refused or counted once, and never breaks anything."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from callbridge.gateways import open_gateways
from callbridge.secrets import Secrets
from callbridge.settings import GatewaySettings
from dispatch.house import House
from dispatch.models import CaseState, EarlyReceipt, Inbound
from dispatch.outbox import Sender
from tests.dispatch.api.desks import http_of
from tests.dispatch.doubles import GatewayInMemory
from tests.dispatch.town import Town

KINDS = ("android", "http", "aliyun", "tencent", "gammu")
BY_TOKEN = ("aliyun", "tencent")
SECRET, NUMBER = "what only the gateway knows", "+8613900000001"
SETTINGS: dict[str, dict[str, Any]] = {
    "android": {"url": "http://127.0.0.1:1"},
    "http": {"url": "http://127.0.0.1:1"},
    "aliyun": {"sign_name": "邻里热线"},
    "tencent": {"sign_name": "邻里热线", "app_id": "1400006666"},
    "gammu": {"device": "/dev/null"},
}


@dataclass
class Reporter:
    """A gateway of one kind, which is named after it."""

    kind: str
    http: httpx.Client
    town: Town

    def post(self, what: str, body: bytes, *, secret: str = SECRET, age: timedelta = timedelta()) -> httpx.Response:
        path, headers = f"/api/v1/gateways/{self.kind}/{what}", {}
        if self.kind in BY_TOKEN:
            path += f"/{secret}" if secret else ""
        elif secret:
            stamp = str(int((self.town.clock.now() - age).timestamp()))
            signature = hmac.new(secret.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
            headers = {"X-Timestamp": stamp, "X-Signature": signature}
        return self.http.post(path, content=body, headers=headers)

    def reports(self, what: str, content: Any) -> httpx.Response:
        return self.post(what, json.dumps(content).encode())

    def reply(self, text: str = "1") -> Any:
        match self.kind:
            case "android":
                return {"id": "e1", "event": "sms:received", "payload": {"sender": NUMBER, "message": text}}
            case "http":
                return {"id": "e1", "event": "received", "from": NUMBER, "text": text}
            case "aliyun":
                return [{"phone_number": NUMBER[3:], "content": text, "sequence_id": 1}]
            case _:
                return {"mobile": NUMBER[3:], "nationcode": "86", "text": text, "time": 1772413198}

    def delivered(self, attempt: str, reference: str) -> Any:
        match self.kind:
            case "android":
                return {"id": "e2", "event": "sms:delivered", "payload": {"messageId": attempt}}
            case "http":
                return {"id": "e2", "event": "status", "message": attempt, "state": "delivered"}
            case "aliyun":
                return [{"out_id": attempt, "biz_id": reference, "success": True}]
            case _:
                return [{"sid": reference, "report_status": "SUCCESS"}]


@pytest.fixture(params=KINDS)
def reporter(
    request: pytest.FixtureRequest, app: FastAPI, house: House, town: Town, tmp_path: Path
) -> Iterator[Reporter]:
    kind = request.param
    fields = {"name": kind, "kind": kind} | SETTINGS[kind]
    for name in ("SIGNING", "TOKEN"):
        (tmp_path / f"GATEWAY_{kind.upper()}_{name}").write_text(SECRET)
    settings: Any = TypeAdapter(GatewaySettings).validate_python(fields)
    house.gateways.update(open_gateways([settings], Secrets(tmp_path)))
    with http_of(app) as http:
        yield Reporter(kind, http, town)


def asked(town: Town, kind: str) -> str:
    """A merchant has been sent an offer by this gateway."""
    town.merchant("康宁药房", sms=NUMBER)
    number = town.open(town.resident())
    town.dispatch(number)
    town.sender = Sender(town.store, {kind: GatewayInMemory(kind)}, None, "serve-of-this-kind")
    town.send()
    return number


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_wrong_with_a_report_is_said_and_changes_nothing(reporter: Reporter) -> None:
    town = reporter.town
    asked(town, reporter.kind)
    before = town.journal()
    reply = json.dumps(reporter.reply()).encode()
    answers = {
        "another secret": reporter.post("inbound", reply, secret="guessed"),
        "no secret": reporter.post("inbound", reply, secret=""),
        "a megabyte": reporter.post("inbound", b'{"a": "' + b"1" * 2**20 + b'"}'),
        "not JSON": reporter.post("inbound", b'\xff{"a'),
        "deeply nested": reporter.post("inbound", b"[" * 60_000),
        "a figure": reporter.post("inbound", b"1"),
        "of a gateway that is not there": reporter.http.post("/api/v1/gateways/nowhere/inbound", content=reply),
    }
    expected = {
        "another secret": 401,
        "no secret": 401,
        "a megabyte": 413,
        "not JSON": 400,
        "deeply nested": 400,
        "a figure": 400,
        "of a gateway that is not there": 404,
    }
    if reporter.kind not in BY_TOKEN:  # without a stamp nothing is old; its event tells a repetition
        answers["old"], expected["old"] = reporter.post("inbound", reply, age=timedelta(minutes=6)), 401
    if reporter.kind == "gammu":  # a modem here: nothing that comes over HTTP is from it
        expected = expected | dict.fromkeys(("another secret", "no secret", "old"), 400)
    assert {what: answer.status_code for what, answer in answers.items()} == expected
    assert all(answer.headers["content-type"].startswith("application/problem+json") for answer in answers.values())
    assert town.journal() == before
    assert town.all(Inbound) == []


STRANGE: list[Any] = [
    [],
    {},
    [[]],
    [{}],
    None,
    "text",
    [None, 1, "x", {"content": 1}],
    {"id": "e", "event": "sms:received", "payload": []},
    {"id": "e", "event": ["received"], "from": {}, "text": 1},
    {"id": "e", "event": "status", "message": "a", "state": "exploded"},
    [{"phone_number": {}, "content": [], "sequence_id": "x"}],
    [{"success": "perhaps", "out_id": "a"}],
    {"mobile": 1, "text": "1", "time": "soon"},
    {"mobile": "1", "text": "1", "time": 10**400},
    [{"sid": None, "report_status": "SUCCESS"}],
    [{"sid": "s", "report_status": "PERHAPS", "user_receive_time": {}}],
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_signed_nonsense_breaks_anything(reporter: Reporter) -> None:
    town = reporter.town
    number = asked(town, reporter.kind)
    for what in ("inbound", "status"):
        for content in STRANGE:
            assert reporter.reports(what, content).status_code in (200, 400), content
    assert town.case(number).state is CaseState.OFFERING
    assert [attempt.result for attempt in town.attempts()] == ["sent"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_report_on_a_message_that_is_not_ours_is_taken_and_forgotten(reporter: Reporter) -> None:
    if reporter.kind == "gammu":
        return
    town = reporter.town
    asked(town, "another")
    (attempt,) = town.attempts()
    for id_, reference in (("unheard-of", "unheard-of"), (attempt.id, attempt.reference or "")):
        assert reporter.reports("status", reporter.delivered(id_, reference)).status_code == 200
    assert [each.result for each in town.attempts()] == ["sent"], "this gateway never had it"
    assert len(town.all(EarlyReceipt)) == (2 if reporter.kind == "tencent" else 0)


def test_what_is_replayed_a_hundred_times_is_counted_once(reporter: Reporter) -> None:
    if reporter.kind == "gammu":
        return
    town = reporter.town
    number = asked(town, reporter.kind)
    (attempt,) = town.attempts()
    thanks = {"aliyun": {"code": 0, "msg": "OK"}, "tencent": {"result": 0, "errmsg": "OK"}}.get(reporter.kind)
    for _ in range(100):
        answer = reporter.reports("status", reporter.delivered(attempt.id, attempt.reference or ""))
        assert (answer.status_code, answer.json() if answer.content else None) == (200, thanks)
    assert [each.result for each in town.attempts()] == ["delivered"]
    for _ in range(100):
        assert reporter.reports("inbound", reporter.reply()).status_code == 200
    assert town.case(number).state is CaseState.ACCEPTED
    assert len(town.all(Inbound)) == 1
    assert town.journal().count("offer.accepted") == town.journal().count("message.received") == 1
