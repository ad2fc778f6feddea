"""What a field of a record held, in a few words of the reader's language."""

from collections.abc import Iterable

from console.people import contact_text
from console.plain import plain, reading
from console.speech import Speech
from dispatch.wire.history import FieldChange, Held, Word
from dispatch.wire.people import ContactView

_LONGEST = 600  # letters of a text
_LISTED_AS = {"groups": "group"}  # fields whose words have another name


def before_and_now(change: FieldChange, speech: Speech) -> str:
    """门牌 501 → 602."""
    before, now = (in_words(change.field, value, speech) for value in (change.before, change.after))
    return f"{speech.word('fact', change.field)} {before} → {now}"


def in_words(field: str, value: Held, speech: Speech) -> str:
    match value:
        case list():
            said = speech.say("history.and").join(
                _together(field, one, speech) if isinstance(one, dict) else _word(field, one, speech) for one in value
            )
        case dict():
            said = _together(field, value, speech)
        case _:
            said = _word(field, value, speech)
    return said or speech.say("history.empty")


def _together(field: str, value: dict[str, Word], speech: Speech) -> str:
    """One of a list, or a position."""
    match field, value:
        case "contacts", _:
            return contact_text(ContactView.model_validate({"id": 0, "rank": 0} | value), speech)
        case "lines", {"kind": str(kind), "number": str(number), "device_id": device}:
            return _joined((speech.word("line", kind), reading(number), device))
        case "usual_merchants", {"name": name, "merchant_id": merchant_id}:
            return _joined((name or merchant_id,))
        case "position", {"latitude": float(latitude), "longitude": float(longitude), "source": str(source)}:
            return f"{latitude:.5f}, {longitude:.5f} {speech.word('position', source)}"
        case _:
            return _joined(value.values())


def _joined(words: Iterable[Word]) -> str:
    return " ".join(plain(str(word), 80) for word in words if word not in (None, ""))


def _word(field: str, value: Word, speech: Speech) -> str:
    kind = _LISTED_AS.get(field, field)
    if isinstance(value, bool):
        value = "yes" if value else "no"
        kind = kind if speech.knows(f"{kind}.{value}") else "answer_yes"
    key = f"{kind}.{value}"
    return speech.say(key) if speech.knows(key) else plain("" if value is None else str(value), _LONGEST)
