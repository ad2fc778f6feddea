"""Who is in a call, who still rings to be in it, and that she is on hold."""

from textual.content import Content

from console import times
from console.people import who
from console.phone.emergency import SERVICES
from console.plain import plain, reading
from console.speech import Speech
from console.world import World
from dispatch.wire.calls import CallLine, LegLine

Part = str | tuple[str, str]

OUTSIDE = frozenset({"caller", "called"})  # the leg that the call is about; it ends with the call


def parties(call: CallLine, world: World, speech: Speech) -> Content:
    """One after the other, each with how long it has been in the call or rings; empty for a call of nobody yet."""
    parts: list[Part] = []
    for leg in call.legs:
        parts += [" | "] if parts else [(f"{speech.say('phone.parties')} ", "$text-muted")]
        parts += _party(leg, call, world, speech)
    return Content.assemble(*parts)


def name_of(leg: LegLine, call: CallLine, world: World, speech: Speech) -> str:
    """林晓; 我; 旁听 何秋月; 139 0000 0002 of one who has no name here."""
    outside = leg.role in OUTSIDE and leg.operator is None
    return who(call, speech) if outside else party(leg, world, speech)


def party(leg: LegLine, world: World, speech: Speech) -> str:
    """The name of one who was called into a call, or who took it."""
    if leg.operator is not None:
        me = world.me is not None and leg.operator.id == world.me.id
        name = speech.say("turn.me") if me else plain(leg.operator.name, 40)
        return f"{speech.say('phone.listens')} {name}" if leg.role == "supervisor" else name
    if leg.number in SERVICES:
        return f"{leg.number} {speech.word('emergency', leg.number)}"
    return plain(leg.name, 40) or reading(leg.number) or plain(leg.extension or "", 10)


def held(call: CallLine, world: World, speech: Speech) -> str:
    """On hold for how long, and since when."""
    if call.held_since is None:
        return ""
    span = times.running(world.now() - call.held_since)
    return speech.say("phone.held", time=span, since=times.hour(call.held_since, world.zone))


def _party(leg: LegLine, call: CallLine, world: World, speech: Speech) -> list[Part]:
    name, waits = name_of(leg, call, world, speech), leg.joined_at is None and leg.role not in OUTSIDE
    span = times.running(world.now() - (leg.joined_at or leg.started_at))
    if leg.role == "operator" and call.direction == "out" and call.state == "ringing":
        return [(name, "bold"), f" {speech.say('phone.lift')}"]
    if waits:
        return [(f"{name} {speech.say('phone.rings')} {span}", "bold $text-warning")]
    if leg.role in OUTSIDE and call.held_since is not None:
        return [(f"{name} {speech.say('phone.on_hold')}", "bold $text-warning")]
    return [(name, "bold"), f" {span}" if leg.joined_at is not None else ""]
