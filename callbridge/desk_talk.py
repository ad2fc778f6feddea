"""What our dialplan says of operators' telephones: calls taken, held and resumed, who comes and goes, codes dialled.

Believed with our token only, like everything the dialplan says.
"""

from collections.abc import Callable
from datetime import datetime

from callbridge.calls import LiveCalls, Token, number_of
from callbridge.events import (
    BridgeEvent,
    CallHeld,
    CallReached,
    CallResumed,
    PartyJoined,
    PartyLeft,
    PhonePresence,
    PresenceDialled,
)
from callbridge.wire import Fields

PRESENCES = {each.value: each for each in PhonePresence}


class DeskTalk:
    """Takes normalised AMI events, gives typed ones."""

    def __init__(self, exchange: str, token: Token, calls: LiveCalls) -> None:
        self._exchange = exchange
        self._leg = f"{exchange}-leg-"
        self._token = token
        self._calls = calls
        self._said: dict[str, Callable[[Fields, datetime], list[BridgeEvent]]] = {
            "TownlineAnswered": self._taken,
            "TownlineForwarded": self._taken,  # by somebody outside, who has no extension
            "TownlineReached": self._reached,
            "TownlineHeld": self._held,
            "TownlineResumed": self._resumed,
            "TownlineJoined": self._joined,
            "TownlineLeft": self._left,
            "TownlinePresence": self._presence,
        }

    def hear(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        """What one event of Asterisk, stamped `at`, means."""
        match fields.get("event"):
            case "UserEvent":
                said = self._said.get(fields.get("userevent", ""))
                return said(fields, at) if said is not None and self._token.vouches_for(fields) else []
            case "Hangup" if fields.get("uniqueid", "").startswith(self._leg):
                return self._left(fields, at)
        return []

    def failed_to_begin(self, fields: Fields) -> str | None:
        """The id of a leg or of an operator's call, when this says that its Originate failed.

        A Hangup with the cause may come a moment later, or never, when no channel was made.
        """
        failed = fields.get("event") == "OriginateResponse" and fields.get("response") == "Failure"
        order = fields.get("actionid", "")
        return order if failed and order.startswith((self._leg, f"{self._exchange}-dial-")) else None

    def _taken(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        call = self._calls.get(fields.get("call", ""))
        if call is None:
            return []
        return self._calls.answer(call, fields.get("extension", ""), fields.get("uniqueid", ""), at)

    def _reached(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        call, called = self._calls.get(fields.get("call", "")), fields.get("uniqueid", "")
        if call is None:
            return []
        call.extension = call.extension or ""  # answered; from which telephone it was dialled is known elsewhere
        return [CallReached(exchange=self._exchange, at=at, uniqueid=call.uniqueid, called=called)]

    def _held(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        return [CallHeld(exchange=self._exchange, at=at, uniqueid=fields.get("call", ""))]

    def _resumed(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        return [CallResumed(exchange=self._exchange, at=at, uniqueid=fields.get("call", ""))]

    def _joined(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        call, leg = fields.get("call", ""), fields.get("uniqueid", "")
        return [PartyJoined(exchange=self._exchange, at=at, uniqueid=call, leg=leg)]

    def _left(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        cause = number_of(fields.get("cause"))
        return [PartyLeft(exchange=self._exchange, at=at, leg=fields.get("uniqueid", ""), cause=cause)]

    def _presence(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        presence = PRESENCES.get(fields.get("presence", ""))
        if presence is None:
            return []
        extension = fields.get("extension", "")
        return [PresenceDialled(exchange=self._exchange, at=at, extension=extension, presence=presence)]
