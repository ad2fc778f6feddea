"""A case's head and its offers as text."""

from textual.content import Content

from console import times
from console.board.rows import alike_text, short, stage, turn
from console.case.candidate_rows import metres
from console.case.visit import visit_parts
from console.ledger import Cell, Column, Row
from console.people import caller, chosen, flags, is_hidden, person
from console.plain import plain, reading
from console.speech import Speech
from console.world import World
from dispatch.wire.case_calls import CaseCallLine
from dispatch.wire.cases import CaseCard, CaseLine, OfferingLine
from dispatch.wire.offers import OfferView

OFFER_COLUMNS = (Column(16, share=2), Column(5), Column(14), Column(12), Column(8, right=True), Column(18, share=1))

Part = str | tuple[str, str]
_CARD_COLOUR = {"yellow": "$warning", "red": "$error"}


def case_head(case: CaseLine, card: CaseCard | None, world: World, speech: Speech) -> Content:
    """Number, service and state; for whom and where; whose turn and how long; how it ended and what she said."""
    say = speech.say
    parts: list[Part] = [(f" {case.number} ", "bold $text on $primary"), "  ", (speech.service(case), "bold"), "  "]
    parts += [(f" {stage(case, speech)} ", "bold $text on $success 60%"), "  "]
    if case.priority != "routine":
        parts += [(f" {speech.word('priority', case.priority)} ", "bold $text on $error"), "  "]
    parts += _clock(case, world, speech)
    parts += _against_limit(case, card, speech)
    if case.needs_since is not None:
        over = times.running(world.now() - case.needs_since)
        parts += ["\n", (f" ! {say(case.needs_why or 'need.stuck')} {over} ", "bold $text on $error")]
    parts.append("\n")
    parts += _field("case.words", plain(case.words, 2000), speech)
    if case.resident is not None:
        parts += [(f"{say('case.for')} ", "$text-muted"), (person(case.resident, speech), "bold"), "  "]
        parts += [(flags(case.resident, speech), "$text-warning"), "\n"]
    parts += _call(case, world, speech)
    if case.place or not case.call_back:
        parts += [(f"{say('case.place')} ", "$text-muted"), plain(case.place) or "-", "\n"]
    parts += _many(case, speech)
    if case.wanted_at is not None:
        parts += _field("case.wanted", times.day_and_hour(case.wanted_at, world.zone, world.now()), speech)
    parts += [(f"{say('case.turn')} ", "$text-muted"), (turn(case, world, speech), "bold"), "    "]
    parts += [(f"{say('case.owner')} ", "$text-muted"), plain(case.owner.name, 40) if case.owner else "-", "    "]
    opened = times.day_and_hour(case.opened_at, world.zone, world.now())
    parts += [(f"{say('case.opened')} ", "$text-muted"), opened]
    if card is not None and card.offering is not None:
        parts += ["\n", (f"{say('case.way')} ", "$text-muted"), (way(card.offering, speech), "bold")]
    if case.due_at is not None:
        due = times.day_and_hour(case.due_at, world.zone, world.now())
        parts += ["    ", (f"{say('case.due_at')} ", "$text-muted"), due]
        parts.append(f" {say('case.complex')}" if case.complex else "")
    if case.reminders:
        last = times.hour(case.last_reminder_at, world.zone) if case.last_reminder_at else ""
        parts += ["    ", (say("case.reminders", count=case.reminders, time=last), "bold $text-warning")]
    if card is not None and card.visit is not None and card.visit.state != "called_off":
        parts += ["\n", *visit_parts(card.visit, world, speech)]
    if case.outcome is not None:
        note = plain(card.outcome_note) if card is not None else ""
        how = " ".join(filter(None, (speech.word("outcome", case.outcome), note)))
        parts += ["\n", (f"{say('case.outcome')} ", "$text-muted"), (how, "bold")]
    if case.satisfaction is not None:
        tone = "bold $text-error" if case.satisfaction == "not_satisfied" else "bold"
        parts += ["\n", (f"{say('case.satisfaction')} ", "$text-muted")]
        parts.append((speech.word("satisfaction", case.satisfaction), tone))
    return Content.assemble(*parts)


def way(offering: OfferingLine, speech: Speech) -> str:
    """同时抢单 3 家（本单）, 5 分钟."""
    said = speech.word("way", offering.way)
    if offering.at_once > 1:
        said = speech.say("way.at_once", way=said, count=offering.at_once)
    if offering.chosen:
        said = speech.say("way.chosen", way=said)
    return speech.say("way.minutes", way=said, count=offering.minutes)


def _many(case: CaseLine, speech: Speech) -> list[Part]:
    """That it is an incident, belongs to one, or is one of many."""
    if (many := case.many) is None:
        return []
    if many.alike:
        return [(f" {alike_text(case, speech)} ", "bold $text-warning"), "\n"]
    if many.gathered or many.incident == case.number:
        return [(speech.say("many.incident", count=many.gathered), "bold"), "\n"]
    return [speech.say("many.of", incident=short(many.incident or "")), "\n"]


def _field(name: str, text: str, speech: Speech) -> list[Part]:
    return [(f"{speech.say(name)} ", "$text-muted"), (text, "bold"), "\n"] if text else []


def _call(case: CaseLine, world: World, speech: Speech) -> list[Part]:
    """Who called last, unless the resident says so; how it ended, how often, what was chosen by key."""
    call = case.last_call
    if call is None or (case.resident is not None and not case.call_back and call.chosen is None):
        return []
    say = speech.say
    who = reading(call.number) if case.resident is not None and not is_hidden(call) else caller(call, speech)
    parts: list[Part] = [(f"{say('case.call')} ", "$text-muted"), (who, "bold"), "  "]
    if case.attempts > 1:
        parts += [(say("need.attempts", count=case.attempts), "bold $text-warning"), "  "]
    parts += [times.day_and_hour(call.arrived_at, world.zone, world.now()), " ", ended(call, speech)]
    if call.chosen is not None and call.chosen.choice == "order":
        parts += ["  ", (chosen(call.chosen, speech), "bold $text-accent")]
    if call.recovered:
        parts += ["  ", (say("need.in_a_gap"), "$text-warning")]
    return [*parts, "\n"]


def ended(call: CaseCallLine, speech: Speech) -> str:
    """How it ended and after how long; where it goes on, how far it is."""
    if call.ended_at is None:
        return speech.word("call", call.state)
    lasted = times.running(call.ended_at - (call.answered_at or call.arrived_at))
    return f"{speech.word('end', call.end)} {lasted}"


def _clock(case: CaseLine, world: World, speech: Speech) -> list[Part]:
    if case.clock is None:
        return []
    kind, late = speech.word("clock", case.clock.kind), world.late_by(case)
    if late is not None:
        return [(f" !! {kind} {speech.say('due.late', time=times.running(late))} ", "bold $text on $error")]
    return [f"{kind} ", (times.running(case.clock.due_at - world.now()), "bold")]


def _against_limit(case: CaseLine, card: CaseCard | None, speech: Speech) -> list[Part]:
    """Its cards, which stay when the limit was met at last; before there is one, that it nearly comes."""
    given = [each for each in card.cards if each.state != "withdrawn"] if card is not None else []
    if not given and case.late is not None:
        return [f"  {speech.word('late', case.late)}"]
    return [
        part
        for each in given
        for part in ("  ", (f" {speech.word('late', each.colour)} ", f"bold $text on {_CARD_COLOUR[each.colour]}"))
    ]


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
    paid = sum(attempt.parts for attempt in offer.attempts)
    parts = speech.say("offer.parts", count=paid) if paid else ""
    return " ".join(filter(None, (number, tried, speech.word("result", last.result), parts)))


_TONES = {
    "pending": "warn",
    "sent": "warn",
    "accepted": "good",
    "fulfilled": "good",
    "declined": "quiet",
    "failed": "late",
}
