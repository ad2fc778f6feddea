"""The main story: a resident asks for her medicine.

The first pharmacy declines by SMS, the second accepts by telephone, comes, and the case is closed.
"""

from collections.abc import Awaitable, Callable

from dispatch.rehearsal.community import subscriber
from dispatch.rehearsal.evidence import Seen
from dispatch.rehearsal.story import Play, Step
from dispatch.rehearsal.witness import Sighting
from dispatch.wire.work import Close, Dispatch, Event, NewCase

RESIDENT = "林婉芝"
FIRST, SECOND = "kangning", "tongxin"


async def she_calls(play: Play) -> None:
    await play.stage.set_habit(FIRST, sms="decline", seconds=2)
    await play.stage.set_habit(SECOND, voice="accept", seconds=3)
    play.known["town"] = await play.stage.call_in(play.community.resident(RESIDENT))


async def the_operator_answers(play: Play) -> None:
    assert play.stage.phone is not None
    await play.stage.phone.answer()


async def a_case_is_opened(play: Play) -> None:
    new = NewCase(call_id=int(play.known["call"]), service="medicine", words="缬沙坦80mg一盒")
    play.known["case"] = (await play.clerk.open_case(new)).number


async def it_is_sent_to_the_first(play: Play) -> None:
    candidates = (await play.clerk.candidates(play.known["case"])).candidates
    names = [candidate.merchant.name for candidate in candidates[:2]]
    expected = [play.community.merchant(key).name for key in (FIRST, SECOND)]
    if names != expected:
        raise AssertionError(f"the first candidates are {names} and not {expected}")
    await play.clerk.dispatch(play.known["case"], Dispatch(expects="open"))


def writes(digit: str) -> Callable[[Play], Awaitable[None]]:
    async def _write(play: Play) -> None:
        play.stage.merchants.write(play.community.merchant(SECOND), digit)

    return _write


async def the_case_is_closed(play: Play) -> None:
    await play.stage.town.hang_up(play.known["town"])
    await play.clerk.close_case(
        play.known["case"], Close(expects="served", outcome="served", satisfaction="satisfied")
    )


def of_the_call(what: str) -> Callable[[Play, Event], bool]:
    def _accept(play: Play, event: Event) -> bool:
        if event.what != what or event.subject != "call":
            return False
        play.known.setdefault("call", str(event.subject_id))
        return play.known["call"] == str(event.subject_id)

    return _accept


def of_the_case(what: str) -> Callable[[Play, Event], bool]:
    return lambda play, event: (
        event.what == what and event.case is not None and event.case.number == play.known.get("case")
    )


def of_the_offer(what: str, key: str, channel: str = "") -> Callable[[Play, Event], bool]:
    """About the offer to the merchant `key`, which `offer.offered` names."""

    def _accept(play: Play, event: Event) -> bool:
        merchant = play.merchants[key]
        offered = play.entry(
            lambda each: (
                each.what == "offer.offered"
                and each.data.get("merchant") == merchant
                and (not channel or each.data.get("channel") == channel)
            )
        )
        return offered is not None and event.what == f"offer.{what}" and event.subject_id == offered.subject_id

    return _accept


def cel(event: str) -> Callable[[Play], Seen | None]:
    """The exchange's event log about the resident's own channel."""

    def _seen(play: Play) -> Seen | None:
        shown = play.community.resident(RESIDENT).lines[0].shown
        found = play.evidence.cel(lambda row: row["eventtype"] == event and row["cidnum"] == shown)
        if found is not None:
            play.known.setdefault("uniqueid", found.words.split()[-1])
        return found

    return _seen


def queue_log(event: str) -> Callable[[Play], Seen | None]:
    return lambda play: play.evidence.queue(lambda row: row.event == event and row.call == play.known.get("uniqueid"))


def robot(name: str, accept: Callable[[Play, Sighting], bool]) -> Callable[[Play], Seen | None]:
    return lambda play: play.evidence.robot(name, lambda sighting: accept(play, sighting))


def sms(what: str, key: str, text: str = "") -> Callable[[Play], Seen | None]:
    """The SMS phone's log about the merchant `key`."""
    return robot(
        "sms",
        lambda play, seen: (
            seen.what == what
            and seen.number == play.community.merchant(key).numbers.sms
            and (not text or seen.detail == text)
        ),
    )


def telephone(what: str, key: str, pressed: str = "") -> Callable[[Play], Seen | None]:
    """The town's log about the telephone of the merchant `key`."""
    return robot(
        "town",
        lambda play, seen: (
            seen.what == what
            and seen.number == subscriber(play.community.merchant(key).numbers.voice)
            and (not pressed or seen.detail == pressed)
        ),
    )


def the_operator(did: str) -> Callable[[Play], Seen | None]:
    """What the service answered her, as she wrote it down."""
    return robot("operator", lambda play, seen: seen.what == did and seen.call == play.known.get("case"))


def her_line(play: Play) -> Seen | None:
    """Who it is, from the town's log and the sample community alone."""
    resident = play.community.resident(RESIDENT)
    return play.evidence.robot(
        "town",
        lambda seen: seen.what == "answered" and seen.number == subscriber(resident.lines[0].number),
    )


STEPS = [
    Step("called", "来电", she_calls, of_the_call("call.arrived"), cel("CHAN_START")),
    Step("queued", "排队", None, of_the_call("call.queued"), queue_log("ENTERQUEUE")),
    Step("recognised", "识别", None, of_the_call("call.recognised"), her_line),
    Step("answered", "接听", the_operator_answers, of_the_call("call.talking"), queue_log("CONNECT")),
    Step("case opened", "建单", a_case_is_opened, of_the_case("case.opened"), the_operator("opened")),
    Step(
        "first merchant offered by SMS",
        "短信派单",
        it_is_sent_to_the_first,
        of_the_offer("sent", FIRST, channel="sms"),
        sms("delivered", FIRST),
    ),
    Step("declined", "拒单", None, of_the_offer("declined", FIRST), sms("received", FIRST, "2")),
    Step(
        "second offered by telephone",
        "电话派单",
        None,
        of_the_offer("sent", SECOND, channel="voice"),
        telephone("rang", SECOND),
    ),
    Step(
        "accepted with the key", "按键接单", None, of_the_offer("accepted", SECOND), telephone("presses", SECOND, "1")
    ),
    Step("on the way", "出发", writes("3"), of_the_case("visit.on_the_way"), sms("received", SECOND, "3")),
    Step("at the door", "到门口", writes("4"), of_the_case("visit.at_the_door"), sms("received", SECOND, "4")),
    Step("done", "办完", writes("5"), of_the_case("visit.done"), sms("received", SECOND, "5")),
    Step("closed", "结案", the_case_is_closed, of_the_case("case.closed"), the_operator("closed")),
]
