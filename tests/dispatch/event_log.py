"""What the exchange's event log (CEL) tells, written as the bridge reads it."""

from datetime import datetime
from typing import Any

from callbridge.events import (
    CallOut,
    CallRecord,
    CelPosition,
    CelRead,
    Source,
)


def record(uniqueid: str, at: datetime, **facts: Any) -> CallRecord:
    return CallRecord(
        **(
            {
                "exchange": "main",
                "at": at,
                "source": Source.CEL,
                "uniqueid": uniqueid,
                "linkedid": uniqueid,
                "channel": "PJSIP/trunk-00000001",
                "number": "02367001001",
                "name": "",
                "dialled": "02367000000",
                "emergency": False,
                "queued_at": None,
                "answered_at": None,
                "extension": None,
                "operator_uniqueid": None,
                "ended_at": None,
                "end": None,
                "hung_up_by": None,
                "cause": None,
            }
            | facts
        )
    )


def cel(at: datetime, row: int, *calls: CallRecord, outgoing: tuple[CallOut, ...] = ()) -> CelRead:
    return CelRead(
        exchange="main",
        at=at,
        source=Source.CEL,
        position=CelPosition(generation="g1", row=row, stamp=at.timestamp()),
        calls=calls,
        outgoing=outgoing,
    )
