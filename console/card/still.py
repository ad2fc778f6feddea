"""Is it still so? What is known of her for long is asked again, one question for each, and the answer is kept."""

from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.desk import Desk
from console.people import contact_text
from console.plain import plain
from console.room import Ask
from console.speech import Speech
from dispatch.wire.people import Confirm, ResidentCard, ResidentChange
from dispatch.wire.words import OldField

LONGEST = {"entrance_note": 500, "health_note": 4000}  # as the service takes them: what is typed anew takes its place
_STILL, _OTHER, _LATER = "still", "other", "later"


async def ask(desk: Desk, card: ResidentCard, ask_one: Ask) -> ResidentCard | None:
    """Her card after the answers; None when nothing was answered. A text that has changed is typed anew."""
    answered: ResidentCard | None = None
    for fact in card.old:
        value = _value(card, fact.field, desk.speech)
        choices = [Choice(_STILL, desk.speech.say("still.yes"))]
        if fact.field != "contacts":
            choices.append(Choice(_OTHER, desk.speech.say("still.no")))
        choices.append(Choice(_LATER, desk.speech.say("still.later")))
        about = f"{desk.speech.word('old', fact.field)}\n{value}"
        match await ask_one(Pick(desk, "still.title", choices, about=about)):
            case "still":
                answered = await desk.client.confirm(card.id, Confirm(fields=[fact.field]))
            case "other":
                text = await ask_one(
                    Line(desk, "still.new_title", "still.new_hint", value, longest=LONGEST[fact.field])
                )
                if text is not None:
                    version = (answered or card).version
                    change = ResidentChange.model_validate({"version": version, fact.field: text})
                    answered = await desk.client.change_resident(card.id, change)
            case None:
                return answered
    return answered


def _value(card: ResidentCard, field: OldField, speech: Speech) -> str:
    if field == "contacts":
        return "\n".join(contact_text(contact, speech) for contact in card.contacts)
    return plain(getattr(card, field), LONGEST[field])
