"""What a fact of her card is now: picked where there is a list of what it can be, else typed."""

from collections.abc import Mapping
from typing import Any, get_args

from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.card.register import LIFT
from console.desk import Desk
from console.plain import plain
from console.room import Ask
from dispatch.wire.people import ResidentCard
from dispatch.wire.words import Hearing, OldField, Sight

_LISTS: Mapping[str, tuple[str, ...]] = {
    "hearing": get_args(Hearing),
    "sight": get_args(Sight),
    "care_level": tuple("01234"),
}
_LONGEST: Mapping[str, int] = {
    "lock": 80,
    "dog": 80,
    "entrance_note": 500,
    **dict.fromkeys(("allergies", "medicines", "health_note"), 4000),
}
_DOOR = ("building", "unit", "door")

Fields = dict[str, Any]


async def ask(desk: Desk, card: ResidentCard, field: OldField, ask_one: Ask) -> Fields | None:
    """The fields of a `ResidentChange` that say so; None when it was left with Escape."""
    match field:
        case "hearing" | "sight" | "care_level":
            choices = [Choice(value, desk.speech.word(field, value)) for value in _LISTS[field]]
            picked = await ask_one(Pick(desk, "still.new_title", choices, str(getattr(card, field))))
            return None if picked is None else {field: picked}
        case "address":
            return await _address(desk, card, ask_one)
        case "position":
            return await _position(desk, card, ask_one)
        case "lift":
            choices = [Choice(value, desk.speech.word("lift", value)) for value in LIFT]
            picked = await ask_one(Pick(desk, "still.new_title", choices, "yes" if card.lift else "no"))
            return None if picked is None else {"lift": LIFT[picked]}
        case "lock" | "dog" | "entrance_note" | "allergies" | "medicines" | "health_note":
            longest = _LONGEST[field]
            value = plain(getattr(card, field), longest)
            text = await ask_one(Line(desk, "still.new_title", "still.new_hint", value, longest=longest))
            return None if text is None else {field: text}
        case "contacts" | "usual_merchants":  # lists, which have a box of their own
            return None


async def _address(desk: Desk, card: ResidentCard, ask_one: Ask) -> Fields | None:
    """The way to her door, part by part."""
    fields: Fields = {}
    for part in _DOOR:
        text = await ask_one(Line(desk, f"register.{part}", "still.new_hint", getattr(card, part), longest=20))
        if text is None:
            return None
        fields[part] = text
    return fields


async def _position(desk: Desk, card: ResidentCard, ask_one: Ask) -> Fields | None:
    """As a map tells it; asked until it can be read. Empty: nobody knows, a neighbour's will do."""
    text: str | None = f"{card.latitude}, {card.longitude}"
    while (text := await ask_one(Line(desk, "still.new_title", "still.position_hint", text or "", 60))) is not None:
        if not text:
            return {"latitude": None, "longitude": None}
        if (degrees := _degrees(text)) is not None:
            return dict(zip(("latitude", "longitude"), degrees, strict=True))
    return None


def _degrees(text: str) -> tuple[float, float] | None:
    parts = text.replace("，", " ").replace(",", " ").split()
    try:
        latitude, longitude = map(float, parts)
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
