"""Who is on the line: she herself, one of her contacts, somebody else."""

from collections.abc import Sequence

from console.ask.pick import Choice
from console.people import contact_text, person
from console.plain import plain
from console.speech import Speech
from dispatch.wire.calls import CallChange, CallLine
from dispatch.wire.people import ContactView, ResidentCard

_CONTACT = "contact:"


def speakers(call: CallLine, card: ResidentCard | None, speech: Speech) -> list[Choice]:
    """The resident first, then her contacts in their order; a merchant who calls stands before them."""
    choices: list[Choice] = []
    if call.merchant is not None:
        choices.append(Choice("merchant", speech.word("speaker", "merchant"), plain(call.merchant.name, 80)))
    if call.resident is not None:
        choices.append(Choice("resident", speech.word("speaker", "resident"), person(call.resident, speech)))
    for contact in _in_order(card.contacts if card is not None else [])[:5]:
        text = contact_text(contact, speech)
        choices.append(Choice(f"{_CONTACT}{contact.id}", speech.word("speaker", "contact"), text))
    choices.append(Choice("other", speech.word("speaker", "other"), speech.say("card.other_hint")))
    choices.append(Choice("unknown", speech.word("speaker", "unknown")))
    return choices


def change(call: CallLine, card: ResidentCard | None, choice: str, name: str | None = None) -> CallChange:
    """What a choice of `speakers` means. `name` is who the other person said she is."""
    if choice.startswith(_CONTACT):
        contact_id = int(choice.removeprefix(_CONTACT))
        known = next((each for each in (card.contacts if card else []) if each.id == contact_id), None)
        called = known.name if known is not None else None
        return CallChange(version=call.version, speaker="contact", speaker_contact_id=contact_id, speaker_name=called)
    match choice:
        case "merchant":
            return CallChange(version=call.version, speaker="merchant", speaker_name=None)
        case "resident":
            return CallChange(version=call.version, speaker="resident", speaker_name=None)
        case "other":
            return CallChange(version=call.version, speaker="other", speaker_name=name or None)
        case _:
            return CallChange(version=call.version, speaker="unknown", speaker_name=None)


def _in_order(contacts: Sequence[ContactView]) -> list[ContactView]:
    return sorted(contacts, key=lambda contact: contact.rank)
