"""Who sent a callback: hex HMAC-SHA256 over the raw body followed by the X-Timestamp header's text; from vendors that
do not sign, a token that only they and we know, at the end of the address.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from callbridge.errors import CallbackForged, CallbackMalformed
from callbridge.gateways.door import CALLBACK_SKEW, LONGEST_CALLBACK


def sign(key: str, body: bytes, stamp: str) -> str:
    """The signature of `body` sent at `stamp` (seconds since 1970, as text)."""
    return hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()


def believe(key: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Returns when `body` was signed with `key` within five minutes of `now`, else raises.

    A repetition inside the five minutes is believed: event ids tell repetitions apart.
    """
    _refuse_if_long(body)
    received = {name.lower(): value for name, value in headers.items()}
    stamp, signature = received.get("x-timestamp", ""), received.get("x-signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11):
        raise CallbackForged("X-Timestamp is missing or not seconds since 1970")
    expected = sign(key, body, stamp)
    if not hmac.compare_digest(expected.encode(), signature.lower().encode()):
        raise CallbackForged("X-Signature is missing or wrong")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > CALLBACK_SKEW:
        raise CallbackForged("X-Timestamp is more than five minutes from now")


def believe_token(expected: str, token: str, body: bytes) -> None:
    """Returns when `token` is the one we gave to the vendor, else raises."""
    _refuse_if_long(body)
    if not hmac.compare_digest(expected.encode(), token.encode()):
        raise CallbackForged("the token at the end of the address is missing or wrong")


def _refuse_if_long(body: bytes) -> None:
    if len(body) > LONGEST_CALLBACK:
        raise CallbackMalformed(f"the body is longer than {LONGEST_CALLBACK} bytes")
