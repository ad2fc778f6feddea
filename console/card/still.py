"""Is it still so? What is known of her for long is asked again, one question for each, and the answer is kept."""

from console.ask.pick import Choice, Pick
from console.card import changed
from console.card.contacts import Contacts
from console.card.resident import lift, position
from console.card.usual import Usual
from console.desk import Desk
from console.people import contact_text
from console.plain import plain
from console.room import Ask
from console.speech import Speech
from console.world import World
from dispatch.wire.people import Confirm, ResidentCard, ResidentChange
from dispatch.wire.words import OldField

AT_ONCE = 3  # questions: she has called because she wants something
_SHOWN = 380  # characters of a fact: so many fit above the choices
_LISTS = {"contacts": Contacts, "usual_merchants": Usual}
_STILL, _OTHER, _LATER = "still", "other", "later"


async def ask(desk: Desk, card: ResidentCard, ask_one: Ask) -> ResidentCard | None:
    """Her card after the answers; None when nothing was answered. What comes first on it is asked first, and no more
    than a few at once. What has changed is put right at once.
    """
    answered: ResidentCard | None = None
    for fact in card.old[:AT_ONCE]:
        now = answered or card
        choices = [Choice(_STILL, desk.speech.say("still.yes"))]
        choices.append(Choice(_OTHER, desk.speech.say("still.no")))
        choices.append(Choice(_LATER, desk.speech.say("still.later")))
        what = desk.speech.word("old", fact.field)
        about = f"{what}\n{_value(now, fact.field, desk.speech, desk.world)}"
        match await ask_one(Pick(desk, "still.title", choices, about=about)):
            case "still":
                answered = await desk.client.confirm(card.id, Confirm(fields=[fact.field]))
            case "other" if (listed := _LISTS.get(fact.field)) is not None:
                answered = await ask_one(listed(desk, now)) or answered
            case "other":
                fields = await changed.ask(desk, now, fact.field, ask_one)
                if fields is None:
                    continue
                change = ResidentChange.model_validate({"version": now.version, **fields})
                answered = await desk.client.change_resident(card.id, change)
                if fact.field in {each.field for each in answered.old}:  # written as it was
                    answered = await desk.client.confirm(card.id, Confirm(fields=[fact.field]))
            case None:
                return answered
    return answered


def _value(card: ResidentCard, field: OldField, speech: Speech, world: World) -> str:
    match field:
        case "contacts":
            return "\n".join(contact_text(contact, speech) for contact in card.contacts)
        case "usual_merchants":
            return "\n".join(
                f"{speech.word('merchant', usual.kind)} {plain(usual.name, 80)}" for usual in card.usual_merchants
            )
        case "position":
            return f"{card.latitude:.5f}, {card.longitude:.5f} {position(card, speech, world)}"
        case "hearing" | "sight" | "care_level":
            return speech.word(field, str(getattr(card, field)))
        case "lift":
            return lift(card, speech)
        case _:
            text = plain(getattr(card, field), _SHOWN + 1)
            return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}.."
