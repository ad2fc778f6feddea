"""Who is there now: the exchange's own lists after a gap, and what they say about the calls we knew."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from callbridge.calls import LiveCall, LiveCalls, end_of, extension_of, made_by_asterisk, number_of
from callbridge.events import (
    BridgeEvent,
    CallArrived,
    CallEnd,
    CallParties,
    CallQueued,
    CallRangOut,
    CallRecord,
    Party,
)
from callbridge.link import Link
from callbridge.parties import parties_of
from callbridge.wire import Fields

RINGING, UP = "5", "6"  # ChannelState
INCOMING = frozenset({"from-trunk", "townline-call", "townline-wait", "townline-menu"})  # contexts of the dialplan
FRESH = timedelta(seconds=2)  # a call this young still tells of itself


@dataclass(frozen=True, slots=True)
class RollCall:
    """The exchange's answer, asked at `asked_at` of an exchange that has been up since `booted_at`."""

    asked_at: datetime
    booted_at: datetime
    channels: list[Fields]
    callers: list[Fields]
    members: list[Fields]

    @property
    def alive(self) -> frozenset[str]:
        """Uniqueids of all channels."""
        return frozenset(channel.get("uniqueid", "") for channel in self.channels)


async def call_roll(link: Link, now: datetime) -> RollCall:
    """Ask for all channels, waiting callers and queue members. Raises like `Link.list`."""
    channels = await link.list({"Action": "CoreShowChannels"})
    queues = await link.list({"Action": "QueueStatus"})
    return RollCall(
        asked_at=now,
        booted_at=now - timedelta(seconds=number_of(link.booted.get("uptime"))),
        channels=channels,
        callers=[each for each in queues if each.get("event") == "QueueEntry"],
        members=[each for each in queues if each.get("event") == "QueueMember"],
    )


def answer_roll(
    roll: RollCall, calls: LiveCalls, records: Iterable[CallRecord], exchange: str, *, died_at: datetime | None
) -> list[BridgeEvent]:
    """Bring the live calls up to date with the roll call; `records` are the calls that are open according to CEL,
    `died_at` is when the exchange died, if it did.

    What CEL knows of is reported by CEL; here is the rest: calls that only the list knows, positions, who rings, who
    talks, and the end of calls that nobody else will end.
    """
    said: list[BridgeEvent] = []
    in_cel = {record.uniqueid: record for record in records}
    for record in in_cel.values():
        if record.uniqueid in roll.alive:
            calls.learn(record)
    for channel in roll.channels:
        said += _unknown_call(channel, calls, exchange, roll.asked_at)
        if channel.get("uniqueid", "").startswith(f"{exchange}-dial-"):
            since = roll.asked_at - _duration(channel.get("duration", ""))
            calls.add(
                LiveCall(channel["uniqueid"], channel.get("linkedid", ""), channel["channel"], since, outgoing=True)
            )
    for call in calls.values():
        if call.uniqueid not in roll.alive and call.at < roll.asked_at:
            end = CallEnd.CUT_OFF if died_at else end_of(call)
            said += calls.end(call.uniqueid, died_at or roll.asked_at, end, Party.EXCHANGE, 0)
    said += _waiting(roll, calls, exchange)
    for call in calls.values():
        said += _telephones(roll, call, calls, exchange)
        if call.extension is not None:
            said.append(_parties(call, roll, exchange))
    return said


def _unknown_call(channel: Fields, calls: LiveCalls, exchange: str, now: datetime) -> list[BridgeEvent]:
    uniqueid, linkedid = channel.get("uniqueid", ""), channel.get("linkedid", "")
    lasted = _duration(channel.get("duration", ""))
    if not channel.get("channel", "").startswith("PJSIP/trunk-") or channel.get("context") not in INCOMING:
        return []
    if not made_by_asterisk(exchange, uniqueid) or uniqueid != linkedid or lasted < FRESH:
        return []
    call = LiveCall(uniqueid, linkedid, channel["channel"], now - lasted)
    if not calls.add(call):
        return []
    return [
        CallArrived(
            exchange=exchange,
            at=call.at,
            uniqueid=uniqueid,
            linkedid=linkedid,
            channel=call.channel,
            number=channel.get("calleridnum", "").replace("<unknown>", ""),
            name="",
            dialled="",
            emergency=False,
        )
    ]


def _waiting(roll: RollCall, calls: LiveCalls, exchange: str) -> list[BridgeEvent]:
    said: list[BridgeEvent] = []
    for each in calls.values():
        each.queue = None
    for caller in roll.callers:
        call = calls.get(caller.get("uniqueid", ""))
        if call is None:
            continue
        call.queue = caller.get("queue", "")
        if call.extension is not None:  # who answered has left her, and she waits again
            call.queued_at = call.extension = None
        call.queued_at = call.queued_at or roll.asked_at - timedelta(seconds=number_of(caller.get("wait")))
        said.append(
            CallQueued(
                exchange=exchange,
                at=call.queued_at,
                uniqueid=call.uniqueid,
                queue=call.queue,
                position=number_of(caller.get("position")),
            )
        )
    return said


def _telephones(roll: RollCall, call: LiveCall, calls: LiveCalls, exchange: str) -> list[BridgeEvent]:
    legs = [each for each in roll.channels if each.get("linkedid") == call.linkedid]
    bridge = next((leg.get("bridgeid", "") for leg in legs if leg.get("uniqueid") == call.uniqueid), "")
    ringing: set[str] = set()
    said: list[BridgeEvent] = []
    for leg in legs:
        extension = extension_of(leg.get("channel", ""))
        if extension is None:
            continue
        if leg.get("channelstate") == RINGING:
            ringing.add(extension)
        elif bridge and leg.get("bridgeid") == bridge and call.extension is None:
            said += calls.answer(call, extension, leg.get("uniqueid", ""), roll.asked_at)
    for extension in [each for each in call.ringing if each not in ringing]:
        del call.ringing[extension]
        said.append(CallRangOut(exchange=exchange, at=roll.asked_at, uniqueid=call.uniqueid, extension=extension))
    if call.extension is None:
        for extension in sorted(ringing):
            said += calls.ring(call, extension, roll.asked_at)
    return said


def _parties(call: LiveCall, roll: RollCall, exchange: str) -> CallParties:
    parties = parties_of(call.uniqueid, roll.channels, exchange)
    return CallParties(
        exchange=exchange,
        at=roll.asked_at,
        uniqueid=call.uniqueid,
        legs=tuple(each.get("uniqueid", "") for each in parties.everybody),
        held=parties.held,
    )


def _duration(text: str) -> timedelta:
    hours, minutes, seconds = (number_of(part) for part in (f"{text}::").split(":")[:3])
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
