"""The phone itself: what it was given to send goes through its queue to the town's telephones, and back."""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import phonenumbers
import uvicorn

from dispatch.rehearsal.sms.interface import interface
from dispatch.rehearsal.sms.refusal import Refusal
from dispatch.rehearsal.sms.reports import Reports, app_time
from dispatch.rehearsal.witness import Log

RADIO_SECONDS = 0.2  # until the network has taken a message, and again until the other telephone has it
MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
PART = 67  # characters of a long message in UCS-2, for each part


@dataclass(slots=True)
class Sms:
    """A message that the phone was given to send."""

    id: str
    numbers: list[str]
    text: str
    check_numbers: bool
    state: str = "Pending"
    errors: dict[str, str] = field(default_factory=dict)  # by number
    states: dict[str, str] = field(default_factory=dict)  # when it came to each


class PortTaken(Exception):
    """Somebody else listens where the SMS phone should."""


class SmsPhone:
    """`on_delivered` is told the number and the text of each message that reached a telephone of the town."""

    def __init__(
        self,
        *,
        port: int,
        user: str,
        password: str,
        number: str,
        log: Log,
        on_delivered: Callable[[str, str], None],
        retry_seconds: float = 10.0,
    ) -> None:
        self.user, self.password = user, password
        self.number = number
        self.reports = Reports(secrets.token_urlsafe(16), "rehearsal", retry_seconds)
        self.messages: dict[str, Sms] = {}
        self._log = log
        self._on_delivered = on_delivered
        self._server = QuietServer(
            uvicorn.Config(interface(self), host="127.0.0.1", port=port, log_config=None, lifespan="off")
        )
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.config.port}"

    async def start(self) -> None:
        """Returns once it listens. Raises PortTaken."""
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._serving.done():
                raise PortTaken(f"the SMS phone cannot listen on port {self._server.config.port}")
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
        await self.reports.close()

    def receive(self, sender: str, text: str) -> None:
        """Somebody wrote to the phone's number."""
        self._log.write("sms", "received", number=sender, detail=text)
        stamp = app_time()
        # The app's message id is made from the content and repeats itself.
        id_ = hashlib.sha256(f"{sender}{text}".encode()).hexdigest()[:8]
        self.reports.tell(
            "sms:received",
            {
                "messageId": id_,
                "message": text,
                "sender": sender,
                "recipient": self.number,
                "phoneNumber": sender,
                "receivedAt": stamp,
            },
        )

    def take(self, asked: dict[str, Any], *, check_numbers: bool) -> Sms:
        """Into the queue with it. Raises Refusal."""
        texts = [asked[key] for key in ("message", "textMessage") if asked.get(key) is not None]
        if len(texts) != 1:
            raise Refusal(400, "Must specify exactly one of: textMessage, dataMessage, or message")
        text = texts[0].get("text") if isinstance(texts[0], dict) else texts[0]
        if not isinstance(text, str) or not text:
            raise Refusal(400, "Text message is empty")
        numbers = asked.get("phoneNumbers")
        if not isinstance(numbers, list) or not numbers:
            raise Refusal(400, "Empty phone numbers list")
        if asked.get("ttl") is not None and asked.get("validUntil") is not None:
            raise Refusal(400, "fields conflict: ttl and validUntil")
        id_ = str(asked.get("id") or secrets.token_urlsafe(16))
        if id_ in self.messages:
            raise Refusal(409, "Message with the same ID already exists")
        sms = self.messages[id_] = Sms(id_, numbers, text, check_numbers, states={"Pending": app_time()})
        self.reports.spawn(self._send(sms))
        return sms

    async def _send(self, sms: Sms) -> None:
        self._move(sms, "Processed")
        await asyncio.sleep(RADIO_SECONDS)
        if sms.check_numbers:
            sms.errors = {number: error for number in sms.numbers if (error := _wrong(number))}
        good = [number for number in sms.numbers if number not in sms.errors]
        for number, error in sms.errors.items():
            self._move(sms, "Failed")
            self._note(sms, number, "sms:failed", {"reason": error, "failedAt": app_time()}, detail=error)
        for number in good:
            self._move(sms, "Sent")
            parts = 1 if len(sms.text) <= 70 else -(-len(sms.text) // PART)
            self._note(sms, number, "sms:sent", {"partsCount": parts, "sentAt": app_time()}, detail=sms.text)
        await asyncio.sleep(RADIO_SECONDS)
        for number in good:
            self._move(sms, "Delivered")
            self._note(sms, number, "sms:delivered", {"deliveredAt": app_time()}, detail=sms.text)
            self._on_delivered(number, sms.text)

    def _move(self, sms: Sms, state: str) -> None:
        sms.state = state
        sms.states[state] = app_time()

    def _note(self, sms: Sms, number: str, event: str, more: dict[str, Any], *, detail: str) -> None:
        self._log.write("sms", event.removeprefix("sms:"), number=number, call=sms.id, detail=detail)
        about = {"messageId": sms.id, "sender": self.number, "recipient": number, "phoneNumber": number}
        self.reports.tell(event, {**about, **more})


class QuietServer(uvicorn.Server):
    """Runs inside somebody else's event loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to whoever runs the rehearsal."""
        yield


def _wrong(number: str) -> str | None:
    """The app's own check of a receiver, which a request may switch off."""
    try:
        parsed = phonenumbers.parse(number, "CN")
    except phonenumbers.NumberParseException as error:
        return str(error)
    if not phonenumbers.is_valid_number(parsed):
        return "Invalid phone number"
    return None if phonenumbers.number_type(parsed) in MOBILE else "Invalid phone number type"
