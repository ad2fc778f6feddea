"""The pretended phone itself.

It checks what the app checks (user and password, message form, ids used before, webhook addresses) with the app's
answers, keeps messages and reports them to the registered webhooks, signed, and again until they are taken.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from callbridge.gateways.signature import sign
from callbridge.gateways.standin.message import Fault, StandInMessage, now_as_the_app_says
from callbridge.gateways.standin.reports import Reports
from callbridge.gateways.standin.server import Server

EVENTS = {"sms:received", "sms:data-received", "sms:sent", "sms:delivered", "sms:failed", "system:ping"}


class StandInPhone:
    """One pretended phone on a loopback address; `with` starts and stops it.

    With `radio` on, a message is sent and delivered at once and then given to `on_message`, which may answer with
    `receive`; it is called in the phone's own thread. `retry` is the first pause before a report is repeated.
    """

    def __init__(
        self,
        *,
        user: str,
        password: str,
        signing_key: str = "",
        address: str = "127.0.0.1",
        port: int = 0,
        radio: bool = True,
        on_message: Callable[[StandInMessage], None] | None = None,
        retry: timedelta = timedelta(seconds=5),
    ) -> None:
        self.user, self.password = user, password
        self.signing_key = signing_key or secrets.token_urlsafe(6)
        self.radio = radio
        self.on_message = on_message
        self.messages: dict[str, StandInMessage] = {}
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        self.failing_checks: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._reports = Reports(self._headers, retry.total_seconds())
        self._server = Server((address, port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._reports.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)
        self._reports.stop()

    def stay_silent(self) -> None:
        """Returns when the phone stops, or after a minute."""
        self._stopped.wait(60)

    def receive(self, sender: str, text: str) -> str:
        """A message arrives on the SIM card; returns its message id, which is not the event's."""
        message = secrets.token_hex(8)
        payload = {
            "message": text,
            "receivedAt": now_as_the_app_says(),
            "recipient": None,
            "phoneNumber": sender,
            "sender": sender,
        }
        self._report("sms:received", message, payload)
        return message

    def report(self, id: str, state: str, reason: str = "") -> None:  # noqa: A002
        """The network says that message `id` is now Sent, Delivered or Failed."""
        message = self.messages[id]
        message.state, message.error = state, reason or None
        payload = {
            "recipient": message.to,
            "phoneNumber": message.to,
            "sender": None,
            f"{state.lower()}At": now_as_the_app_says(),
        }
        if reason:
            payload["reason"] = reason
        self._report(f"sms:{state.lower()}", id, payload)

    def signed(self, event: str, payload: Any, *, id: str = "") -> tuple[dict[str, str], bytes]:  # noqa: A002
        """Headers and body of a report as this phone sends it."""
        body = _event_body(event, payload, id or secrets.token_urlsafe(12), "by-hand")
        return self._headers(body), body

    def take(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The app's answer to a message handed over, as HTTP status and body."""
        text = (request.get("textMessage") or {}).get("text") or request.get("message")
        numbers = request.get("phoneNumbers")
        if not text or not isinstance(text, str):
            return 400, {"message": "Text message is empty"}
        if not isinstance(numbers, list) or not numbers:
            return 400, {"message": "Empty phone numbers list"}
        id_ = request.get("id") or secrets.token_urlsafe(16)
        with self._lock:
            if id_ in self.messages:
                return 409, {"message": "Message with the same ID already exists"}
            message = self.messages[id_] = StandInMessage(id_, numbers[0], text, request=request)
        answer = message.shown()
        if self.radio:
            threading.Thread(target=self._transmit, args=(message,), daemon=True).start()
        return 202, answer

    def register(self, webhook: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        url = urlsplit(webhook.get("url", ""))
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname == "127.0.0.1"):
            return 400, {"message": "url must start with https:// or http://127.0.0.1"}
        if webhook.get("event") not in EVENTS:
            return 400, {"message": "Unsupported event"}
        id_ = webhook.get("id") or secrets.token_urlsafe(16)
        self.webhooks[id_] = {"id": id_, "url": webhook["url"], "event": webhook["event"], "source": "Local"}
        return 201, self.webhooks[id_]

    def health(self) -> tuple[int, dict[str, Any]]:
        checks = {
            name: {"status": "fail", "observedValue": 0, "observedUnit": "boolean", "description": what}
            for name, what in self.failing_checks.items()
        }
        checks["battery:level"] = {
            "status": "pass",
            "observedValue": 90,
            "observedUnit": "percent",
            "description": "Battery level in percent",
        }
        status = "fail" if self.failing_checks else "pass"
        return (500 if self.failing_checks else 200), {"status": status, "version": "1.68.0", "checks": checks}

    def _transmit(self, message: StandInMessage) -> None:
        self.report(message.id, "Sent")
        self.report(message.id, "Delivered")
        if self.on_message is not None:
            self.on_message(message)

    def _report(self, event: str, message_id: str, payload: dict[str, Any]) -> None:
        for hook in [hook for hook in self.webhooks.values() if hook["event"] == event]:
            body = _event_body(
                event, {"messageId": message_id, "simNumber": 1} | payload, secrets.token_urlsafe(12), hook["id"]
            )
            self._reports.add(hook["url"], body)

    def _headers(self, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        return {
            "Content-Type": "application/json",
            "X-Timestamp": stamp,
            "X-Signature": sign(self.signing_key, body, stamp),
        }


def _event_body(event: str, payload: Any, id_: str, webhook: str) -> bytes:
    body = {"id": id_, "webhookId": webhook, "event": event, "deviceId": "stand-in", "payload": payload}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
