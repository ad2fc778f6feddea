"""A case's journal as sentences: every step with its time and who did it."""

from collections.abc import Sequence

from console import times
from console.ledger import Cell, Column, Row
from console.plain import plain
from console.speech import Speech
from console.world import World
from dispatch.wire.work import CaseCard, CaseLine, TimelineEntry

COLUMNS = (Column(8), Column(24, share=3), Column(12, share=1))

# The data of the journal that are words of the wire, and the prefix of their translations.
_WORDS = {
    "channel": "channel",
    "priority": "priority",
    "outcome": "outcome",
    "satisfaction": "satisfaction",
    "by": "channel",
    "proof": "channel",
    "end": "end",
    "party": "party",
    "kind": "message_kind",
}


def timeline_rows(entries: Sequence[TimelineEntry], case: CaseCard, world: World, speech: Speech) -> list[Row]:
    """In the order of time. An answer names the merchant who had been asked last, unless it says another."""
    names = {offer.merchant.id: plain(offer.merchant.name, 80) for offer in case.offers}
    asked = ""
    rows: list[Row] = []
    for entry in entries:
        asked = names.get(_number(entry.data.get("merchant")), asked)
        cells: tuple[Cell, ...] = (
            (times.hour(entry.at, world.zone), "quiet"),
            sentence(entry, asked, case, speech),
            (actor(entry, speech), "quiet"),
        )
        rows.append(Row(entry.id, cells, _tone(entry.what)))
    return rows


def sentence(entry: TimelineEntry, merchant: str, case: CaseLine, speech: Speech) -> str:
    """What happened, with the merchant it concerns and what more the journal says of it."""
    values: dict[str, object] = {"merchant": merchant, "service": speech.service(case), "why": ""}
    for name, value in entry.data.items():
        if name in _WORDS and isinstance(value, str):
            values[name] = speech.word(_WORDS[name], value)
        elif name == "why" and isinstance(value, str):
            values[name] = speech.say(value) if speech.knows(value) else speech.word("why", value)
        elif name not in values:
            values[name] = value
    key = f"journal.{entry.what}"
    if speech.knows(key):
        return speech.say(key, **values).rstrip()
    return plain(entry.what)  # a step that this console is too young to know


def actor(entry: TimelineEntry, speech: Speech) -> str:
    if entry.actor.name:
        return plain(entry.actor.name, 80)
    return speech.word("actor", entry.actor.kind)


def _tone(what: str) -> str:
    match what:
        case "offer.accepted" | "case.served" | "case.closed" | "visit.done":
            return "good"
        case "offer.declined" | "offer.expired" | "offer.failed" | "offer.given_back" | "offer.revoked":
            return "warn"
        case "case.needs" | "message.failed" | "message.unknown" | "case.cancelled":
            return "late"
        case _ if what.startswith("message.") or what == "call.ringing":
            return "quiet"
        case _:
            return ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
