"""Which operators' telephones can be reached, and which of them let themselves be rung, as the queues see them."""

from collections import deque
from collections.abc import Collection, Iterable
from datetime import datetime

from callbridge.calls import extension_of, number_of
from callbridge.events import PhonePresence, PhoneReached, PhoneRefuses, PhoneTaken, RingSurveyed
from callbridge.wire import Fields

# Asterisk's device states (include/asterisk/devicestate.h): unknown, invalid and unavailable; in use, busy, on hold.
UNREACHABLE = frozenset({"0", "4", "5"})
IN_USE = frozenset({"2", "3", "7", "8"})
REFUSALS = 3
# Milliseconds. It is measured in whole seconds: a telephone that rejects within 0.7 s was said to ring 0 or 1000 ms.
AT_ONCE = 2000
PAUSED = {each.value: each for each in (PhonePresence.AFTER_CALL, PhonePresence.REFUSES)}

PhoneNews = PhoneReached | PhoneRefuses | PhoneTaken


class Phones:
    """Takes queue members' states, gives changes of who can be reached and rung."""

    def __init__(self, exchange: str, extensions: Collection[str]) -> None:
        self._exchange = exchange
        self._reachable: dict[str, bool | None] = dict.fromkeys(extensions)
        self._refused: dict[str, int] = {}  # by extension: rings in a row that were rejected at once
        self._refuses: set[str] = set()  # said, and not taken since
        self._abandoned: deque[str] = deque(maxlen=100)  # calls whose end is nobody's refusal

    def hear(self, fields: Fields, at: datetime) -> list[PhoneNews]:
        match fields.get("event"):
            case "QueueMemberStatus":
                return [*self._seen(fields, at), *self._used(fields, at)]
            case "QueueCallerAbandon":
                self._abandoned.append(fields.get("uniqueid", ""))
            case "AgentRingNoAnswer" if fields.get("uniqueid") not in self._abandoned:
                return [*self._rang_out(fields, at)]
            case "AgentConnect":
                self._refused.pop(extension_of(fields.get("interface", "")) or "", None)
        return []

    def _rang_out(self, fields: Fields, at: datetime) -> list[PhoneRefuses]:
        """The queue rings one that rejects again every second, for ever; after a few times that is said, once."""
        extension = extension_of(fields.get("interface", ""))
        if extension is None:
            return []
        at_once = number_of(fields.get("ringtime")) <= AT_ONCE
        count = self._refused[extension] = self._refused.get(extension, 0) + 1 if at_once else 0
        if count < REFUSALS:
            return []
        self._refused[extension] = 0
        self._refuses.add(extension)
        return [PhoneRefuses(exchange=self._exchange, at=at, extension=extension)]

    def _used(self, fields: Fields, at: datetime) -> list[PhoneTaken]:
        """One that refused is in use: somebody has lifted it, or it has taken a call of ours."""
        extension = extension_of(fields.get("stateinterface", ""))
        if extension not in self._refuses or fields.get("status") not in IN_USE:
            return []
        self._refuses.discard(extension or "")
        return [PhoneTaken(exchange=self._exchange, at=at, extension=extension or "")]

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
                paused = PAUSED.get(member.get("pausedreason", ""), PhonePresence.BREAK)
                presences[extension] = paused if member.get("paused") == "1" else PhonePresence.READY
        self._refuses = {each for each, presence in presences.items() if presence is PhonePresence.REFUSES}
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
