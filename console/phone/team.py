"""Who is there: my own presence with its clock, and my colleagues in one line."""

from textual.content import Content

from console import times
from console.plain import cut, plain
from console.speech import Speech
from console.world import World
from dispatch.wire.operators import OperatorLine

Part = str | tuple[str, str]

_NAME = 16  # cells of a colleague's name, so that one long name does not hide all others


def own(me: OperatorLine, world: World, speech: Speech) -> tuple[str, str]:
    """My presence and its tone: a break runs up, after-call work runs down to its end."""
    word = speech.word("presence", me.presence)
    if me.presence == "break":
        return f"{word} {speech.word('break', me.break_reason)} {_since(me, world)}".replace("  ", " "), "warning"
    if me.presence == "after_call" and me.presence_until is not None:
        return f"{word} {times.running(me.presence_until - world.now())}", "warning"
    return word, "success" if me.presence == "ready" else "error"


def state_of(operator: OperatorLine, world: World, speech: Speech) -> str:
    """What a colleague does now: in a call, on a break, or that her telephone cannot be reached."""
    if _is_cut_off(operator):
        return speech.say("team.unreachable")
    if (call := world.call_of(operator)) is not None:
        return f"{speech.say('team.talks')} {times.running(world.now() - (call.answered_at or call.arrived_at))}"
    if operator.presence == "break":
        reason = speech.word("break", operator.break_reason)
        return " ".join(filter(None, (speech.word("presence", "break"), reason, _since(operator, world))))
    return speech.word("presence", operator.presence)


def colleagues(world: World, speech: Speech) -> Content:
    """Everybody who is there besides me; how many are free comes first, so that a narrow line loses the least."""
    there = world.colleagues()
    if not there:
        return Content.styled(speech.say("team.nobody"), "$text-muted")
    free = sum(each.rings and world.call_of(each) is None for each in there)
    parts: list[Part] = [(speech.say("team.title", count=len(there), free=free), "bold")]
    for each in there:
        name = cut(plain(each.name, 40), _NAME)
        parts += ["  ", (name, "$text" if each.rings else "$text-muted"), " "]
        parts.append((state_of(each, world, speech), _tone(each, world)))
    return Content.assemble(*parts)


def _tone(operator: OperatorLine, world: World) -> str:
    if _is_cut_off(operator):
        return "$text-error"
    if world.call_of(operator) is not None:
        return "$text-accent"
    return "$text-success" if operator.presence == "ready" else "$text-warning"


def _is_cut_off(operator: OperatorLine) -> bool:
    """She has a telephone, and it cannot be reached; an administrator has none and misses none."""
    return operator.extension is not None and not operator.phone_reachable


def _since(operator: OperatorLine, world: World) -> str:
    return times.running(world.now() - operator.presence_since) if operator.presence_since is not None else ""
