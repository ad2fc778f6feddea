"""A case's journal as sentences: every step with its time and who did it."""

from collections.abc import Mapping, Sequence

from console import times
from console.case.ladder import person
from console.ledger import Cell, Column, Row
from console.phone.parties import party
from console.plain import plain
from console.speech import Speech
from console.world import World
from dispatch.wire.board import TimelineEntry
from dispatch.wire.cases import CaseCard

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
    "reading": "sms",
    "rung": "rung",
    "choice": "choice",
    "order": "order",
    "limit": "limit",
    "answer": "over",
    "colour": "late",
    "proved_by": "proved_by",
}

# What another row says already (a visit's step and its case's), and how a message makes its way through the outbox.
_SAID_ELSEWHERE = frozenset(
    {
        "case.offering",
        "case.accepted",
        "case.on_the_way",
        "case.on_site",
        "case.served",
        "offer.fulfilled",
        "visit.promised",
        "call.holding",
        "call.resuming",
        "call.dropping",
        "call.hanging_up",
        "message.claimed",
        "message.handed_over",
    }
)
_OFFER = "offer"  # the kind of message that offer.sent tells of
_OWN_WORDS = "words"  # of which somebody wants to know who wrote
_LADDER = "ladder"  # and the kind that the ladder's own list tells of
# What an SMS said stands in the row of what it moved.
_UNDERSTOOD = frozenset({"accept", "decline", "on_the_way", "at_the_door", "done", "proof_wanted", "wrong_word"})


def timeline_rows(entries: Sequence[TimelineEntry], case: CaseCard, world: World, speech: Speech) -> list[Row]:
    """In the order of time. The journal keeps ids; whose offer and what kind of message an id is, is told by the card
    and by the rows before.
    """
    merchants = {offer.id: plain(offer.merchant.name, 80) for offer in case.offers}
    kinds = {entry.subject_id: entry.data.get("kind") for entry in entries if entry.what == "message.wanted"}
    merchant = ""
    rows: list[Row] = []
    for entry in entries:
        offer_id = entry.subject_id if entry.subject == "offer" else entry.data.get("offer")
        merchant = merchants.get(offer_id, merchant) if isinstance(offer_id, int) else merchant
        kind = kinds.get(entry.subject_id) if entry.subject == "message" else None
        if _is_said_elsewhere(entry, kind):
            continue
        told = {"merchant": merchant, "service": speech.service(case), "kind": speech.word("message_kind", kind)}
        told |= _people(entry, case, world, speech)
        cells: tuple[Cell, ...] = (
            (times.hour(entry.at, world.zone), "quiet"),
            sentence(entry, told, speech),
            (actor(entry, speech), "quiet"),
        )
        rows.append(Row(entry.id, cells, _tone(entry.what)))
    return rows


def _people(entry: TimelineEntry, case: CaseCard, world: World, speech: Speech) -> dict[str, str]:
    """Who is meant by the ids of the row: to whom something was handed, which of those called has answered."""
    match entry.subject, entry.data:
        case "call", _ if entry.party is not None:
            return {"who": party(entry.party, world, speech)}
        case "ladder", data:
            calls = case.ladder.calls if case.ladder is not None else []
            who = next((person(call) for call in calls if call.id == data.get("ladder_call")), "")
            step = data.get("step")
            nth = str(step + 1) if isinstance(step, int) else ""
            return {"who": who or speech.word("rung", data.get("rung")), "nth": nth}
        case _, {"to": int(to)}:
            return {"to": plain(world.operators[to].name, 40) if to in world.operators else ""}
        case _, {"to": None}:
            return {"to": speech.word("turn", "operator")}
        case _:
            return {}


def _is_said_elsewhere(entry: TimelineEntry, kind: object) -> bool:
    if kind == _LADDER:
        return True
    match entry.what:
        case "message.wanted":
            return kind != _OWN_WORDS
        case "message.sent":
            return kind in (_OFFER, None)
        case "message.received" | "message.keyed":
            return entry.data.get("reading") in _UNDERSTOOD
        case "call.ringing":
            return not entry.data.get("extensions")  # none rings any more
        case what:
            return what in _SAID_ELSEWHERE


def sentence(entry: TimelineEntry, told: Mapping[str, str], speech: Speech) -> str:
    """What happened, in the words of the row's own data and of what was `told` before it."""
    values: dict[str, object] = {"who": "", **told, "why": "", "reading": ""}
    for name, value in entry.data.items():
        if name in _WORDS and isinstance(value, str):
            values[name] = speech.word(_WORDS[name], value)
        elif name == "why" and isinstance(value, str):
            values[name] = speech.say(value) if speech.knows(value) else speech.word("result", value)
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
        case (
            "offer.accepted" | "case.closed" | "visit.done" | "visit.proved" | "ladder.going" | "ladder.acknowledged"
        ):
            return "good"
        case "offer.declined" | "offer.expired" | "offer.failed" | "offer.given_back" | "offer.revoked":
            return "warn"
        case "visit.wrong_word":
            return "warn"
        case "case.needs" | "ladder.exhausted" | "message.failed" | "message.unknown" | "case.cancelled":
            return "late"
        case "message.sent" | "call.queued" | "call.ringing" | "call.recognised":
            return "quiet"
        case _:
            return ""
