"""What comes in from outside, made fit to be kept: text that both databases take, a moment that is one."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # neither database takes NUL, nor UTF-8 half a surrogate pair
CHINA = ZoneInfo("Asia/Shanghai")  # what Chinese vendors write without an offset
SHORT_OFFSET = re.compile(r"([+-]\d\d:)(\d)$")  # Android before 7 writes +08:0


def storable(text: str) -> str:
    return UNSTORABLE.sub("\ufffd", text)


def moment(stamp: Any, now: datetime) -> datetime:
    """RFC 3339 with an offset, in UTC; `now` for anything else: an answer is never lost for its stamp."""
    try:
        found = datetime.fromisoformat(SHORT_OFFSET.sub(r"\g<1>0\2", stamp))
    except (TypeError, ValueError):
        return now
    return now if found.tzinfo is None else found.astimezone(UTC)


def china_moment(stamp: Any, now: datetime) -> datetime:
    """`2026-03-02 09:00:00` on China's clocks, in UTC; `now` for anything else."""
    try:
        return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return now


def fingerprint(*parts: str) -> str:
    """A name for what has none of its own: the same for the same parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def mainland_mobile(number: str) -> str | None:
    """The eleven digits of a mobile number of the Chinese mainland, None for any other E.164 number."""
    found = re.fullmatch(r"\+86(1[3-9]\d{9})", number, re.ASCII)
    return found[1] if found else None
