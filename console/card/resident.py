"""A resident's card as text."""

from datetime import date

from textual.content import Content

from console import times
from console.care import words as care
from console.people import contact_text, flags, person
from console.plain import fit, plain, reading
from console.speech import Speech
from console.world import World
from dispatch.wire.people import LastCase, LineView, ResidentCard, ResidentLine

Part = str | tuple[str, str] | Content

LABEL = 8  # cells of a field's name
PAST_LINES = 3  # shown of those that she has given up


def headline(resident: ResidentLine, speech: Speech) -> Content:
    """Who she is, large, with what changes how one speaks to her."""
    gender = speech.word("gender", resident.gender)
    parts: list[Part] = [(f" {person(resident, speech)} ", "bold $text on $primary"), f" {gender} "]
    if warning := flags(resident, speech):
        parts.append((f" {warning} ", "bold $text on $warning 60%"))
    return Content.assemble(*parts)


def summary(resident: ResidentLine, speech: Speech) -> Content:
    """What the board already knows, until the card itself is there."""
    return Content.assemble(headline(resident, speech), "\n", *_field("address", plain(resident.address), speech))


def details(card: ResidentCard, speech: Speech, world: World) -> Content:
    """The card from the address to the usual merchants; fields with nothing in them are left out."""
    parts: list[Part] = [headline(card, speech), "\n"]
    if card.left is not None and card.left_at is not None:
        day = times.day(card.left_at, world.zone)
        said = speech.say("card.left", what=speech.word("left", card.left), day=day)
        parts += [(f" {said} ", "bold $text on $error"), "\n"]
    parts += _field("address", address(card, speech), speech, "bold")
    parts += _field("position", position(card, speech, world), speech, "" if card.latitude else "$text-warning")
    sees = speech.say(f"card.sees.{card.sight}") if card.sight != "good" else ""
    parts += _field("sees", sees, speech, "bold $text-warning")
    parts += _field("lock", plain(card.lock), speech, "$text-warning")
    parts += _field("dog", plain(card.dog), speech, "$text-warning")
    parts += _field("entrance", plain(card.entrance_note), speech, "$text-warning")
    parts += _field("lift", lift(card, speech), speech)
    for label, text in (("allergies", card.allergies), ("medicines", card.medicines), ("health", card.health_note)):
        parts += _field(label, health(text, card, speech), speech, "bold $text-error")
    parts += _field("old", old(card, speech, world), speech, "bold $text-accent")
    language = " ".join(filter(None, (speech.word("language", card.language), plain(card.dialect or ""))))
    parts += _field("speaks", language if card.dialect or card.language != speech.language else "", speech)
    for contact in sorted(card.contacts, key=lambda contact: contact.rank):
        parts += _field("contact", contact_text(contact, speech), speech)
    for usual in card.usual_merchants:
        kind = speech.word("merchant", usual.kind)
        parts += _field("usual", f"{kind} {plain(usual.name, 80)}", speech)
    for plan in card.care_plans:
        parts += _field("care", care.brief(plan, world, speech), speech)
    late = card.visit_due_on is not None and card.visit_due_on <= world.today()
    parts += _field("visited", visited(card, speech, world), speech, "$text-warning" if late else "")
    consent = _noted(card.consented_on, card.consented_by) or speech.say("card.no_consent")
    parts += _field("consent", consent, speech, "" if card.consented_on else "$text-warning")
    lines = "  ".join(_line(line, speech) for line in card.lines)
    parts += _field("lines", lines, speech)
    past = "  ".join(
        speech.say("card.line_until", line=_line(line, speech), until=times.day(line.ended_at, world.zone))
        for line in card.past_lines[:PAST_LINES]
        if line.ended_at is not None
    )
    parts += _field("past_lines", past, speech, "$text-muted")
    for last in card.last_cases:
        parts += _field("last", _last(last, speech, world), speech, "$text-muted")
    return Content.assemble(*parts).rstrip()


def address(card: ResidentCard, speech: Speech) -> str:
    """With the area that it lies in."""
    where, area = plain(card.address), plain(card.area, 80)
    return speech.say("card.in_area", address=where, area=area) if where and area else where or area


def position(card: ResidentCard, speech: Speech, world: World) -> str:
    """How her place on the map was got, and when: distances are reckoned from it."""
    if card.position_source is None or card.position_at is None:
        return "" if card.latitude is not None else speech.say("card.no_position")
    return f"{speech.word('position', card.position_source)} {times.day(card.position_at, world.zone)}"


def lift(card: ResidentCard, speech: Speech) -> str:
    """有电梯; nothing while nobody has said."""
    return "" if card.lift is None else speech.word("lift", "yes" if card.lift else "no")


def health(text: str, card: ResidentCard, speech: Speech) -> str:
    """What was noted before anybody asked for her consent stays, and says so."""
    note = plain(text, 2000)
    return note + speech.say("card.health_unagreed") if note and card.consented_on is None else note


def _line(line: LineView, speech: Speech) -> str:
    return f"{reading(line.number)} {speech.word('line', line.kind)}"


def _noted(on: date | None, by: str) -> str:
    """2026-03-01 李芳."""
    return f"{on.isoformat()} {plain(by, 40)}".strip() if on is not None else ""


def visited(card: ResidentCard, speech: Speech, world: World) -> str:
    """The last visit of the survey and the next: 2025-11-30 李芳，2026-02-28 起应再走访."""
    last, due = _noted(card.visited_on, card.visited_by), card.visit_due_on
    if due is None:
        return last
    key = "card.visit_due_since" if due <= world.today() else "card.visit_due"
    return speech.say(key, last=last or speech.say("card.never_visited"), due=due.isoformat())


def old(card: ResidentCard, speech: Speech, world: World) -> str:
    """What to ask her, since nobody has for long: 进门说明, 视力（2025-03-01 起没有问过）."""
    asked: dict[str, list[str]] = {}
    for fact in card.old:
        asked.setdefault(times.day(fact.since, world.zone), []).append(speech.word("old", fact.field))
    return "  ".join(
        speech.say("card.old_since", what=", ".join(facts), since=since) for since, facts in asked.items()
    )


def _last(last: LastCase, speech: Speech, world: World) -> str:
    outcome = speech.word("outcome", last.outcome) or speech.word("case", last.state)
    return (
        f"{times.day(last.opened_at, world.zone)} {speech.service(last)} {outcome} {plain(last.words, 80)}".rstrip()
    )


def _field(name: str, text: str, speech: Speech, style: str = "") -> list[Part]:
    if not text:
        return []
    label = fit(speech.say(f"card.{name}"), LABEL)
    return [(f"{label} ", "$text-muted"), (text, style) if style else text, "\n"]
