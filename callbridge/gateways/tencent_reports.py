"""What Tencent reports: an array of what became of ours, an object for each SMS that somebody wrote."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from callbridge.gateways.batches import read_batch
from callbridge.gateways.door import InboundSms, Report, SmsState, SmsStatus
from callbridge.gateways.untrusted import china_moment, fingerprint, storable


class _Written(BaseModel):
    mobile: str = Field(min_length=1, max_length=40)
    nationcode: str = Field(default="86", max_length=8)
    text: str
    sign: str = Field(default="", max_length=100)
    extend: str = Field(default="", max_length=40)
    time: int


class _Reported(BaseModel):
    sid: str = Field(min_length=1, max_length=128)
    report_status: Literal["SUCCESS", "FAIL"]
    errmsg: str = ""
    user_receive_time: Any = None


def read_reports(body: bytes, now: datetime) -> Sequence[Report]:
    """Raises CallbackMalformed."""
    return read_batch(body, lambda item: _one(item, now), "one of Tencent's SMS callbacks")


def _one(item: dict[str, Any], now: datetime) -> Report:
    if "text" in item:
        written = _Written.model_validate(item)
        return InboundSms(
            # It has no id of its own: the same words of the same person in the same second are the same SMS.
            event_id=fingerprint(written.mobile, written.text, written.sign, written.extend, str(written.time)),
            from_number=storable(f"+{written.nationcode}{written.mobile}"),
            to_number=storable(written.extend) or None,
            text=storable(written.text),
            received_at=_seconds(written.time, now),
        )
    reported = _Reported.model_validate(item)
    delivered = reported.report_status == "SUCCESS"
    return SmsStatus(
        event_id=fingerprint(reported.sid, reported.report_status),
        attempt="",
        status=SmsState.DELIVERED if delivered else SmsState.FAILED,
        at=china_moment(reported.user_receive_time, now),
        reason="" if delivered else storable(reported.errmsg)[:200],
        reference=storable(reported.sid),
    )


def _seconds(since: int, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(since, UTC)
    except (ValueError, OverflowError, OSError):
        return now
