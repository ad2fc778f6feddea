"""The steps of a visit with their clocks, and what proves that somebody was there."""

from datetime import datetime

from console import times
from console.plain import plain
from console.speech import Speech
from console.world import World
from dispatch.wire.offers import StepView, VisitView

Part = str | tuple[str, str]


def visit_parts(visit: VisitView, world: World, speech: Speech) -> list[Part]:
    """Who waits for what, on two lines of a case's head: the steps, then the proof."""
    say = speech.say
    parts: list[Part] = [(f"{say('case.visit')} ", "$text-muted")]
    if visit.due_at is not None:
        parts += [say("visit.due", time=_at(visit.due_at, world)), "  "]
    if visit.comes is not None:
        parts += [say("visit.comes", name=plain(visit.comes, 80)), "  "]
    for step in visit.steps:
        parts += _step(step, world, speech)
    proof = _proof(visit, world, speech)
    return [*parts, "\n", (f"{say('case.proof')} ", "$text-muted"), proof]


def _step(step: StepView, world: World, speech: Speech) -> list[Part]:
    """A step that was entered later says so: its clock is that of the entry."""
    told = (f"{speech.word('step', step.step)} {_at(step.at, world)}", "bold")
    way = f" {speech.word('channel', step.way)}"
    if step.happened_at is None:
        return [told, (way, "$text-muted"), "  "]
    later = speech.say("visit.later", time=_at(step.happened_at, world))
    return [told, (way, "$text-muted"), " ", (later, "bold $text-warning"), "  "]


def _proof(visit: VisitView, world: World, speech: Speech) -> Part:
    if visit.proved_by is not None and visit.proved_at is not None:
        return (f"{speech.word('proved_by', visit.proved_by)} {_at(visit.proved_at, world)}", "bold $text-success")
    if visit.asks_for == "report":
        return speech.say("visit.report_is_enough")
    missing = speech.say(f"visit.missing_{visit.asks_for}")
    if visit.wrong_words:
        missing = f"{missing}  {speech.say('visit.wrong_words', count=visit.wrong_words)}"
    waits = visit.done_reported_at is not None or visit.state == "done"
    return (missing, "bold $text-error") if waits or visit.wrong_words else missing


def _at(moment: datetime, world: World) -> str:
    return times.day_and_hour(moment, world.zone, world.now())
