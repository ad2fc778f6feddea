"""What the app tells the world, as webhooks.

One event each, and only to https or 127.0.0.1. A report is signed anew for every try, and repeated under the same
event id until somebody takes it with a 2xx.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Coroutine
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from dispatch.rehearsal.sms.refusal import Refusal

EVENTS = ("sms:received", "sms:sent", "sms:delivered", "sms:failed", "sms:cancelled", "system:ping", "app:started")
CONNECT_SECONDS, READ_SECONDS = 5.0, 5.0  # the app's webhook client
TRIES = 15  # the first and 14 more, after 10, 20, 40 … seconds


class Reports:
    def __init__(self, signing_key: str, device: str, retry_seconds: float) -> None:
        self.signing_key = signing_key
        self.webhooks: dict[str, dict[str, str]] = {}
        self._device = device
        self._retry_seconds = retry_seconds
        self._tasks: set[asyncio.Task[None]] = set()
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.AsyncClient(timeout=timeout, trust_env=False)

    def register(self, asked: dict[str, Any]) -> dict[str, str]:
        """A new webhook, or a changed one when the id is known. Raises Refusal."""
        url = urlsplit(str(asked.get("url")))
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname == "127.0.0.1"):
            raise Refusal(400, "url must start with https:// or http://127.0.0.1")
        if asked.get("event") not in EVENTS:
            raise Refusal(400, "Unsupported event")
        id_ = str(asked.get("id") or secrets.token_urlsafe(16))
        self.webhooks[id_] = {"id": id_, "url": asked["url"], "event": asked["event"], "source": "Local"}
        return self.webhooks[id_]

    def tell(self, event: str, payload: dict[str, Any]) -> None:
        for hook in self.webhooks.values():
            if hook["event"] == event:
                report = {
                    "id": secrets.token_urlsafe(16),
                    "webhookId": hook["id"],
                    "event": event,
                    "deviceId": self._device,
                    "payload": {**payload, "simNumber": 1},
                }
                self.spawn(self._deliver(hook["url"], json.dumps(report, ensure_ascii=False).encode()))

    async def _deliver(self, url: str, body: bytes) -> None:
        for tried in range(TRIES):
            stamp = str(int(time.time()))
            signature = hmac.new(self.signing_key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
            headers = {"Content-Type": "application/json", "X-Signature": signature, "X-Timestamp": stamp}
            with contextlib.suppress(httpx.TransportError):
                if (await self._client.post(url, content=body, headers=headers)).is_success:
                    return
            await asyncio.sleep(self._retry_seconds * 2**tried)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that the phone does by itself; it ends with the phone."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()


def app_time() -> str:
    """Now as the app writes it: ISO 8601 with milliseconds, in the telephone's own zone."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
