"""A case's head and its offers as text."""

from textual.content import Content

from console import times
from console.board.rows import turn
from console.case.candidates import metres
from console.ledger import Cell, Column, Row
from console.people import flags, person
from console.plain import plain, reading
from console.speech import Speech
from console.world import World
from dispatch.wire.work import CaseCard, CaseLine, OfferView

OFFER_COLUMNS = (Column(16, share=2), Column(5), Column(14), Column(12), Column(8, right=True), Column(18, share=1))

Part = str | tuple[str, str]


def case_head(case: CaseLine, card: CaseCard | None, world: World, speech: Speech) -> Content:
    """Number, service and state; for whom and where; whose turn and how long."""
    say = speech.say
    parts: list[Part] = [(f" {case.number} ", "bold $text on $primary"), "  ", (speech.service(case), "bold"), "  "]
    parts += [(f" {speech.word('case', case.state)} ", "bold $text on $success 60%"), "  "]
    if case.priority != "routine":
        parts += [(f" {speech.word('priority', case.priority)} ", "bold $text on $error"), "  "]
    parts += _clock(case, world, speech)
    if case.needs_since is not None:
        over = times.running(world.now() - case.needs_since)
        parts += ["\n", (f" ! {say(case.needs_why or 'need.stuck')} {over} ", "bold $text on $error")]
    parts.append("\n")
    if case.words:
        parts += [(f"{say('case.words')} ", "$text-muted"), (plain(case.words, 2000), "bold"), "\n"]
    if case.resident is not None:
        parts += [(f"{say('case.for')} ", "$text-muted"), (person(case.resident, speech), "bold"), "  "]
        parts += [(flags(case.resident, speech), "$text-warning"), "\n"]
    parts += [(f"{say('case.place')} ", "$text-muted"), plain(case.place) or "-", "\n"]
    if case.wanted_at is not None:
        when = times.day_and_hour(case.wanted_at, world.zone, world.now())
        parts += [(f"{say('case.wanted')} ", "$text-muted"), (when, "bold"), "\n"]
    parts += [(f"{say('case.turn')} ", "$text-muted"), (turn(case, world, speech), "bold"), "    "]
    parts += [(f"{say('case.owner')} ", "$text-muted"), plain(case.owner.name, 40) if case.owner else "-", "    "]
    opened = times.day_and_hour(case.opened_at, world.zone, world.now())
    parts += [(f"{say('case.opened')} ", "$text-muted"), opened]
    if case.reminders:
        last = times.hour(case.last_reminder_at, world.zone) if case.last_reminder_at else ""
        parts += ["    ", (say("case.reminders", count=case.reminders, time=last), "bold $text-warning")]
    if case.outcome is not None:
        note = plain(card.outcome_note) if card is not None else ""
        how = " ".join(filter(None, (speech.word("outcome", case.outcome), note)))
        parts += ["\n", (f"{say('case.outcome')} ", "$text-muted"), (how, "bold")]
        parts += [f"  {speech.word('satisfaction', case.satisfaction)}"]
    return Content.assemble(*parts)


def _clock(case: CaseLine, world: World, speech: Speech) -> list[Part]:
    if case.clock is None:
        return []
    kind, late = speech.word("clock", case.clock.kind), world.late_by(case)
    if late is not None:
        return [(f" !! {kind} {speech.say('due.late', time=times.running(late))} ", "bold $text on $error")]
    return [f"{kind} ", (times.running(case.clock.due_at - world.now()), "bold")]


def offer_row(offer: OfferView, world: World, speech: Speech) -> Row:
    """Whom we asked, how, what came of it; while it is open the clock runs, and attempts are counted."""
    tone, clock = _TONES.get(offer.state, "quiet"), ""
    if offer.state in ("pending", "sent"):
        clock = times.running(offer.expires_at - world.now())
    elif offer.answered_at is not None:
        clock = times.hour(offer.answered_at, world.zone)
    state = speech.word("offer", offer.state)
    cells: tuple[Cell, ...] = (
        (plain(offer.merchant.name, 80), "strong"),
        speech.word("channel", offer.channel),
        metres(offer.distance, speech),
        state,
        clock,
        _attempts(offer, speech),
    )
    return Row(str(offer.id), cells, tone)


def _attempts(offer: OfferView, speech: Speech) -> str:
    number = reading(offer.merchant.number) if offer.merchant.number else ""
    last = offer.attempts[-1] if offer.attempts else None
    if last is None:
        return number
    tried = speech.say("offer.tries", count=len(offer.attempts))
    return " ".join(filter(None, (number, tried, speech.word("result", last.result))))


_TONES = {
    "pending": "warn",
    "sent": "warn",
    "accepted": "good",
    "fulfilled": "good",
    "declined": "quiet",
    "failed": "late",
}
