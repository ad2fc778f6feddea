"""How the two cloud vendors want a request signed: Aliyun's ACS3-HMAC-SHA256 and Tencent's TC3-HMAC-SHA256."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key of the vendor's console."""

    id: str
    secret: str


def canonical_query(values: Mapping[str, str]) -> str:
    """The query as it is signed and sent: sorted, everything escaped but RFC 3986's unreserved characters."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(values.items()))


def acs3(
    key: Key, *, action: str, version: str, host: str, query: Mapping[str, str], at: datetime, nonce: str
) -> dict[str, str]:
    """The headers of a POST without a body to Aliyun: "V3 request structure and signature" of its documentation."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    request = "\n".join(
        ["POST", "/", canonical_query(query), _canonical(headers), names, headers["x-acs-content-sha256"]]
    )
    signature = _hmac(key.secret.encode(), f"ACS3-HMAC-SHA256\n{_sha256(request.encode())}").hex()
    return headers | {
        "authorization": f"ACS3-HMAC-SHA256 Credential={key.id},SignedHeaders={names},Signature={signature}"
    }


def tc3(
    key: Key, *, service: str, action: str, version: str, region: str, host: str, body: bytes, at: datetime
) -> dict[str, str]:
    """The headers of a POST of JSON to Tencent: "Signature v3" of its documentation."""
    signed = {"content-type": JSON, "host": host, "x-tc-action": action.lower()}
    names = ";".join(sorted(signed))
    request = "\n".join(["POST", "/", "", _canonical(signed), names, _sha256(body)])
    stamp, day = int(at.timestamp()), f"{at.astimezone(UTC):%Y-%m-%d}"
    scope = f"{day}/{service}/tc3_request"
    secret = f"TC3{key.secret}".encode()
    for part in (day, service, "tc3_request"):
        secret = _hmac(secret, part)
    signature = _hmac(secret, f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{_sha256(request.encode())}").hex()
    return {
        "content-type": JSON,
        "host": host,
        "x-tc-action": action,
        "x-tc-version": version,
        "x-tc-region": region,
        "x-tc-timestamp": str(stamp),
        "authorization": (
            f"TC3-HMAC-SHA256 Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}"
        ),
    }


def _canonical(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))


def _sha256(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()


def _hmac(key: bytes, what: str) -> bytes:
    return hmac.new(key, what.encode(), hashlib.sha256).digest()
