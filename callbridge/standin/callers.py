"""People who call in, as our dialplan takes them: arrived, queued, ringing at the telephones, answered, over."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from callbridge.events import CallEnd, Choice, Party
from callbridge.settings import ExchangeSettings
from callbridge.standin.channel import NORMAL, RING, RINGING, UP, Channel, Chronicle

ENDED_BY_KEY = {Choice.CALL_BACK: CallEnd.CALL_BACK, Choice.MESSAGE: CallEnd.MESSAGE, Choice.ORDER: CallEnd.ORDERED}


@dataclass(slots=True, kw_only=True)
class Waiting:
    """Somebody who has called in, until she is gone."""

    channel: Channel
    queue: str
    joined_at: datetime
    legs: dict[str, Channel] = field(default_factory=dict)  # of telephones, by extension
    extension: str = ""  # who has answered
    choice: Choice | None = None
    queued: bool = True
    reported: bool = False  # by key, in a menu

    @property
    def operator(self) -> Channel:
        return self.legs[self.extension]

    @property
    def end(self) -> CallEnd:
        """How it ends when it ends now."""
        if self.extension:
            return CallEnd.ANSWERED
        if self.choice is not None:
            return ENDED_BY_KEY[self.choice]
        return CallEnd.REPORTED if self.reported else CallEnd.ABANDONED


class Callers:
    """Calls from outside. `ready` are the telephones that ring, `stored` is the exchange's own database (AstDB)."""

    def __init__(
        self, settings: ExchangeSettings, chronicle: Chronicle, stored: dict[tuple[str, str], str], ready: set[str]
    ) -> None:
        self.here: dict[str, Waiting] = {}  # by uniqueid
        self._settings = settings
        self._chronicle = chronicle
        self._stored = stored
        self._ready = ready

    async def call_in(self, number: str, dialled: str | None = None, *, name: str = "") -> str:
        """Somebody calls; an emergency by the number she dials or by what is mirrored into the exchange. Her call's
        uniqueid.
        """
        trunk, tell = self._settings.trunk, self._chronicle
        dialled = trunk.numbers[0] if dialled is None else dialled
        channel = tell.begin("trunk", number=number, context="from-trunk", exten=dialled or "s")
        channel.state, channel.context, channel.exten = RING, "townline-call", "s"
        mirrored = {("townline-emergency", number), ("townline-emergency", number.lstrip("+0"))}
        emergency = "1" if dialled in trunk.emergency_numbers or mirrored & self._stored.keys() else "0"
        said = {"Number": quote(number), "Name": quote(name), "Dialled": dialled, "Emergency": emergency}
        await tell.say_own("TownlineArrived", channel, "townline-call", **said)
        small = {key.lower(): value for key, value in said.items()}
        tell.write_own("TOWNLINE_ARRIVED", channel, "townline-call", **small)
        channel.state, channel.app, channel.data = UP, "Answer", ",i"
        tell.write("ANSWER", channel)
        queue = "emergency" if emergency == "1" else "hotline"
        waiting = Waiting(channel=channel, queue=queue, joined_at=tell.now())
        self.here[channel.uniqueid] = waiting
        await self.join_queue(channel.uniqueid)
        return channel.uniqueid

    async def join_queue(self, call: str) -> None:
        """She waits, for the first time or again, and every telephone rings."""
        waiting, tell, settings = self.here[call], self._chronicle, self._settings
        channel, queue = waiting.channel, waiting.queue
        data = f",c,,,{settings.emergency_seconds}" if queue == "emergency" else f",c,,,{settings.queue_seconds},,,,"
        channel.context, channel.app, channel.data = "townline-wait", "Queue", f"{queue}{data}"
        waiting.queued = True
        tell.write("APP_START", channel)
        place = {"Queue": queue, "Position": "1", "Count": str(len(self.here))}
        await tell.say("QueueCallerJoin", channel, **place)
        for extension in sorted(self._ready):
            await self._ring(waiting, extension)

    async def leave_queue(self, call: str, context: str) -> None:
        """She is redirected; a second time finds her no longer in the queue."""
        waiting = self.here[call]
        if waiting.queued:
            await self._leave_queue(waiting, abandons=True)
        waiting.queued = False
        waiting.channel.context, waiting.channel.app, waiting.channel.data = context, "Read", "TL_PRESSED"

    async def answer(self, call: str, extension: str) -> None:
        """That telephone is lifted; the others stop."""
        waiting, tell = self.here[call], self._chronicle
        waiting.extension = extension
        operator, caller = waiting.operator, waiting.channel
        operator.state = UP
        tell.write("ANSWER", operator)
        for other in [each for each in waiting.legs if each != extension]:
            await tell.end(waiting.legs.pop(other), 26)
        caller.connected = operator.number
        left = {"Queue": waiting.queue, "Position": "1", "Count": "0"}
        await tell.say("QueueCallerLeave", caller, **left)
        await tell.say("AgentConnect", caller, **self._with_operator(waiting, extension), HoldTime="1", RingTime="1")
        operator.bridge = caller.bridge = str(uuid.uuid4())
        tell.write("BRIDGE_ENTER", operator, **_bridge(caller))
        tell.write("BRIDGE_ENTER", caller, peer=operator.name, **_bridge(caller))

    async def speak(self, call: str) -> None:
        """A word of the caller's (TALK_DETECT)."""
        await self._chronicle.say("ChannelTalkingStart", self.here[call].channel)

    async def choose(self, call: str, choice: Choice, *, digit: str = "", file: str = "") -> None:
        """She decides by key while she waits; the exchange ends the call then."""
        waiting, tell = self.here[call], self._chronicle
        await self._leave_queue(waiting)
        waiting.choice = choice
        said = {"Choice": choice.value, "Digit": digit, "File": file}
        await tell.say_own("TownlineChosen", waiting.channel, "townline-chosen", Call=call, **said)
        small = {key.lower(): value for key, value in said.items()}
        tell.write_own("TOWNLINE_CHOSEN", waiting.channel, "townline-chosen", **small)
        await self.hang_up(call, Party.EXCHANGE)

    async def hang_up(self, call: str, by: Party = Party.CALLER, end: CallEnd | None = None) -> None:
        """The call is over; an `end` that nobody sees in it, as a time-out, has to be said."""
        waiting, tell = self.here.pop(call), self._chronicle
        caller, answered = waiting.channel, bool(waiting.extension)
        source = {Party.CALLER: caller.name, Party.OPERATOR: "", Party.EXCHANGE: "dialplan/builtin"}[by]
        if answered:
            operator = waiting.operator
            source = operator.name if by is Party.OPERATOR else source
            done = {"HoldTime": "1", "TalkTime": "2", "Reason": "agent" if by is Party.OPERATOR else "caller"}
            await tell.say("AgentComplete", caller, **self._with_operator(waiting, waiting.extension), **done)
            tell.write("BRIDGE_EXIT", caller, peer=operator.name, **_bridge(caller))
            tell.write("APP_END", caller)
        elif waiting.choice is None and waiting.queued:
            await self._leave_queue(waiting, abandons=by is Party.CALLER)
        await self._over(waiting, end or waiting.end, by, source)

    async def vanish(self) -> None:
        """The exchange dies: nobody says goodbye, and no row is written."""
        self.here.clear()

    async def _ring(self, waiting: Waiting, extension: str) -> None:
        leg = self._chronicle.begin(extension, number=extension, context="from-operator", of=waiting.channel)
        waiting.legs[extension] = leg
        await self._chronicle.say("AgentCalled", waiting.channel, **self._with_operator(waiting, extension))
        leg.state, leg.app, leg.data = RINGING, "AppQueue", "(Outgoing Line)"

    async def _leave_queue(self, waiting: Waiting, *, abandons: bool = False) -> None:
        tell = self._chronicle
        for leg in waiting.legs.values():
            await tell.end(leg, 0)
        waiting.legs.clear()
        place = {"Queue": waiting.queue, "Position": "1"}
        if abandons:
            waited = str(int((tell.now() - waiting.joined_at).total_seconds()))
            await tell.say("QueueCallerAbandon", waiting.channel, **place, OriginalPosition="1", HoldTime=waited)
        tell.write("APP_END", waiting.channel)
        await tell.say("QueueCallerLeave", waiting.channel, **place, Count="0")

    async def _over(self, waiting: Waiting, end: CallEnd, by: Party, source: str) -> None:
        """The dialplan's own word on the end, and then the channels."""
        caller, tell = waiting.channel, self._chronicle
        recording = f"{caller.uniqueid.replace('.', '-')}.wav" if waiting.extension else ""
        fields = {"HungUpBy": by.value, "Cause": str(NORMAL), "Recording": recording}
        await tell.say_own("TownlineEnded", caller, "townline-over", Call=caller.uniqueid, End=end.value, **fields)
        facts = {"end": end.value, "by": by.value, "cause": str(NORMAL), "recording": recording}
        tell.write_own("TOWNLINE_ENDED", caller, "townline-over", **facts)
        if waiting.extension:
            tell.write("BRIDGE_EXIT", waiting.operator, **_bridge(caller))
            await tell.end(waiting.operator, NORMAL, source)
        caller.app = caller.data = ""
        heard = "ANSWER" if waiting.extension else "CANCEL" if end is CallEnd.ABANDONED else ""
        await tell.end(caller, NORMAL, source, heard)

    def _with_operator(self, waiting: Waiting, extension: str) -> dict[str, str]:
        leg = waiting.legs[extension].heading("Dest")
        return leg | {"Queue": waiting.queue, "Interface": f"PJSIP/{extension}", "MemberName": extension}


def _bridge(channel: Channel) -> dict[str, str]:
    return {"bridge_id": channel.bridge, "bridge_technology": "simple_bridge"}
