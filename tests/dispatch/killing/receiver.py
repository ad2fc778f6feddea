"""The other side of a gateway: takes messages over HTTP, counts them, answers as shops do, and can kill its sender.

It speaks docs/sms-gateway-protocol.md. What comes in waits in a list of its own, `GET inbox`, until it is taken off.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.dispatch.killing.numbers import WILLING

CODE = re.compile(r"单号([A-Z0-9]{4})")
ANSWERS = {"前回复": "1", "已由您接单": "5"}  # to what is asked, and to where to go


class Bytes(StrEnum):
    """How far a message has come when its sender is killed."""

    ARRIVED = "the bytes have arrived, and are not taken"
    TAKEN = "it is taken, and not answered"
    ANSWERED = "the answer has left"


@dataclass
class Receiver:
    """Kills its sender, by `kill`, at the `nth` message when that has come as far as `at`, and only once."""

    kill: Callable[[], None] = lambda: None
    at: Bytes | None = None
    nth: int = 1
    taken: list[tuple[str, str, str]] = field(default_factory=list)  # attempt, to, text
    inbox: dict[str, dict[str, str]] = field(default_factory=dict)
    url: str = ""
    _seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def texts(self) -> Counter[tuple[str, str]]:
        """How often each text has come to each telephone."""
        return Counter((to, text) for _, to, text in self.taken)

    def take(self, attempt: str, to: str, text: str) -> None:
        self.taken.append((attempt, to, text))
        answer = next((answer for words, answer in ANSWERS.items() if words in text), None)
        if to == WILLING and answer is not None and (found := CODE.search(text)):
            event = f"event-{len(self.taken)}"
            self.inbox[event] = {"id": event, "from": to, "text": f"{found[1]} {answer}"}

    def dies_at(self, how_far: Bytes) -> bool:
        """Whether this is the moment; then the sender is dead when it returns."""
        if self.at is not how_far or self._seen != self.nth:
            return False
        self.at = None
        self.kill()
        return True

    def state_of(self, attempt: str) -> dict[str, str] | None:
        known = any(each == attempt for each, _, _ in self.taken)
        return {"id": attempt, "state": "sent"} if known else None

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver._lock:
                    receiver._seen += 1
                    if receiver.dies_at(Bytes.ARRIVED):
                        return
                    receiver.take(asked["id"], asked["to"], asked["text"])
                    if receiver.dies_at(Bytes.TAKEN):
                        return
                    self._answer({"id": asked["id"], "state": "sent"})
                    receiver.dies_at(Bytes.ANSWERED)

            def do_GET(self) -> None:
                if self.path == "/inbox":
                    self._answer(list(receiver.inbox.values()))
                    return
                self._answer(receiver.state_of(self.path.rsplit("/", 1)[-1]))

            def do_DELETE(self) -> None:
                receiver.inbox.pop(self.path.rsplit("/", 1)[-1], None)
                self._answer({})

            def _answer(self, body: Any) -> None:
                said = json.dumps(body, ensure_ascii=False).encode()
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
                self.wfile.flush()

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            self.url = f"http://127.0.0.1:{server.server_port}/"
            yield self
            server.shutdown()
            thread.join()
