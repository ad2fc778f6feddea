"""A message in the stand-in's hands, and how it may be mistreated."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any


class Fault(Enum):
    """What goes wrong with the next message."""

    TAKEN_THEN_SILENT = auto()  # in its queue, but the answer never comes
    TAKEN_THEN_CUT = auto()  # in its queue, but the connection breaks
    BROKEN = auto()  # 500
    REFUSED = auto()  # 400


@dataclass
class StandInMessage:
    id: str
    to: str
    text: str
    state: str = "Pending"
    error: str | None = None
    request: dict[str, Any] = field(default_factory=dict)  # all of it, as it came

    def shown(self) -> dict[str, Any]:
        """As the app's API shows a message."""
        return {
            "id": self.id,
            "deviceId": "stand-in",
            "state": self.state,
            "isHashed": False,
            "isEncrypted": False,
            "recipients": [{"phoneNumber": self.to, "state": self.state, "error": self.error}],
            "states": {self.state: now_as_the_app_says()},
        }


def now_as_the_app_says() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")
