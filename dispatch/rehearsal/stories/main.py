"""The main story: a resident asks for her medicine.

The first pharmacy declines by SMS, the second accepts by telephone, comes, and the case is closed.
"""

from collections.abc import Awaitable, Callable

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.cases import Close, NewCase
from dispatch.wire.offers import Dispatch

RESIDENT = "林婉芝"
FIRST, SECOND = "kangning", "tongxin"


async def she_calls(play: Play) -> None:
    await play.stage.set_habit(FIRST, sms="decline", seconds=2)
    await play.stage.set_habit(SECOND, voice="accept", seconds=3)
    play.known["caller"] = RESIDENT
    play.known["caller.town"] = await play.stage.call_in(play.community.resident(RESIDENT))


async def the_operator_answers(play: Play) -> None:
    card = (await play.clerk.call(int(play.known["caller.call"]))).card
    if card is None or card.name != RESIDENT:  # it is there before she says hello
        raise AssertionError(f"the card is not that of {RESIDENT}")
    assert play.stage.phone is not None
    await play.stage.phone.answer()


async def a_case_is_opened(play: Play) -> None:
    new = NewCase(call_id=int(play.known["caller.call"]), service="medicine", words="缬沙坦80mg一盒")
    play.known["case"] = (await play.clerk.open_case(new)).number


async def it_is_sent_to_the_first(play: Play) -> None:
    candidates = (await play.clerk.candidates(play.known["case"])).candidates
    names = [candidate.merchant.name for candidate in candidates[:2]]
    expected = [play.community.merchant(key).name for key in (FIRST, SECOND)]
    if names != expected:
        raise AssertionError(f"the first candidates are {names} and not {expected}")
    await play.clerk.dispatch(play.known["case"], Dispatch(expects="open"))


def the_second_writes(digit: str) -> Callable[[Play], Awaitable[None]]:
    async def _write(play: Play) -> None:
        play.stage.merchants.write(play.community.merchant(SECOND), digit)

    return _write


async def the_case_is_closed(play: Play) -> None:
    await play.stage.town.hang_up(play.known["caller.town"])
    close = Close(expects="served", outcome="served", satisfaction="satisfied")
    await play.clerk.close_case(play.known["case"], close)


STEPS = [
    Step(
        "called",
        "来电",
        she_calls,
        expect.call("arrived"),
        [expect.cel_of_caller("CHAN_START"), expect.resident("answered")],
    ),
    Step(
        "queued",
        "排队",
        None,
        expect.call("queued"),
        [expect.cel_of_caller("APP_START"), expect.queue_log("ENTERQUEUE")],
    ),
    Step("recognised", "识别", None, expect.call("recognised"), [expect.line_of_caller]),
    Step(
        "answered",
        "接听",
        the_operator_answers,
        expect.call("talking"),
        [expect.queue_log("CONNECT"), expect.robot("telephone", lambda play, seen: seen.what == "answered")],
    ),
    Step("case opened", "建单", a_case_is_opened, expect.case("case.opened"), [expect.operator("opened")]),
    Step(
        "first merchant offered by SMS",
        "短信派单",
        it_is_sent_to_the_first,
        expect.offer("sent", FIRST, channel="sms"),
        [expect.merchant_sms("delivered", FIRST)],
    ),
    Step(
        "declined",
        "拒单",
        None,
        expect.offer("declined", FIRST),
        [expect.merchant_sms("received", FIRST, text="2")],
    ),
    Step(
        "second offered by telephone",
        "电话派单",
        None,
        expect.offer("sent", SECOND, channel="voice"),
        [
            expect.cel_of_attempt(lambda row: row["eventtype"] == "CHAN_START"),
            expect.merchant_telephone("rang", SECOND),
        ],
    ),
    Step(
        "accepted with the key",
        "按键接单",
        None,
        expect.offer("accepted", SECOND),
        [
            expect.cel_of_attempt(lambda row: row["eventtype"] == "TOWNLINE_KEY" and "key=1" in row["eventextra"]),
            expect.merchant_telephone("presses", SECOND, digit="1"),
        ],
    ),
    Step(
        "told the doorstep",
        "告知地址",
        None,
        expect.message_sent("job_details"),
        [expect.merchant_sms("delivered", SECOND, has="502")],
    ),
    Step(
        "on the way",
        "出发",
        the_second_writes("3"),
        expect.case("visit.on_the_way"),
        [expect.merchant_sms("received", SECOND, text="3")],
    ),
    Step(
        "at the door",
        "到门口",
        the_second_writes("4"),
        expect.case("visit.at_the_door"),
        [expect.merchant_sms("received", SECOND, text="4")],
    ),
    Step(
        "done",
        "办完",
        the_second_writes("5"),
        expect.case("visit.done"),
        [expect.merchant_sms("received", SECOND, text="5")],
    ),
    Step(
        "closed",
        "结案",
        the_case_is_closed,
        expect.case("case.closed"),
        [expect.operator("closed"), expect.resident("left")],
    ),
]
