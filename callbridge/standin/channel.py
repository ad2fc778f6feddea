"""Channels as the stand-in's lists, events and rows name them, and how what happens to one is told."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callbridge.standin.ami import AmiStandIn, Pairs
from callbridge.standin.cel import CelWriter

DOWN, RING, RINGING, UP = "0", "4", "5", "6"  # ChannelState
STATES = {DOWN: "Down", RING: "Ring", RINGING: "Ringing", UP: "Up"}
NORMAL = 16  # Q.850
CAUSES = {NORMAL: "Normal Clearing", 17: "User busy", 19: "User alerting, no answer", 26: "Answered elsewhere"}


@dataclass(slots=True, kw_only=True)
class Channel:
    name: str
    uniqueid: str
    linkedid: str
    since: datetime
    number: str = ""
    connected: str = ""
    exten: str = "s"
    context: str = ""
    app: str = ""
    data: str = ""
    bridge: str = ""
    state: str = DOWN

    def heading(self, prefix: str = "") -> Pairs:
        """What stands in every event about it."""
        fields = {
            "Channel": self.name,
            "ChannelState": self.state,
            "ChannelStateDesc": STATES[self.state],
            "CallerIDNum": self.number or "<unknown>",
            "CallerIDName": "<unknown>",
            "ConnectedLineNum": self.connected or "<unknown>",
            "ConnectedLineName": "<unknown>",
            "Language": "zh",
            "AccountCode": "",
            "Context": self.context,
            "Exten": self.exten,
            "Priority": "1",
            "Uniqueid": self.uniqueid,
            "Linkedid": self.linkedid,
        }
        return {f"{prefix}{key}": value for key, value in fields.items()}

    def listed(self, now: datetime) -> Pairs:
        """Its line in CoreShowChannels."""
        seconds = int((now - self.since).total_seconds())
        duration = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        where = {"Application": self.app, "ApplicationData": self.data, "BridgeId": self.bridge}
        return self.heading() | where | {"Duration": duration}


class Chronicle:
    """Every channel that lives, and what happens to it: told over AMI at once, written into CEL for good.

    Of AMI's events only those that our `manager.conf` lets through.
    """

    def __init__(
        self, ami: AmiStandIn, cel: CelWriter, exchange: str, token: str, now: Callable[[], datetime]
    ) -> None:
        self.channels: dict[str, Channel] = {}  # by uniqueid
        self.now = now
        self._ami = ami
        self._cel = cel
        self._exchange = exchange
        self._token = token
        self._ids = itertools.count(1)
        self._names = itertools.count()
        self._used: set[str] = set()

    def was_used(self, uniqueid: str) -> bool:
        return uniqueid in self._used

    def begin(
        self,
        peer: str,
        *,
        number: str,
        context: str,
        exten: str = "s",
        uniqueid: str = "",
        of: Channel | None = None,
    ) -> Channel:
        """A new channel to or from `peer`, in the call `of` another one; by itself Asterisk makes the `uniqueid`."""
        uniqueid = uniqueid or f"{self._exchange}-{int(self.now().timestamp())}.{next(self._ids)}"
        channel = Channel(
            name=f"PJSIP/{peer}-{next(self._names):08x}",
            uniqueid=uniqueid,
            linkedid=of.linkedid if of is not None else uniqueid,
            since=self.now(),
            number=number,
            connected=of.number if of is not None else "",
            context=context,
            exten=exten,
        )
        self.channels[uniqueid] = channel
        self._used.add(uniqueid)
        self.write("CHAN_START", channel)
        return channel

    async def end(self, channel: Channel, cause: int, source: str = "", dial_status: str = "") -> None:
        """It is hung up and gone; `source` is the channel, or the part of Asterisk, that began it."""
        del self.channels[channel.uniqueid]
        why = {"Cause": str(cause), "Cause-txt": CAUSES.get(cause, "Unknown")}
        await self.say("Hangup", channel, **why)
        self.write("HANGUP", channel, hangupcause=cause, hangupsource=source, dialstatus=dial_status)
        self.write("CHAN_END", channel)
        if all(each.linkedid != channel.linkedid for each in self.channels.values()):
            self.write("LINKEDID_END", channel)

    async def say(self, event: str, channel: Channel | None = None, **fields: str) -> None:
        """An event to everybody who is logged in."""
        stamp = {"Timestamp": f"{self.now().timestamp():.6f}", "SystemName": self._exchange}
        heading = channel.heading() if channel is not None else {}
        await self._ami.say(**({"Event": event} | stamp | heading | fields))

    async def say_own(self, event: str, channel: Channel, context: str, **fields: str) -> None:
        """A UserEvent of our dialplan, out of `context`, with its token."""
        await self.say("UserEvent", channel, Context=context, UserEvent=event, Token=self._token, **fields)

    def write(self, event: str, channel: Channel, peer: str = "", **extra: object) -> None:
        """A row of CEL; `extra` is what Asterisk adds as JSON."""
        details = json.dumps(extra, separators=(",", ":")) if extra else ""
        self._cel.row(event, self.now(), channel.uniqueid, peer=peer, eventextra=details, **_columns(channel))

    def write_own(self, event: str, channel: Channel, context: str, **facts: str) -> None:
        """A row of our dialplan's own, out of `context`."""
        text = "|".join(f"{key}={value}" for key, value in facts.items())
        here = {"exten": "s", "context": context, "appname": "CELGenUserEvent", "appdata": f"{event},{text}"}
        self._cel.own(event, self.now(), channel.uniqueid, text, **(_columns(channel) | here))


def _columns(channel: Channel) -> dict[str, str]:
    return {
        "cidnum": channel.number,
        "exten": channel.exten,
        "context": channel.context,
        "channame": channel.name,
        "appname": channel.app,
        "appdata": channel.data,
        "linkedid": channel.linkedid,
    }
