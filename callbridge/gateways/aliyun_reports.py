"""What Aliyun pushes in batches: SmsReport (what became of ours) and SmsUp (what people wrote), each a JSON array."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from callbridge.gateways.batches import read_batch
from callbridge.gateways.door import InboundSms, Report, SmsState, SmsStatus
from callbridge.gateways.untrusted import china_moment, fingerprint, storable


class _Written(BaseModel):
    phone_number: str = Field(min_length=1, max_length=40)
    content: str
    dest_code: str = Field(default="", max_length=40)
    sequence_id: int | None = None
    send_time: Any = None


class _Reported(BaseModel):
    success: bool
    out_id: str = Field(default="", max_length=128)
    biz_id: str = Field(default="", max_length=128)
    err_code: str = ""
    report_time: Any = None


def read_reports(body: bytes, now: datetime) -> Sequence[Report]:
    """Raises CallbackMalformed."""
    return read_batch(body, lambda item: _one(item, now), "an array of Aliyun's SmsReport or SmsUp")


def _one(item: dict[str, Any], now: datetime) -> Report:
    if "content" in item:
        written = _Written.model_validate(item)
        event = str(written.sequence_id) if written.sequence_id is not None else ""
        return InboundSms(
            event_id=event[:128] or fingerprint(written.phone_number, written.content, str(written.send_time)),
            from_number=storable(written.phone_number),
            to_number=storable(written.dest_code) or None,
            text=storable(written.content),
            received_at=china_moment(written.send_time, now),
        )
    reported = _Reported.model_validate(item)
    if not reported.out_id and not reported.biz_id:
        raise ValueError("neither out_id nor biz_id")
    return SmsStatus(
        event_id=fingerprint(reported.out_id, reported.biz_id, str(reported.success)),
        attempt=storable(reported.out_id),
        status=SmsState.DELIVERED if reported.success else SmsState.FAILED,
        at=china_moment(reported.report_time, now),
        reason="" if reported.success else storable(reported.err_code)[:200],
        reference=storable(reported.biz_id),
    )
