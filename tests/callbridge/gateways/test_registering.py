"""The phone is told where to report, and its reports arrive there over real HTTP."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

import pytest

from callbridge.errors import GatewayRefused
from callbridge.gateways import AndroidGateway, InboundSms, SmsState, SmsStatus, open_gateways
from callbridge.gateways.standin import StandInMessage, StandInPhone
from callbridge.secrets import Secrets
from callbridge.settings import AndroidSettings
from tests.callbridge.gateways.test_callbacks import only

NUMBER = "+8613900000001"


class Service:
    """Keeps what is posted to it and answers 200, or 503 as often as told."""

    def __init__(self) -> None:
        self.posted: Queue[tuple[str, dict[str, str], bytes]] = Queue()
        self.refusals = 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.posted.put((self.path, dict(self.headers.items()), body))
                service.refusals -= 1
                self.send_response(503 if service.refusals >= 0 else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def next(self) -> tuple[str, dict[str, str], bytes]:
        return self.posted.get(timeout=5)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()
    thread.join()


async def test_registering_twice_leaves_one_webhook_for_each_event(
    phone: StandInPhone, gateway: AndroidGateway
) -> None:
    for _ in range(2):
        await gateway.register("https://line.example/in", "https://line.example/status")
    assert {(hook["event"], hook["url"]) for hook in phone.webhooks.values()} == {
        ("sms:received", "https://line.example/in"),
        ("sms:sent", "https://line.example/status"),
        ("sms:delivered", "https://line.example/status"),
        ("sms:failed", "https://line.example/status"),
    }
    assert len(phone.webhooks) == 4


async def test_registering_elsewhere_moves_the_webhooks(phone: StandInPhone, gateway: AndroidGateway) -> None:
    await gateway.register("https://old.example/in", "https://old.example/status")
    await gateway.register("https://new.example/in", "https://new.example/status")
    assert all(hook["url"].startswith("https://new.example/") for hook in phone.webhooks.values())
    assert len(phone.webhooks) == 4


async def test_a_webhook_someone_made_by_hand_does_not_double_the_reports(
    phone: StandInPhone, gateway: AndroidGateway
) -> None:
    phone.register({"id": "by-hand", "event": "sms:received", "url": "https://line.example/in"})
    phone.register({"id": "of-others", "event": "sms:received", "url": "https://other.example/in"})
    await gateway.register("https://line.example/in", "https://line.example/status")
    assert "by-hand" not in phone.webhooks
    assert "of-others" in phone.webhooks


async def test_an_address_the_phone_does_not_take_is_refused_with_its_words(gateway: AndroidGateway) -> None:
    with pytest.raises(GatewayRefused, match="https://"):
        await gateway.register("http://192.0.2.7/in", "http://192.0.2.7/status")


async def test_a_message_and_its_answer_go_there_and_back(
    phone: StandInPhone, gateway: AndroidGateway, service: Service
) -> None:
    phone.signing_key = "what the phone made up when it was installed"

    def answer(message: StandInMessage) -> None:
        phone.receive(message.to, "1。")

    phone.on_message = answer
    await gateway.register(f"{service.url}/inbound", f"{service.url}/status")
    await gateway.send("attempt-1", NUMBER, "接单吗?")
    now = datetime.now(UTC)
    reports = [service.next() for _ in range(3)]
    read = [only(gateway.read_callback(headers, body, now)) for _, headers, body in reports]
    assert [path for path, _, _ in reports] == ["/status", "/status", "/inbound"]
    assert [report.status for report in read if isinstance(report, SmsStatus)] == [SmsState.SENT, SmsState.DELIVERED]
    reply = read[-1]
    assert isinstance(reply, InboundSms)
    assert (reply.from_number, reply.text) == (NUMBER, "1。")


async def test_a_report_that_was_not_taken_comes_again_as_the_same_event(service: Service) -> None:
    service.refusals = 2
    with StandInPhone(user="desk", password="secret", retry=timedelta(milliseconds=20)) as phone:
        phone.register({"event": "sms:received", "url": f"{service.url}/inbound"})
        phone.receive(NUMBER, "1")
        bodies = [service.next()[2] for _ in range(3)]
    assert len({json.loads(body)["id"] for body in bodies}) == 1
    assert service.posted.empty()


async def test_gateways_are_opened_from_the_configuration_with_their_secrets(
    phone: StandInPhone, tmp_path: Path
) -> None:
    secrets = Secrets(tmp_path)
    for name, value in {"GATEWAY_DESK_PHONE_USER": "desk", "GATEWAY_DESK_PHONE_PASSWORD": "secret"}.items():
        (tmp_path / name).write_text(value)
    settings = AndroidSettings.model_validate({"name": "desk-phone", "kind": "android", "url": phone.url})
    gateways = open_gateways([settings], secrets)
    assert list(gateways) == ["desk-phone"]
    assert (await gateways["desk-phone"].check()).usable
    await gateways["desk-phone"].register("https://line.example/in", "https://line.example/status")
    assert phone.signing_key == secrets.get("GATEWAY_DESK_PHONE_SIGNING")
    await gateways["desk-phone"].close()
