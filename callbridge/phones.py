"""Which operators' telephones can be reached, as the exchange's queues see them."""

from collections.abc import Collection, Iterable
from datetime import datetime

from callbridge.calls import extension_of
from callbridge.events import PhonePresence, PhoneReached, PhoneRefuses, RingSurveyed
from callbridge.wire import Fields

# Asterisk's device states unknown, invalid and unavailable (include/asterisk/devicestate.h).
UNREACHABLE = frozenset({"0", "4", "5"})
REFUSALS = 3


class Phones:
    """Takes queue members' states, gives changes of who can be reached."""

    def __init__(self, exchange: str, extensions: Collection[str]) -> None:
        self._exchange = exchange
        self._reachable: dict[str, bool | None] = dict.fromkeys(extensions)
        self._refused: dict[str, int] = {}  # rings in a row that were rejected at once

    def hear(self, fields: Fields, at: datetime) -> list[PhoneReached | PhoneRefuses]:
        match fields.get("event"):
            case "QueueMemberStatus":
                return [*self._seen(fields, at)]
            case "AgentRingNoAnswer":
                return [*self._rejected(fields, at)]
            case "AgentConnect":
                self._refused.pop(fields.get("interface", ""), None)
        return []

    def _rejected(self, fields: Fields, at: datetime) -> list[PhoneRefuses]:
        """The queue rings it again every second, for ever; after a few times that is said, once."""
        interface = fields.get("interface", "")
        at_once = fields.get("ringtime") == "0"
        count = self._refused[interface] = self._refused.get(interface, 0) + 1 if at_once else 0
        extension = extension_of(interface)
        if count != REFUSALS or extension is None:
            return []
        self._refused[interface] = 0
        return [PhoneRefuses(exchange=self._exchange, at=at, extension=extension)]

    def survey(self, members: Iterable[Fields], at: datetime) -> list[PhoneReached]:
        """Every telephone as it is now, said whether or not it changed; one that no queue knows is not reachable."""
        self._reachable = dict.fromkeys(self._reachable)
        seen = [event for member in members for event in self._seen(member, at)]
        rest = [extension for extension, reachable in self._reachable.items() if reachable is None]
        return seen + [event for extension in rest for event in self._change(extension, at, reachable=False)]

    def ring(self, members: Iterable[Fields], at: datetime) -> RingSurveyed:
        """Who is in the ring, as the hotline's queue holds it; everybody else is not."""
        presences = dict.fromkeys(self._reachable, PhonePresence.OFF)
        for member in members:
            extension = extension_of(member.get("stateinterface", ""))
            if extension in presences and member.get("queue") == "hotline":
                reason = member.get("pausedreason", "")
                paused = PhonePresence.AFTER_CALL if reason == PhonePresence.AFTER_CALL else PhonePresence.BREAK
                presences[extension] = paused if member.get("paused") == "1" else PhonePresence.READY
        return RingSurveyed(exchange=self._exchange, at=at, presences=presences)

    def _seen(self, fields: Fields, at: datetime) -> list[PhoneReached]:
        extension = extension_of(fields.get("stateinterface", ""))
        if extension is None or extension not in self._reachable:
            return []
        return self._change(extension, at, reachable=fields.get("status") not in UNREACHABLE)

    def _change(self, extension: str, at: datetime, *, reachable: bool) -> list[PhoneReached]:
        if self._reachable[extension] is reachable:
            return []
        self._reachable[extension] = reachable
        return [PhoneReached(exchange=self._exchange, at=at, extension=extension, reachable=reachable)]
