"""What is known of her can be changed, a part at a time: whom one calls about her, and so on."""

from console.ask.pick import Choice, Pick
from console.card.contacts import Contacts, in_order
from console.card.lines import Lines
from console.desk import Desk
from console.plain import plain, reading
from console.room import Ask
from dispatch.wire.people import ResidentCard


async def ask(desk: Desk, card: ResidentCard, ask_one: Ask) -> ResidentCard | None:
    """Her card afterwards; None when nothing has changed."""
    say = desk.speech.say
    names = " ".join(plain(contact.name, 20) for contact in in_order(card))
    numbers = " ".join(reading(line.number) for line in card.lines)
    choices = [
        Choice("contacts", say("record.contacts"), names),
        Choice("lines", say("record.lines"), numbers),
    ]
    changed: ResidentCard | None = None
    match await ask_one(Pick(desk, "record.title", choices)):
        case "contacts":
            changed = await ask_one(Contacts(desk, card))
        case "lines":
            changed = await ask_one(Lines(desk, card))
    return changed
