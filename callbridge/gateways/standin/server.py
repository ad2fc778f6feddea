"""The app's HTTP interface, as its local server speaks it."""

import base64
import hmac
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from callbridge.gateways.standin.message import Fault

if TYPE_CHECKING:
    from callbridge.gateways.standin.phone import StandInPhone


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], phone: "StandInPhone") -> None:
        super().__init__(address, Handler)
        self.phone = phone


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing: request lines carry people's numbers."""

    def do_GET(self) -> None:
        phone = self.server.phone
        match self._path():
            case ["health"]:
                self._answer(*phone.health())
            case _ if not self._known():
                self._answer(401, None)
            case ["webhook" | "webhooks"]:
                self._answer(200, list(phone.webhooks.values()))
            case ["message" | "messages", id_]:
                message = phone.messages.get(id_)
                self._answer(404, None) if message is None else self._answer(200, message.shown())
            case _:
                self._answer(404, None)

    def do_POST(self) -> None:
        phone, request = self.server.phone, self._request()
        match self._path():
            case _ if not self._known():
                self._answer(401, None)
            case _ if request is None:
                self._answer(400, {"message": "Illegal input"})
            case ["webhook" | "webhooks"]:
                self._answer(*phone.register(request))
            case ["message" | "messages"]:
                self._take(request)
            case _:
                self._answer(404, None)

    def do_PATCH(self) -> None:
        phone, request = self.server.phone, self._request()
        if not self._known():
            self._answer(401, None)
        elif self._path() != ["settings"] or request is None:
            self._answer(404, None)
        else:
            phone.signing_key = request.get("webhooks", {}).get("signing_key", phone.signing_key)
            self._answer(200, {})

    def do_DELETE(self) -> None:
        match self._path():
            case _ if not self._known():
                self._answer(401, None)
            case ["webhook" | "webhooks", id_]:
                self.server.phone.webhooks.pop(id_, None)
                self._answer(204, None)
            case _:
                self._answer(404, None)

    def _take(self, request: dict[str, Any]) -> None:
        phone = self.server.phone
        fault = phone.faults.pop(0) if phone.faults else None
        if fault is Fault.REFUSED:
            self._answer(400, {"message": "Invalid device ID"})
        elif fault is Fault.BROKEN:
            self._answer(500, {"message": "boom"})
        else:
            answer = phone.take(request)
            if fault is Fault.TAKEN_THEN_SILENT:
                phone.stay_silent()
            if fault is None:
                self._answer(*answer)
            else:
                self.close_connection = True

    def _known(self) -> bool:
        phone = self.server.phone
        expected = "Basic " + base64.b64encode(f"{phone.user}:{phone.password}".encode()).decode()
        return hmac.compare_digest(self.headers.get("Authorization", "").encode(), expected.encode())

    def _path(self) -> list[str]:
        return [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]

    def _request(self) -> dict[str, Any] | None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            request = json.loads(body)
        except ValueError:
            return None
        return request if isinstance(request, dict) else None

    def _answer(self, status: int, body: Any) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
