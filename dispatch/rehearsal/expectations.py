"""What steps expect: entries of the journal, and sightings of the witnesses, about callers and one case.

`play.known` has a caller's name under "caller" (a second one under a name of its own) and gets the ids that belong to
her as they appear: "caller.town" of the town, "caller.call" of the journal, "caller.channel" of the exchange. A
merchant is named by the sample community's key, or by a name that the story gave it: `play.known["merchant.third"]`.
"""

from collections.abc import Callable

from dispatch.rehearsal.community import subscriber
from dispatch.rehearsal.evidence import CelRow, Seen
from dispatch.rehearsal.story import Play
from dispatch.rehearsal.witness import Sighting
from dispatch.wire.board import Event

Journal = Callable[[Play, Event], bool]
Witness = Callable[[Play], Seen | None]


def call(what: str, caller: str = "caller") -> Journal:
    """`call.<what>` of this caller's call: the first to arrive that is nobody else's."""
    key = f"{caller}.call"

    def _accept(play: Play, event: Event) -> bool:
        id_ = str(event.subject_id)
        if event.what == "call.arrived" and key not in play.known and id_ not in _calls(play):
            play.known[key] = id_
        return event.what == f"call.{what}" and play.known.get(key) == id_

    return _accept


def _calls(play: Play) -> set[str]:
    return {id_ for key, id_ in play.known.items() if key.endswith(".call")}


def case(what: str) -> Journal:
    """Something about the case, by its full name: `visit.done`."""
    return lambda play, event: (
        event.what == what and event.case is not None and event.case.number == play.known.get("case")
    )


def offer(what: str, key: str, channel: str = "") -> Journal:
    """`offer.<what>` of the offer to the merchant `key`; the attempt that carried it is remembered."""

    def _accept(play: Play, event: Event) -> bool:
        offered = play.entry(
            lambda each: (
                each.what == "offer.offered"
                and each.data.get("merchant") == play.merchants[named(play, key)]
                and (not channel or each.data.get("channel") == channel)
            )
        )
        if offered is None or event.what != f"offer.{what}" or event.subject_id != offered.subject_id:
            return False
        if "attempt" in event.data:
            play.known["attempt"] = str(event.data["attempt"])
        return True

    return _accept


def named(play: Play, key: str) -> str:
    """The merchant's key in the sample community."""
    return play.known.get(f"merchant.{key}", key)


def message_sent(kind: str) -> Journal:
    """The first message of that kind went out."""

    def _accept(play: Play, event: Event) -> bool:
        wanted = play.entry(lambda each: each.what == "message.wanted" and each.data.get("kind") == kind)
        return wanted is not None and event.what == "message.sent" and event.subject_id == wanted.subject_id

    return _accept


def cel_of_caller(event: str, caller: str = "caller") -> Witness:
    """The exchange's event log about this caller's own channel."""

    def _look(play: Play) -> Seen | None:
        shown = play.community.resident(play.known[caller]).lines[0].shown
        seen = play.evidence.cel(lambda row: row["eventtype"] == event and row["cidnum"] == shown)
        if seen is not None:
            play.known.setdefault(f"{caller}.channel", seen.words.split()[-1])
        return seen

    return _look


def cel_of_attempt(accept: Callable[[CelRow], bool]) -> Witness:
    """The exchange's event log about the telephone call that carries the offer."""
    return lambda play: play.evidence.cel(
        lambda row: play.known.get("attempt", "?") in row["uniqueid"] and accept(row)
    )


def queue_log(event: str, caller: str = "caller") -> Witness:
    """The exchange's queue_log about this caller, whose channel CEL has told before."""
    return lambda play: play.evidence.queue(
        lambda row: row.event == event and row.call == play.known.get(f"{caller}.channel")
    )


def robot(name: str, accept: Callable[[Play, Sighting], bool]) -> Witness:
    """That robot's own log."""
    return lambda play: play.evidence.robot(name, lambda sighting: accept(play, sighting))


def resident(what: str) -> Witness:
    """The town's log about the caller."""
    return robot("town", lambda play, seen: seen.what == what and seen.call == play.known.get("caller.town"))


def line_of_caller(play: Play) -> Seen | None:
    """Who is calling, from the town's log and the sample community alone."""
    caller = play.community.resident(play.known["caller"])
    numbers = {subscriber(line.number) for line in caller.lines}
    seen = play.evidence.robot(
        "town", lambda each: each.call == play.known.get("caller.town") and each.number in numbers
    )
    return seen and Seen("community", seen.at, f"{caller.lines[0].number} is a line of {caller.name}")


def merchant_sms(what: str, key: str, *, text: str = "", has: str = "") -> Witness:
    """The SMS phone's log about the merchant `key`; the message is `text`, or has `has` in it."""
    return robot(
        "sms",
        lambda play, seen: (
            seen.what == what
            and seen.number == play.community.merchant(named(play, key)).numbers.sms
            and (not text or seen.detail == text)
            and has in seen.detail
        ),
    )


def merchant_telephone(what: str, key: str, *, digit: str = "") -> Witness:
    """The town's log about the telephone of the merchant `key`."""
    return robot(
        "town",
        lambda play, seen: (
            seen.what == what
            and seen.number == subscriber(play.community.merchant(named(play, key)).numbers.voice)
            and (not digit or seen.detail == digit)
        ),
    )


def resident_sms(name: str, *, has: str) -> Witness:
    """The SMS phone's log about what was written to a telephone of this resident."""

    def _look(play: Play) -> Seen | None:
        numbers = {line.number for line in play.community.resident(name).lines}
        return play.evidence.robot(
            "sms", lambda seen: seen.what == "delivered" and seen.number in numbers and has in seen.detail
        )

    return _look


def her_telephone(name: str, what: str, digit: str = "") -> Witness:
    """The town's log about the telephone of this resident, when it is called."""

    def _look(play: Play) -> Seen | None:
        numbers = {subscriber(line.number) for line in play.community.resident(name).lines}
        return play.evidence.robot(
            "town",
            lambda seen: (
                seen.what == what
                and seen.number in numbers
                and seen.call != play.known.get("caller.town")
                and (not digit or seen.detail == digit)
            ),
        )

    return _look


def operator(did: str) -> Witness:
    """What the service answered her about the case, as she wrote it down."""
    return robot("operator", lambda play, seen: seen.what == did and seen.call == play.known.get("case"))
