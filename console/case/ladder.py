"""The ladder of an emergency as text: how far it has climbed, who was asked with what result, who is going."""

from datetime import datetime, timedelta

from console import times
from console.ledger import Cell, Column, Row
from console.plain import plain, reading
from console.speech import Speech
from console.world import World
from dispatch.wire.ladders import LadderCallView, LadderView

COLUMNS = (
    Column(4),
    Column(10),
    Column(18, share=2),
    Column(12, share=1),
    Column(8),
    Column(8, from_width=70),
)


def brief(ladder: LadderView, world: World, speech: Speech) -> str:
    """In a few words, with the clock that runs: the next step's, or that of whoever is going."""
    if ladder.state == "climbing":
        return f"{_step(ladder, speech)} {_left(ladder, world)}".rstrip()
    if ladder.state == "held":
        return speech.say("ladder.held")
    if ladder.going is not None and ladder.arrival_due_at is not None:
        who = plain(f"{ladder.going.relation} {ladder.going.name}", 40) or speech.word("rung", ladder.going.rung)
        return _due("ladder.brief_", who, ladder.arrival_due_at, world, speech)
    return in_hand(ladder, world, speech)


def headline(ladder: LadderView, world: World, speech: Speech) -> tuple[str, str]:
    """The whole of it in one line, and its tone: nobody has acknowledged, somebody should be there, in good hands."""
    say = speech.say
    doubles = say("ladder.doubles", count=ladder.doubles) if ladder.doubles else ""
    if ladder.state == "held":
        return say("ladder.held"), "alarm"
    if ladder.state != "climbing":
        late = ladder.arrival_due_at is not None and ladder.arrival_due_at < world.now()
        tone = "" if ladder.state == "over" else "alarm" if late else "good"
        return "  ".join(filter(None, (in_hand(ladder, world, speech), doubles))), tone
    after = (ladder.step + 1) % len(ladder.steps)
    told = say("ladder.next", time=_left(ladder, world), rung=speech.word("rung", ladder.steps[after]))
    if after == 0:
        told = say("ladder.again", time=_left(ladder, world))
    return "  ".join(filter(None, (_step(ladder, speech), told, doubles))), "alarm"


def in_hand(ladder: LadderView, world: World, speech: Speech) -> str:
    """Who has it: the operator who acknowledged, or who said that she is going and when she should be there."""
    say = speech.say
    if ladder.going is not None:
        who = person(ladder.going)
        if ladder.arrival_due_at is None or ladder.state == "over":
            return say("ladder.went", who=who)
        return _due("ladder.", who, ladder.arrival_due_at, world, speech)
    if ladder.by is not None:
        at = times.hour(ladder.acknowledged_at, world.zone) if ladder.acknowledged_at is not None else ""
        return say("ladder.by", who=ladder.by.name, time=at)
    return say("ladder.over")


def person(call: LadderCallView) -> str:
    """女儿 林晓 177 0023 2001; a supervisor and the on-call list have numbers only."""
    return " ".join(filter(None, (plain(call.relation, 20), plain(call.name, 40), reading(call.number))))


def rows(ladder: LadderView, world: World, speech: Speech) -> list[Row]:
    """Everybody who was asked, the last one first."""
    return [_row(call, ladder.acknowledged_at, world, speech) for call in reversed(ladder.calls)]


def _row(call: LadderCallView, acknowledged_at: datetime | None, world: World, speech: Speech) -> Row:
    result, tone = _result(call, acknowledged_at, speech)
    cells: tuple[Cell, ...] = (
        (f"{call.round}-{call.step + 1}", "quiet"),
        speech.word("rung", call.rung),
        person(call),
        result,
        times.hour(call.called_at, world.zone) if call.called_at is not None else "",
        times.hour(call.answered_at, world.zone) if call.answered_at is not None else "",
    )
    return Row(str(call.id), cells, tone)


def _result(call: LadderCallView, acknowledged_at: datetime | None, speech: Speech) -> tuple[str, str]:
    if call.answer is not None:
        return speech.word("ladder_answer", call.answer), "good" if call.answer == "going" else "quiet"
    if call.state == "handed_over":
        return speech.say("ladder.rings"), "warn"
    if call.result == "failed" and acknowledged_at and call.ended_at and call.ended_at >= acknowledged_at:
        return speech.say("ladder.not_needed"), "quiet"  # it rang, and was hung up when somebody else had it in hand
    if call.result is not None and call.state != "wanted":
        return speech.word("result", call.result), "quiet"
    return speech.word("message", call.state), "quiet"


def _step(ladder: LadderView, speech: Speech) -> str:
    key = "ladder.step" if ladder.round == 1 else "ladder.step_again"
    rung = speech.word("rung", ladder.steps[ladder.step % len(ladder.steps)])
    return speech.say(key, round=ladder.round, step=ladder.step + 1, of=len(ladder.steps), rung=rung)


def _due(key: str, who: str, at: datetime, world: World, speech: Speech) -> str:
    """When she should be there, and how long that is or was."""
    left = at - world.now()
    word = "going" if left >= timedelta() else "not_there"
    hour = times.hour(at, world.zone)[:5]
    return speech.say(f"{key}{word}", who=who, due=hour, time=times.running(abs(left)))


def _left(ladder: LadderView, world: World) -> str:
    return times.running(ladder.due_at - world.now()) if ladder.due_at is not None else ""
