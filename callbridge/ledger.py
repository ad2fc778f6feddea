"""What the rows of CEL add up to: every incoming call, and what became of every call of ours.

Rows come in the order in which the exchange wrote them. A call is known by its uniqueid, one of ours by the attempt
in it. What changed stays in the ledger's news until it has been accepted, so a listener that failed gets it again.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote

from callbridge.calls import made_by_asterisk
from callbridge.events import CallEnd, CallOut, CallRecord, Choice, Outcome, Party, Pressed, Source
from callbridge.outcomes import Causes

_OPERATOR = re.compile(r"PJSIP/(\d{2,6})-")
_TRUNK = "PJSIP/trunk-"
_ENDS = {end.value: end for end in CallEnd}
_PARTIES = {party.value: party for party in Party}
_CHOICES = {choice.value: choice for choice in Choice}


class CelRow(NamedTuple):
    row: int
    event: str
    at: datetime
    number: str
    exten: str
    channel: str
    app: str
    uniqueid: str
    linkedid: str
    extra: str

    @property
    def facts(self) -> dict[str, str]:
        """The facts of an event of our dialplan: `key=value|key=value`, URI-encoded where they come from outside."""
        text = str(self.details.get("extra", ""))
        return {key: unquote(value) for key, _, value in (each.partition("=") for each in text.split("|"))}

    @property
    def details(self) -> dict[str, object]:
        """What Asterisk itself adds to some events, as JSON."""
        try:
            details = json.loads(self.extra or "{}")
        except ValueError:
            return {}
        return details if isinstance(details, dict) else {}


@dataclass(slots=True)
class _Incoming:
    uniqueid: str
    linkedid: str
    channel: str
    at: datetime
    number: str
    dialled: str
    name: str = ""
    emergency: bool = False
    told: bool = False  # the dialplan has spoken: from here on it is worth reporting
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    extension: str | None = None
    operator_uniqueid: str | None = None
    ended_at: datetime | None = None
    end: CallEnd | None = None
    hung_up_by: Party | None = None
    cause: int | None = None
    choice: Choice | None = None
    digit: str = ""
    file: str = ""
    recording: str = ""
    pressed: tuple[Pressed, ...] = ()
    over: bool = False  # its channel is gone: no more rows
    outgoing: bool = False  # an operator's own call
    last_row_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.last_row_at = self.at


@dataclass(slots=True)
class _Outgoing:
    attempt: str
    at: datetime
    answered_at: datetime | None = None
    cause: int = 0
    result: CallOut | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class News:
    calls: tuple[CallRecord, ...]
    outgoing: tuple[CallOut, ...]


class Ledger:
    """Takes rows, gives news. Not safe for two threads at once."""

    def __init__(self, exchange: str, causes: Causes | None = None) -> None:
        self._exchange = exchange
        self._causes = causes or Causes()
        self._own = f"{exchange}-"
        self._incoming: dict[str, _Incoming] = {}
        self._outgoing: dict[str, _Outgoing] = {}
        self._operators: dict[str, str] = {}  # uniqueid of a telephone's channel: its extension
        self._bridges: dict[str, dict[str, None]] = {}  # who is in which bridge, in the order of coming
        self._changed: dict[str, None] = {}

    def take(self, rows: Iterable[CelRow]) -> None:
        for row in rows:
            if row.event == "CHAN_START":
                self._begin(row)
            elif row.event in ("BRIDGE_ENTER", "BRIDGE_EXIT"):
                self._bridge(row)
            elif row.event == "TOWNLINE_PROOF":  # a call of the daily proof: it counts nowhere
                self._incoming.pop(row.uniqueid, None)
                self._changed.pop(row.uniqueid, None)
            elif row.event == "TOWNLINE_FORWARDED":
                self._forwarded(row)
            elif row.event == "TOWNLINE_DIALLED":
                self._dialled(row)
            if (whole := self._incoming.get(row.linkedid)) is not None:
                whole.last_row_at = row.at
            if (call := self._incoming.get(row.uniqueid)) is not None:
                self._take_incoming(call, row)
            elif (out := self._outgoing.get(row.uniqueid)) is not None:
                self._take_outgoing(out, row)
            if row.event == "CHAN_END":
                self._operators.pop(row.uniqueid, None)

    def news(self, most: int | None = None) -> News:
        """What has changed since it was last accepted, at most so many calls: emergencies first, the oldest first."""
        changed = sorted(self._changed, key=self._is_no_emergency)[:most]
        incoming = [self._incoming[each] for each in changed if each in self._incoming]
        outgoing = [self._outgoing[each].result for each in changed if each in self._outgoing]
        return News(
            tuple(self._record(call) for call in incoming),
            tuple(result for result in outgoing if result is not None),
        )

    def _is_no_emergency(self, uniqueid: str) -> bool:
        call = self._incoming.get(uniqueid)
        return call is None or not call.emergency

    def accept(self, news: News) -> None:
        """That news has been kept by whoever wanted it. What is over and told is forgotten here."""
        for record in news.calls:
            call = self._incoming.get(record.uniqueid)
            if call is not None and self._record(call) == record:
                self._changed.pop(record.uniqueid, None)
                if call.over:
                    del self._incoming[record.uniqueid]
        for result in news.outgoing:
            uniqueid = self._own + result.attempt
            out = self._outgoing.get(uniqueid)
            if out is not None:
                self._changed.pop(uniqueid, None)
                if out.over:
                    del self._outgoing[uniqueid]

    def forget_news(self) -> None:
        """What was taken so far is known to whoever listens (rows from before the position he gave)."""
        self._changed.clear()

    @property
    def waiting(self) -> int:
        """How many calls have news."""
        return len(self._changed)

    @property
    def open_calls(self) -> list[CallRecord]:
        """Incoming calls without an end."""
        return [self._record(call) for call in self._incoming.values() if call.end is None and call.told]

    def lost(self, alive: Collection[str], asked_at: datetime) -> list[str]:
        """Uniqueids of all calls that should be alive and that the exchange, asked then, did not name."""
        every = [(key, call.at, call.end is None) for key, call in self._incoming.items()]
        every += [(key, out.at, out.result is None) for key, out in self._outgoing.items()]
        return [key for key, at, is_open in every if is_open and at < asked_at and key not in alive]

    def may_end(self, uniqueid: str, booted_at: datetime) -> bool:
        """Whether its end may still come: it was alive after its exchange booted."""
        call, out = self._incoming.get(uniqueid), self._outgoing.get(uniqueid)
        latest = call.last_row_at if call is not None else out.at if out is not None else booted_at
        return latest >= booted_at

    def close(self, uniqueid: str, *, booted_at: datetime, alive_until: datetime | None) -> None:
        """End a call of which CEL will say no more: its exchange died (before `booted_at`), or the rows are missing.

        It ended with its last row, or when the link was last alive, if that is later.
        """
        if (call := self._incoming.get(uniqueid)) is not None:
            died = call.last_row_at < booted_at
            latest = alive_until if died and alive_until is not None and alive_until < booted_at else call.last_row_at
            call.ended_at = max(call.last_row_at, latest)
            call.end = CallEnd.CUT_OFF if died else _end_of(call)
            call.hung_up_by, call.cause, call.over, call.told = Party.EXCHANGE, 0, True, True
            self._changed[uniqueid] = None
        elif (out := self._outgoing.get(uniqueid)) is not None:
            out.over = True
            self._tell(out, uniqueid, out.answered_at or out.at, Outcome.FAILED, "")

    def _begin(self, row: CelRow) -> None:
        if operator := _OPERATOR.match(row.channel):
            self._operators[row.uniqueid] = operator[1]
        elif not row.channel.startswith("PJSIP/"):
            return
        if made_by_asterisk(self._exchange, row.uniqueid):
            if row.channel.startswith(_TRUNK) and row.uniqueid == row.linkedid and row.uniqueid not in self._incoming:
                self._incoming[row.uniqueid] = _Incoming(
                    row.uniqueid, row.linkedid, row.channel, row.at, row.number, row.exten
                )
        elif row.uniqueid.startswith(f"{self._own}dial-"):
            self._incoming.setdefault(
                row.uniqueid,
                _Incoming(row.uniqueid, row.linkedid, row.channel, row.at, "", row.exten, outgoing=True),
            )
        elif row.uniqueid.startswith(f"{self._own}leg-"):
            return  # somebody called into a call
        elif row.uniqueid.startswith(self._own) and row.uniqueid not in self._outgoing:
            self._outgoing[row.uniqueid] = _Outgoing(row.uniqueid.removeprefix(self._own), row.at)

    def _bridge(self, row: CelRow) -> None:
        bridge_id = str(row.details.get("bridge_id", ""))
        there = self._bridges.setdefault(bridge_id, {})
        if row.event == "BRIDGE_EXIT":
            there.pop(row.uniqueid, None)
            if not there:
                del self._bridges[bridge_id]
            return
        there[row.uniqueid] = None
        operator = next((each for each in there if each in self._operators), None)
        call = next((self._incoming[each] for each in there if each in self._incoming), None)
        if operator is not None and call is not None and call.answered_at is None:
            call.answered_at, call.operator_uniqueid = row.at, operator
            call.extension = self._operators[operator]
            self._changed[call.uniqueid] = None

    def _forwarded(self, row: CelRow) -> None:
        """Somebody outside has taken the call: told on her channel, not on the caller's."""
        call = self._incoming.get(row.facts.get("call", ""))
        if call is not None and call.answered_at is None:
            call.answered_at = row.at
            self._changed[call.uniqueid] = None

    def _dialled(self, row: CelRow) -> None:
        """By hand, on an operator's telephone: only from here on it is known to be a call of its own."""
        facts = row.facts
        number = facts.get("number", "")
        call = _Incoming(row.uniqueid, row.linkedid, row.channel, row.at, number, number, told=True, outgoing=True)
        call.extension = facts.get("extension")
        self._incoming.setdefault(row.uniqueid, call)
        self._changed[row.uniqueid] = None

    def _take_incoming(self, call: _Incoming, row: CelRow) -> None:
        had_ended = call.end is not None
        match row.event:
            case "TOWNLINE_ARRIVED":
                facts = row.facts
                call.number, call.name = facts.get("number", call.number), facts.get("name", "")
                call.dialled = facts.get("dialled", call.dialled)
                call.emergency = facts.get("emergency") == "1"
                call.told = True
            case "APP_START" if row.app == "Queue" and call.queued_at is None:
                call.queued_at, call.told = row.at, True
            case "TOWNLINE_CHOSEN":
                facts = row.facts
                call.choice = _CHOICES.get(facts.get("choice", ""), call.choice)
                call.digit, call.file = facts.get("digit", ""), facts.get("file", "")
            case "TOWNLINE_PRESSED":
                facts = row.facts
                told = Pressed(menu=facts.get("menu", ""), key=facts.get("key", ""), at=row.at)
                call.pressed = (*call.pressed, told)
            case "TOWNLINE_ENDED":
                facts = row.facts
                call.recording = facts.get("recording", "")
                call.ended_at, call.cause = row.at, _number(facts.get("cause"))
                call.end = _ENDS.get(facts.get("end", ""), _end_of(call))
                call.hung_up_by = _PARTIES.get(facts.get("by", ""), Party.EXCHANGE)
            case "HANGUP" | "CHAN_END" if call.end is None:  # the dialplan's own word is missing
                source = str(row.details.get("hangupsource", ""))
                call.ended_at, call.cause, call.end = row.at, _number(row.details.get("hangupcause")), _end_of(call)
                operator = _OPERATOR.match(source)
                call.hung_up_by = (
                    Party.CALLER if source == call.channel else Party.OPERATOR if operator else Party.EXCHANGE
                )
            case "CHAN_END":
                pass
            case _:
                return
        if row.event == "CHAN_END":
            call.over = True
            if had_ended and call.uniqueid not in self._changed:  # told and accepted before
                del self._incoming[call.uniqueid]
                return
        call.told |= call.end is not None
        if call.told:
            self._changed[call.uniqueid] = None

    def _take_outgoing(self, out: _Outgoing, row: CelRow) -> None:
        match row.event:
            case "ANSWER":
                out.answered_at = row.at
            case "TOWNLINE_KEY":
                facts = row.facts
                pressed = facts.get("result") == Outcome.KEY
                self._tell(
                    out, row.uniqueid, row.at, Outcome.KEY if pressed else Outcome.NO_KEY, facts.get("key", "")
                )
            case "HANGUP":
                out.cause = _number(row.details.get("hangupcause"))
            case "CHAN_END":
                out.over = True
                outcome = Outcome.NO_KEY if out.answered_at else self._causes.outcome(out.cause)
                self._tell(out, row.uniqueid, row.at, outcome, "")
                if row.uniqueid not in self._changed:  # told and accepted before
                    del self._outgoing[row.uniqueid]

    def _tell(self, out: _Outgoing, uniqueid: str, at: datetime, outcome: Outcome, key: str) -> None:
        if out.result is not None:
            return
        out.result = CallOut(
            exchange=self._exchange,
            at=at,
            source=Source.CEL,
            attempt=out.attempt,
            outcome=outcome,
            key=key if outcome is Outcome.KEY else "",
            answered_at=out.answered_at,
            cause=out.cause,
        )
        self._changed[uniqueid] = None

    def _record(self, call: _Incoming) -> CallRecord:
        return CallRecord(
            exchange=self._exchange,
            at=call.at,
            source=Source.CEL,
            uniqueid=call.uniqueid,
            linkedid=call.linkedid,
            channel=call.channel,
            number=call.number,
            name=call.name,
            dialled=call.dialled,
            emergency=call.emergency,
            queued_at=call.queued_at,
            answered_at=call.answered_at,
            extension=call.extension,
            operator_uniqueid=call.operator_uniqueid,
            ended_at=call.ended_at,
            end=call.end,
            hung_up_by=call.hung_up_by,
            cause=call.cause,
            outgoing=call.outgoing,
            choice=call.choice,
            digit=call.digit,
            file=call.file,
            recording=call.recording,
            pressed=call.pressed,
        )


def _end_of(call: _Incoming) -> CallEnd:
    if call.answered_at is not None:
        return CallEnd.ANSWERED
    return CallEnd.NOT_REACHED if call.outgoing else CallEnd.ABANDONED


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
