"""What is known of her can be changed, a part at a time."""

from console.ask.pick import Choice, Pick
from console.card import about, visit
from console.card.contacts import Contacts, in_order
from console.card.find_area import FindArea
from console.card.lines import Lines
from console.card.record_form import RecordForm, written
from console.card.usual import Usual
from console.desk import Desk
from console.people import flags, person
from console.plain import plain, reading
from console.room import Ask
from dispatch.wire.people import ResidentCard

_LISTS = {"contacts": Contacts, "lines": Lines, "usual": Usual}
_FORMS = {"who": about.who, "home": about.home, "care": about.care}


async def ask(desk: Desk, card: ResidentCard, ask_one: Ask) -> ResidentCard | None:
    """Her card afterwards; None when nothing has changed."""
    speech = desk.speech
    now = {
        "contacts": " ".join(contact.name for contact in in_order(card)),
        "lines": " ".join(reading(line.number) for line in card.lines),
        "who": person(card, speech),
        "home": card.address,
        "area": card.area,
        "care": flags(card, speech),
        "usual": " ".join(usual.name for usual in card.usual_merchants),
        "visit": f"{card.visited_on or ''} {card.visited_by}".strip(),
    }
    choices = [Choice(part, speech.say(f"record.{part}"), plain(value, 80)) for part, value in now.items()]
    part = await ask_one(Pick(desk, "record.title", choices))
    changed: ResidentCard | None = None
    if part in _LISTS:
        changed = await ask_one(_LISTS[part](desk, card))
    elif part in _FORMS:
        changed = await ask_one(RecordForm(desk, card, _FORMS[part](card)))
    elif part == "area" and (area := await ask_one(FindArea(desk))) is not None:
        changed = await written(desk, card, {"area_id": area.id})
    elif part == "visit" and (made := await visit.ask(desk, card, ask_one)) is not None:
        changed = await written(desk, card, made)
    return changed
