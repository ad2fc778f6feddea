"""Anybody's gateway: the protocol of docs/sms-gateway-protocol.md, spoken to a server that keeps to it."""

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from callbridge.errors import (
    CallbackForged,
    CallbackMalformed,
    GatewayAway,
    GatewayClosed,
    GatewayRefused,
    GatewayUnsure,
)
from callbridge.gateways import GatewayReceipt, HttpGateway, InboundSms, SmsFate, SmsState, SmsStatus
from callbridge.gateways.signature import believe, sign
from callbridge.settings import HttpSettings

SECRET = "known to both sides"
NUMBER, TEXT = "+8613900000001", "【邻里热线】送药:滨江里。回复 1 接单,2 不接。A7K2"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class City(ThreadingHTTPServer):
    """A gateway as the document asks for it: checks signatures, sends each id once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: dict[str, dict[str, Any]] = {}
        self.callbacks: dict[str, str] = {}
        self.sent: list[str] = []
        self.answer_instead: int | None = None
        self.silent = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/townline"


class _Handler(BaseHTTPRequestHandler):
    server: City

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""

    def do_GET(self) -> None:
        path = self.path.removeprefix("/townline/")
        self._believe(path.encode())
        if path == "health":
            self._answer(200, {"usable": True, "problems": ["SIM 2 has no credit"]})
        elif (message := self.server.messages.get(path.removeprefix("messages/"))) is None:
            self._answer(404, {})
        else:
            self._answer(200, message)

    def do_POST(self) -> None:
        message = json.loads(self._body())
        taken = self.server.messages.setdefault(message["id"], message | {"state": "under_way", "reference": "r-1"})
        if taken.get("seen") is None:
            taken["seen"] = True
            self.server.sent.append(message["text"])
        if self.server.silent:
            time.sleep(0.5)
        self._answer(self.server.answer_instead or 202, taken)

    def do_PUT(self) -> None:
        self.server.callbacks = json.loads(self._body())
        self._answer(204, None)

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._believe(body)
        return body

    def _believe(self, what: bytes) -> None:
        believe(SECRET, dict(self.headers), what, datetime.now(UTC))

    def _answer(self, status: int, body: Any) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def city() -> Iterator[City]:
    with City() as city:
        thread = threading.Thread(target=city.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield city
        city.shutdown()
        thread.join()


@pytest.fixture
async def gateway(city: City) -> AsyncIterator[HttpGateway]:
    settings = HttpSettings.model_validate({"name": "city", "kind": "http", "url": city.url, "timeout_seconds": 0.3})
    gateway = HttpGateway(settings, signing=SECRET)
    yield gateway
    await gateway.close()


async def test_a_message_goes_out_once_under_the_id_of_its_attempt(city: City, gateway: HttpGateway) -> None:
    first = await gateway.send("a1", NUMBER, TEXT, ttl=timedelta(minutes=5), urgent=True)
    assert first == await gateway.send("a1", NUMBER, TEXT) == GatewayReceipt("r-1", SmsState.UNDER_WAY)
    assert city.sent == [TEXT]
    message = city.messages["a1"]
    assert (message["to"], message["valid_seconds"], message["urgent"]) == (NUMBER, 300, True)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(400, GatewayRefused), (401, GatewayClosed), (503, GatewayAway), (500, GatewayUnsure), (502, GatewayUnsure)],
)
async def test_a_no_is_told_from_not_knowing(
    city: City, gateway: HttpGateway, answer: int, error: type[Exception]
) -> None:
    city.answer_instead = answer
    with pytest.raises(error) as raised:
        await gateway.send("a1", NUMBER, TEXT)
    assert raised.type is error


async def test_a_silent_gateway_is_asked_what_became_of_it(city: City, gateway: HttpGateway) -> None:
    city.silent = True
    with pytest.raises(GatewayUnsure):
        await gateway.send("a1", NUMBER, TEXT)
    assert await gateway.fate("a1", to=NUMBER, at=NOW) == SmsFate(SmsState.UNDER_WAY)
    city.messages["a1"] |= {"state": "failed", "reason": "no such number"}
    assert await gateway.fate("a1", to=NUMBER, at=NOW) == SmsFate(SmsState.FAILED, "no such number")
    assert await gateway.fate("a2", to=NUMBER, at=NOW) == SmsFate(SmsState.NEVER_SEEN)


async def test_it_says_how_it_is_and_learns_where_to_report(city: City, gateway: HttpGateway) -> None:
    health = await gateway.check()
    assert (health.usable, health.problems) == (True, ("SIM 2 has no credit",))
    await gateway.register("http://127.0.0.1/in", "http://127.0.0.1/status")
    assert city.callbacks == {"inbound": "http://127.0.0.1/in", "status": "http://127.0.0.1/status"}


def reported(fields: Any, *, key: str = SECRET, at: datetime = NOW) -> tuple[dict[str, str], bytes]:
    body, stamp = json.dumps(fields, ensure_ascii=False).encode(), str(int(at.timestamp()))
    return {"X-Timestamp": stamp, "X-Signature": sign(key, body, stamp)}, body


RECEIVED = {"event": "received", "id": "e1", "from": NUMBER, "text": "1 接单", "at": "2026-03-02T08:59:58+08:00"}


async def test_replies_and_receipts_are_read(gateway: HttpGateway) -> None:
    at = datetime(2026, 3, 2, 0, 59, 58, tzinfo=UTC)
    (received,) = gateway.read_callback(*reported(RECEIVED), NOW)
    assert received == InboundSms(event_id="e1", from_number=NUMBER, to_number=None, text="1 接单", received_at=at)
    status = {"event": "status", "id": "e2", "message": "a1", "state": "failed", "reason": "busy", "at": None}
    (read,) = gateway.read_callback(*reported(status), NOW)
    assert read == SmsStatus(event_id="e2", attempt="a1", status=SmsState.FAILED, at=NOW, reason="busy")
    assert gateway.read_callback(*reported({"event": "weather"}), NOW) == ()


@pytest.mark.parametrize(
    "fields", [[], "1", None, {"event": "received"}, {**RECEIVED, "id": ""}, {"event": "status", "id": "e"}]
)
async def test_what_cannot_be_read_is_refused(gateway: HttpGateway, fields: Any) -> None:
    with pytest.raises(CallbackMalformed):
        gateway.read_callback(*reported(fields), NOW)


async def test_a_stranger_is_not_believed(gateway: HttpGateway) -> None:
    for headers, body in (reported(RECEIVED, key="guessed"), reported(RECEIVED, at=NOW - timedelta(minutes=6))):
        with pytest.raises(CallbackForged):
            gateway.read_callback(headers, body, NOW)
