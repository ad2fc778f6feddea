"""Aliyun and Tencent as far as a gateway sees them: they check signatures as they do for their own SDKs.

Written from the vendors' documents and from nothing of ours, and tried with what their SDKs really sent
(vendor_requests.json).
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlsplit


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]  # their names in small letters
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

    @property
    def authorization(self) -> dict[str, str]:
        """The parts of the header: Credential, SignedHeaders, Signature."""
        _, _, parts = self.headers.get("authorization", "").partition(" ")
        return dict(part.strip().split("=", 1) for part in parts.split(",") if "=" in part)

    @property
    def canonical_headers(self) -> str:
        names = self.authorization["SignedHeaders"].split(";")
        return "".join(f"{name}:{self.headers[name].strip()}\n" for name in names)


def aliyun_believes(request: Request, id_: str, secret: str) -> bool:
    parts, payload = request.authorization, hashlib.sha256(request.body).hexdigest()
    names = parts.get("SignedHeaders", "")
    must = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
    if not must <= set(names.split(";")) or request.headers["x-acs-content-sha256"] != payload:
        return False
    query = "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in sorted(request.query.items()))
    canonical = f"POST\n/\n{query}\n{request.canonical_headers}\n{names}\n{payload}"
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    expected = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return parts["Credential"] == id_ and hmac.compare_digest(parts["Signature"], expected)


def tencent_believes(request: Request, id_: str, secret: str) -> bool:
    parts, stamp = request.authorization, request.headers["x-tc-timestamp"]
    key_id, day, service, ending = parts["Credential"].split("/")
    names = parts["SignedHeaders"]
    if not {"content-type", "host"} <= set(names.split(";")):
        return False
    headers = request.canonical_headers
    if "x-tc-action" in names:
        action = request.headers["x-tc-action"]
        headers = headers.replace(f"x-tc-action:{action}", f"x-tc-action:{action.lower()}")
    canonical = f"POST\n/\n\n{headers}\n{names}\n{hashlib.sha256(request.body).hexdigest()}"
    scope = f"{day}/{service}/{ending}"
    to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return key_id == id_ and hmac.compare_digest(parts["Signature"], expected)


@dataclass
class Cloud:
    """A vendor at a loopback address. `error` is what it answers instead of taking the next message; with `silent` it
    takes that and never answers. `records` are what it would find when asked about a number.
    """

    kind: str
    id: str = "key-id"
    secret: str = "key-secret"
    error: str = ""
    silent: bool = False
    taken: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _gone: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length") or 0))
                answer = cloud.answer(Request(self.path, headers, body))
                if answer is None:
                    cloud._gone.wait(5)
                    self.close_connection = True
                    return
                content = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, request: Request) -> tuple[int, dict[str, Any]] | None:
        return self._aliyun(request) if self.kind == "aliyun" else self._tencent(request)

    def _aliyun(self, request: Request) -> tuple[int, dict[str, Any]] | None:
        action = request.headers["x-acs-action"]
        self.asked.append(action)
        if not aliyun_believes(request, self.id, self.secret):
            return 400, {"Code": "SignatureDoesNotMatch", "Message": "not signed with that key", "RequestId": "r"}
        if self.error:
            return (500 if self.error == "InternalError" else 200), {"Code": self.error, "Message": "no"}
        if action == "QuerySendDetails":
            asked = request.query
            found = [each for each in self.records if each["PhoneNum"] == asked["PhoneNumber"]]
            found = [each for each in found if each["SendDate"].replace("-", "").startswith(asked["SendDate"])]
            size, page = int(asked["PageSize"]), int(asked["CurrentPage"])
            details = {"SmsSendDetailDTO": found[size * (page - 1) : size * page]}
            return 200, {"Code": "OK", "Message": "OK", "SmsSendDetailDTOs": details, "TotalCount": len(found)}
        if action == "SendSms":
            self.taken.append(request.query)
            if self.silent:
                return None
        return 200, {"Code": "OK", "Message": "OK", "BizId": f"biz-{len(self.taken)}", "RequestId": "r"}

    def _tencent(self, request: Request) -> tuple[int, dict[str, Any]] | None:
        action, asked = request.headers["x-tc-action"], json.loads(request.body)
        self.asked.append(action)
        if not tencent_believes(request, self.id, self.secret):
            return 200, _tencent_error("AuthFailure.SignatureFailure")
        if self.error.startswith(("InternalError", "RequestLimitExceeded")):
            return 200, _tencent_error(self.error)
        if action == "PullSmsSendStatusByPhoneNumber":
            found = [each for each in self.records if each["PhoneNumber"] == asked["PhoneNumber"]]
            return 200, {"Response": {"PullSmsSendStatusSet": found, "RequestId": "r"}}
        if action == "SendSms" and not self.error:
            self.taken.append(asked)
            if self.silent:
                return None
        sent = {
            "SerialNo": "" if self.error else f"serial-{len(self.taken)}",
            "PhoneNumber": asked.get("PhoneNumberSet", [""])[0],
            "Code": self.error or "Ok",
            "Message": "no" if self.error else "send success",
        }
        return 200, {"Response": {"SendStatusSet": [sent], "RequestId": "r"}}


def _tencent_error(code: str) -> dict[str, Any]:
    return {"Response": {"Error": {"Code": code, "Message": "no"}, "RequestId": "r"}}
