"""A bare AMI client that sees exactly what Townline's own user is sent, byte for byte."""

import socket
import threading
import time
from contextlib import suppress
from typing import Self

from callbridge.settings import ExchangeSettings
from tests.patience import SOON

Message = dict[str, str]


class Ami:
    """Logs in, keeps every event in order, sends actions. Use as a context manager."""

    def __init__(self, settings: ExchangeSettings, secret: str) -> None:
        self._socket = socket.create_connection((str(settings.ami_address), settings.ami_port), timeout=SOON)
        self._changed = threading.Condition()
        self.raw = b""
        self.events: list[Message] = []
        self.responses: dict[str, Message] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if self.action("Login", Username="townline", Secret=secret)["Response"] != "Success":
            self.__exit__()
            raise AssertionError("refused")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # already closed from the other side
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()

    def action(self, name: str, **fields: str | list[str]) -> Message:
        """Send one action and return its response."""
        number = f"{name}-{time.monotonic_ns()}"
        lines = [f"Action: {name}", f"ActionID: {number}"]
        for key, value in fields.items():
            lines += [f"{key}: {each}" for each in (value if isinstance(value, list) else [value])]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        with self._changed:
            assert self._changed.wait_for(lambda: number in self.responses, SOON), f"no answer to {name}"
            return self.responses[number]

    def originate(self, **fields: str | list[str]) -> str:
        """Originate asynchronously; the ActionID that its OriginateResponse will carry."""
        defaults: dict[str, str | list[str]] = {"Priority": "1", "Async": "true", "Timeout": "20000"}
        return self.action("Originate", **(defaults | fields))["ActionID"]

    def store(self, family: str, key: str, value: str) -> str:
        """Write the exchange's own database the way Townline does; the answer of the Originate."""
        action = self.originate(
            Channel="Local/put@townline-put",
            Context="townline-put",
            Exten="done",
            Variable=[f"TL_FAMILY={family}", f"TL_KEYS={key}", f"TL_VALUE={value}"],
        )
        return self.wait("OriginateResponse", ActionID=action)["Response"]

    def wait(self, event: str, seconds: float = SOON, **fields: str) -> Message:
        """The first event of that name (for a UserEvent, its UserEvent field) with those fields."""

        def found() -> Message | None:
            return next((each for each in self.named(event) if fields.items() <= each.items()), None)

        with self._changed:
            assert self._changed.wait_for(found, seconds), f"no {event} {fields} within {seconds} s: {self.names()}"
            result = found()
            assert result is not None
            return result

    def named(self, event: str) -> list[Message]:
        return [each for each in self.events if event in (each["Event"], each.get("UserEvent"))]

    def names(self) -> list[str]:
        return [each.get("UserEvent") or each["Event"] for each in self.events]

    def _read(self) -> None:
        while True:
            try:
                chunk = self._socket.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                chunk = b""
            if not chunk:
                return
            with self._changed:
                self.raw += chunk
                self._split()
                self._changed.notify_all()

    def _split(self) -> None:
        self.events, self.responses = [], {}
        for block in self.raw.decode(errors="replace").split("\r\n\r\n")[:-1]:
            message = dict(line.partition(": ")[::2] for line in block.split("\r\n") if ": " in line)
            if "Event" in message:
                self.events.append(message)
            elif "ActionID" in message:
                self.responses[message["ActionID"]] = message
