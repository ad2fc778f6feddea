"""What the SMS Gateway app reports: its webhooks' bodies, read without trusting any of it."""

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from callbridge.errors import CallbackMalformed
from callbridge.gateways.door import InboundSms, SmsState, SmsStatus
from callbridge.gateways.untrusted import moment, storable

# The app's ProcessingState in the words of the door; "Processed" means handed to Android, not yet to the network.
STATES = {
    "Pending": SmsState.UNDER_WAY,
    "Cancelling": SmsState.UNDER_WAY,
    "Processed": SmsState.UNDER_WAY,
    "Sent": SmsState.SENT,
    "Delivered": SmsState.DELIVERED,
    "Failed": SmsState.FAILED,
    "Cancelled": SmsState.FAILED,
}
# Each status event with the field that says when. A long message is reported delivered once for each of its parts.
STATUS_EVENTS = {
    "sms:sent": (SmsState.SENT, "sentAt"),
    "sms:delivered": (SmsState.DELIVERED, "deliveredAt"),
    "sms:failed": (SmsState.FAILED, "failedAt"),
    "sms:cancelled": (SmsState.FAILED, "cancelledAt"),
}


class _Event(BaseModel):
    id: str = Field(min_length=1, max_length=128)
    event: str = Field(max_length=64)
    payload: dict[str, Any]


class _Received(BaseModel):
    """`sender` is what versions before 1.54 call `phoneNumber`."""

    sender: str | None = Field(default=None, max_length=256)
    phoneNumber: str | None = Field(default=None, max_length=256)  # noqa: N815
    recipient: str | None = Field(default=None, max_length=256)
    message: str


class _Reported(BaseModel):
    messageId: str = Field(min_length=1, max_length=128)  # noqa: N815
    reason: str = ""


def read_event(body: bytes, now: datetime) -> InboundSms | SmsStatus | None:
    """The event in `body`, None when it is of a kind we do not act on.

    An event without a readable time happened `now`: an answer is never lost for its stamp. Raises CallbackMalformed.
    """
    try:
        event = _Event.model_validate(json.loads(body))
        if event.event == "sms:received":
            return _received(event, now)
        if event.event in STATUS_EVENTS:
            return _status(event, now)
    except (ValidationError, ValueError, RecursionError):
        # From None: pydantic's message quotes the body, which may not reach a log.
        raise CallbackMalformed("the body is not an event of the SMS Gateway app") from None
    return None


def _received(event: _Event, now: datetime) -> InboundSms:
    received = _Received.model_validate(event.payload)
    return InboundSms(
        event_id=storable(event.id),
        from_number=storable(received.sender or received.phoneNumber or ""),
        to_number=None if received.recipient is None else storable(received.recipient),
        text=storable(received.message),
        received_at=moment(event.payload.get("receivedAt"), now),
    )


def _status(event: _Event, now: datetime) -> SmsStatus:
    status, when = STATUS_EVENTS[event.event]
    reported = _Reported.model_validate(event.payload)
    reason = reported.reason or ("cancelled on the telephone" if event.event == "sms:cancelled" else "")
    return SmsStatus(
        event_id=storable(event.id),
        attempt=storable(reported.messageId),
        status=status,
        at=moment(event.payload.get(when), now),
        reason=storable(reason)[:200],
    )
