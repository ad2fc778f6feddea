"""Live incoming calls: Asterisk's events, in order, become what happened to a call.

An event is believed only about a call that is known: from a UserEvent of our own dialplan with our token in it, from
CEL, or from the exchange's own list of channels. Whoever calls can put invented events into Asterisk's stream, and
cannot know the token.
"""

import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote

import structlog

from callbridge.events import (
    BridgeEvent,
    CallAnswered,
    CallArrived,
    CallDialled,
    CallEnd,
    CallEnded,
    CallerChose,
    CallerPressed,
    CallQueued,
    CallRangOut,
    CallRecord,
    CallRinging,
    CallSilent,
    Choice,
    Party,
)
from callbridge.wire import REPEATED, Fields

log = structlog.get_logger(__name__)

_ENDS = {end.value: end for end in CallEnd}
_PARTIES = {party.value: party for party in Party}
CHOICES = {choice.value: choice for choice in Choice}
REMEMBERED = 2000  # ended calls of which late events are recognised


@dataclass(slots=True)
class LiveCall:
    uniqueid: str
    linkedid: str
    channel: str
    at: datetime
    queue: str | None = None
    queued_at: datetime | None = None
    priority: int | None = None  # wanted in the queue, also in one that it joins later
    extension: str | None = None  # who answered
    spoke: bool = False  # since then
    outgoing: bool = False  # an operator's own call
    ringing: dict[str, None] = field(default_factory=dict)  # extensions, in the order in which they began to ring


class Token:
    """Proof that a UserEvent is of our own dialplan."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self.refused = 0

    def vouches_for(self, fields: Fields) -> bool:
        """Whether the token is there and nothing stands twice: a forged line break makes fields stand twice."""
        genuine = hmac.compare_digest(fields.get("token", "").encode(), self._token)
        if genuine and not any(REPEATED in value for value in fields.values()):
            return True
        self.refused += 1
        if self.refused.bit_count() == 1:  # the 1st, 2nd, 4th, 8th … : whoever sends many must not fill the log
            log.warning("event.refused", count=self.refused)
        return False


def stamp(fields: Fields, otherwise: datetime) -> datetime:
    """The exchange's own time of an event."""
    try:
        return datetime.fromtimestamp(float(fields["timestamp"]), UTC)
    except (KeyError, ValueError, OverflowError):
        return otherwise


def made_by_asterisk(exchange: str, uniqueid: str) -> bool:
    """Whether Asterisk gave that id by itself; calls of ours have ids that we chose."""
    return re.fullmatch(rf"(?:{re.escape(exchange)}-)?\d+\.\d+", uniqueid) is not None


def extension_of(interface: str) -> str | None:
    """`801` of `PJSIP/801` and of `PJSIP/801-00000002`; None for the trunk and for anything else."""
    technology, _, rest = interface.partition("/")
    extension = rest.partition("-")[0]
    return extension if technology == "PJSIP" and extension.isascii() and extension.isdigit() else None


class LiveCalls:
    """Takes normalised AMI events, gives typed ones; each fact once, nothing about a call that has ended."""

    def __init__(self, exchange: str, token: Token) -> None:
        self._exchange = exchange
        self._token = token
        self._calls: dict[str, LiveCall] = {}
        self._over: OrderedDict[str, None] = OrderedDict()
        self._heard: dict[str, Callable[[LiveCall, Fields, datetime], list[BridgeEvent]]] = {
            "QueueCallerJoin": self._queued,
            "QueueCallerLeave": self._left,
            "AgentCalled": self._rings,
            "AgentRingNoAnswer": self._rang_out,
            "AgentConnect": self._answered,
            "ChannelTalkingStart": self._spoke,
            "ChannelTalkingStop": self._spoke,
            "Hangup": self._hung_up,
        }

    def __contains__(self, uniqueid: str) -> bool:
        return uniqueid in self._calls

    def get(self, uniqueid: str) -> LiveCall | None:
        return self._calls.get(uniqueid)

    def values(self) -> list[LiveCall]:
        return list(self._calls.values())

    def hear(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        """What one event of Asterisk, stamped `at`, means."""
        if fields.get("event") == "UserEvent":
            match fields.get("userevent"):
                case "TownlineArrived" if self._token.vouches_for(fields):
                    return self._arrived(fields, at)
                case "TownlineDialled" if self._token.vouches_for(fields):
                    return self._dialled(fields, at)
                case "TownlineChosen" if self._token.vouches_for(fields):
                    return self._chose(fields, at)
                case "TownlinePressed" if self._token.vouches_for(fields):
                    return self._pressed(fields, at)
                case "TownlineEnded" if self._token.vouches_for(fields):
                    return self._ended(fields, at)
            return []
        known = self._heard.get(fields.get("event", ""))
        call = self._calls.get(fields.get("uniqueid", ""))
        return known(call, fields, at) if known is not None and call is not None else []

    def learn(self, record: CallRecord) -> None:
        """What CEL says of a call is true: an open one is live, an ended one is not."""
        if record.end is not None:
            self.forget(record.uniqueid)
        elif record.uniqueid not in self._over:
            known = (record.uniqueid, record.linkedid, record.channel, record.at)
            self.add(LiveCall(*known, outgoing=record.outgoing))
            call = self._calls[record.uniqueid]
            call.queued_at = call.queued_at or record.queued_at
            call.extension = call.extension or record.extension

    def add(self, call: LiveCall) -> bool:
        """Keep a call; whether it is new."""
        if call.uniqueid in self._calls or call.uniqueid in self._over:
            return False
        self._calls[call.uniqueid] = call
        return True

    def forget(self, uniqueid: str) -> None:
        """The call has ended, as somebody else has reported."""
        self._calls.pop(uniqueid, None)
        self._over[uniqueid] = None
        self._over.move_to_end(uniqueid)
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)

    def end(
        self, uniqueid: str, at: datetime, end: CallEnd, party: Party, cause: int, recording: str = ""
    ) -> list[BridgeEvent]:
        """The end of a call, once, after the end of all ringing for it."""
        if uniqueid in self._over:
            return []
        call = self._calls.get(uniqueid)
        silenced = self._silence(call, at) if call is not None else []
        self.forget(uniqueid)
        ended = CallEnded(
            exchange=self._exchange,
            at=at,
            uniqueid=uniqueid,
            end=end,
            hung_up_by=party,
            cause=cause,
            recording=recording,
        )
        return [*silenced, ended]

    def _arrived(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        call = LiveCall(fields["uniqueid"], fields.get("linkedid", ""), fields.get("channel", ""), at)
        if not self.add(call):
            return []
        return [
            CallArrived(
                exchange=self._exchange,
                at=at,
                uniqueid=call.uniqueid,
                linkedid=call.linkedid,
                channel=call.channel,
                number=unquote(fields.get("number", "")),
                name=unquote(fields.get("name", "")),
                dialled=fields.get("dialled", ""),
                emergency=fields.get("emergency") == "1",
            )
        ]

    def _dialled(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        channel = fields.get("channel", "")
        call = LiveCall(fields["uniqueid"], fields.get("linkedid", ""), channel, at, outgoing=True)
        if not self.add(call):
            return []
        return [
            CallDialled(
                exchange=self._exchange,
                at=at,
                uniqueid=call.uniqueid,
                linkedid=call.linkedid,
                channel=call.channel,
                extension=fields.get("extension", ""),
                number=fields.get("number", ""),
            )
        ]

    def _ended(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        end = _ENDS.get(fields.get("end", ""), CallEnd.ABANDONED)
        party = _PARTIES.get(fields.get("hungupby", ""), Party.EXCHANGE)
        cause = number_of(fields.get("cause"))
        return self.end(fields.get("call", ""), at, end, party, cause, fields.get("recording", ""))

    def _chose(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        uniqueid, choice = fields.get("call", ""), CHOICES.get(fields.get("choice", ""))
        if choice is None or uniqueid in self._over:
            return []
        digit, file = fields.get("digit", ""), fields.get("file", "")
        return [CallerChose(exchange=self._exchange, at=at, uniqueid=uniqueid, choice=choice, digit=digit, file=file)]

    def _pressed(self, fields: Fields, at: datetime) -> list[BridgeEvent]:
        uniqueid, menu, key = (fields.get(name, "") for name in ("call", "menu", "key"))
        return [CallerPressed(exchange=self._exchange, at=at, uniqueid=uniqueid, menu=menu, key=key)]

    def _queued(self, call: LiveCall, fields: Fields, at: datetime) -> list[BridgeEvent]:
        call.queue, call.queued_at, call.extension = fields.get("queue", ""), at, None
        position = number_of(fields.get("position"))
        return [
            CallQueued(exchange=self._exchange, at=at, uniqueid=call.uniqueid, queue=call.queue, position=position)
        ]

    def _left(self, call: LiveCall, _fields: Fields, _at: datetime) -> list[BridgeEvent]:
        call.queue = None
        return []

    def _spoke(self, call: LiveCall, _fields: Fields, _at: datetime) -> list[BridgeEvent]:
        call.spoke = True
        return []

    def silent(self, uniqueid: str, at: datetime) -> list[BridgeEvent]:
        """The time for a first word is over: whether there was none, in a call that is still going on."""
        call = self._calls.get(uniqueid)
        if call is None or call.spoke:
            return []
        return [CallSilent(exchange=self._exchange, at=at, uniqueid=uniqueid)]

    def _rings(self, call: LiveCall, fields: Fields, at: datetime) -> list[BridgeEvent]:
        extension = extension_of(fields.get("interface", ""))
        return self.ring(call, extension, at) if extension is not None else []

    def ring(self, call: LiveCall, extension: str, at: datetime) -> list[BridgeEvent]:
        """That telephone rings for the call."""
        if extension in call.ringing:
            return []
        call.ringing[extension] = None
        return [CallRinging(exchange=self._exchange, at=at, uniqueid=call.uniqueid, extension=extension)]

    def _rang_out(self, call: LiveCall, fields: Fields, at: datetime) -> list[BridgeEvent]:
        extension = extension_of(fields.get("interface", ""))
        return self._silence(call, at, extension) if extension in call.ringing else []

    def _answered(self, call: LiveCall, fields: Fields, at: datetime) -> list[BridgeEvent]:
        extension = extension_of(fields.get("interface", ""))
        if extension is None:
            return []
        return self.answer(call, extension, fields.get("destuniqueid", ""), at)

    def answer(self, call: LiveCall, extension: str, operator_uniqueid: str, at: datetime) -> list[BridgeEvent]:
        """That telephone took the call; the others no longer ring."""
        call.extension, call.spoke = extension, False
        call.ringing.pop(extension, None)
        answered = CallAnswered(
            exchange=self._exchange,
            at=at,
            uniqueid=call.uniqueid,
            extension=extension,
            operator_uniqueid=operator_uniqueid,
            waited=at - (call.queued_at or call.at),
        )
        return [answered, *self._silence(call, at)]

    def _hung_up(self, call: LiveCall, fields: Fields, at: datetime) -> list[BridgeEvent]:
        """Its hangup handler has spoken before; should it have failed, this is the end as far as one can see."""
        return self.end(call.uniqueid, at, end_of(call), Party.EXCHANGE, number_of(fields.get("cause")))

    def _silence(self, call: LiveCall, at: datetime, extension: str | None = None) -> list[BridgeEvent]:
        silenced = list(call.ringing) if extension is None else [extension]
        for each in silenced:
            del call.ringing[each]
        return [
            CallRangOut(exchange=self._exchange, at=at, uniqueid=call.uniqueid, extension=each) for each in silenced
        ]


def end_of(call: LiveCall) -> CallEnd:
    """How a call that is gone has ended, as far as one can see."""
    if call.extension is not None:
        return CallEnd.ANSWERED
    return CallEnd.NOT_REACHED if call.outgoing else CallEnd.ABANDONED


def number_of(text: str | None) -> int:
    """A whole number of an event, 0 when it is none."""
    return int(text) if text and text.isascii() and text.isdigit() else 0
