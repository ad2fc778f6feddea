"""Two operators are talking, and five more people call: one waits, one asks to be called back, one leaves a message,
one orders by key, one hangs up; each ends where it should.
"""

import asyncio
from collections.abc import Awaitable, Callable

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.board import Event

TALK = {"one": "何守义", "two": "曹永福"}
WAITS, CALL_BACK, MESSAGE, ORDER, LEAVES = "许静茹", "彭桂珍", "蒋礼成", "林婉芝", "谢素华"
PHARMACY = "kangning"
TALKS = 3  # seconds: a call that is over at once counts as one that nobody heard


async def the_first_is_answered(play: Play) -> None:
    """At this centre nobody needs long to write down what was said."""
    await play.stage.change_rule("presence_policy", after_call_seconds=1)
    play.known["one"] = TALK["one"]
    play.known["one.town"] = await play.stage.call_in(play.community.resident(TALK["one"]), times=60)
    await _answered(play)


async def the_second_is_answered(play: Play) -> None:
    """By a colleague, who has just come to her desk."""
    colleague = await play.stage.colleague()
    play.known["two"] = TALK["two"]
    play.known["two.town"] = await play.stage.call_in(play.community.resident(TALK["two"]), times=60)
    await colleague.rings()
    await colleague.answer()


async def she_waits(play: Play) -> None:
    play.known["waits"] = WAITS
    play.known["waits.town"] = await play.stage.call_in(play.community.resident(WAITS), times=60)


def presses(who: str, name: str, keys: str, *, speaks: bool = False) -> Callable[[Play], Awaitable[None]]:
    async def _press(play: Play) -> None:
        play.known[who] = name
        play.known[f"{who}.town"] = await play.stage.press_in(play.community.resident(name), keys, speaks=speaks)

    return _press


async def she_orders(play: Play) -> None:
    await play.stage.set_habit(PHARMACY, sms="accept", seconds=2)
    await presses("orders", ORDER, "3wwwwww1")(play)


async def she_gives_up(play: Play) -> None:
    play.known["leaves"] = LEAVES
    play.known["leaves.town"] = await play.stage.press_in(play.community.resident(LEAVES), "9", after=3)


async def she_hangs_up(play: Play) -> None:
    await play.stage.town.hang_up(play.known["leaves.town"])


async def a_line_is_free(play: Play) -> None:
    """The first conversation is over: whoever has waited is next."""
    await play.stage.town.hang_up(play.known["one.town"])
    await _answered(play)


async def the_board_is_read(play: Play) -> None:
    board = await play.clerk.board()
    why = {case.resident.name: case.needs_why for case in board.cases if case.resident is not None}
    wanted = {
        CALL_BACK: "need.call_back_wanted",
        MESSAGE: "need.message_left",
        LEAVES: "need.abandoned",
    }
    for name, need in wanted.items():
        if why.get(name) != need:
            raise AssertionError(f"the board says {why.get(name)} of {name} and not {need}")
    if why.get(WAITS) is not None:
        raise AssertionError("who was answered needs nobody to call her back")
    await asyncio.sleep(TALKS)
    await play.stage.town.hang_up(play.known["waits.town"])


async def _answered(play: Play) -> None:
    assert play.stage.phone is not None
    await play.stage.phone.rings()
    await play.stage.phone.answer()


def ended(who: str, end: str) -> expect.Journal:
    of_her = expect.call("ended", who)
    return lambda play, event: of_her(play, event) and event.data.get("end") == end


def case_of(name: str, what: str, **data: str) -> expect.Journal:
    """`case.<what>` of the case about her, with those facts."""

    def _accept(play: Play, event: Event) -> bool:
        about = event.case.resident if event.case is not None else None
        return (
            event.what == f"case.{what}"
            and about is not None
            and about.name == name
            and data.items() <= event.data.items()
        )

    return _accept


def town(what: str, who: str) -> expect.Witness:
    """The town's log about her telephone."""
    return expect.robot("town", lambda play, seen: seen.what == what and seen.call == play.known.get(f"{who}.town"))


def recorded(play: Play, event: Event) -> bool:
    of_her = expect.call("recorded", "message")
    return of_her(play, event) and event.data.get("kind") == "message"


def telephone(which: str) -> expect.Witness:
    return expect.robot("telephone", lambda play, seen: seen.what == "answered" and seen.robot == which)


STEPS = [
    Step(
        "one operator talks", "一位通话中", the_first_is_answered, expect.call("talking", "one"), [telephone("801")]
    ),
    Step(
        "the other talks", "另一位通话中", the_second_is_answered, expect.call("talking", "two"), [telephone("802")]
    ),
    Step(
        "one waits", "等候", she_waits, expect.call("queued", "waits"), [expect.cel_of_caller("CHAN_START", "waits")]
    ),
    Step(
        "asks to be called back",
        "请求回电",
        presses("back", CALL_BACK, "1"),
        ended("back", "call_back"),
        [town("presses", "back"), expect.cel_of_caller("TOWNLINE_CHOSEN", "back")],
    ),
    Step(
        "on the board", "看板", None, case_of(CALL_BACK, "needs", why="need.call_back_wanted"), [town("left", "back")]
    ),
    Step(
        "leaves a message",
        "留言",
        presses("message", MESSAGE, "2", speaks=True),
        recorded,
        [town("speaks", "message"), expect.cel_of_caller("TOWNLINE_CHOSEN", "message")],
        seconds=60,
    ),
    Step("on the board", "看板", None, case_of(MESSAGE, "needs", why="need.message_left"), [town("left", "message")]),
    Step(
        "orders by key",
        "按键下单",
        she_orders,
        ended("orders", "ordered"),
        [town("presses", "orders"), expect.cel_of_caller("TOWNLINE_CHOSEN", "orders")],
        seconds=45,
    ),
    Step(
        "offered by itself",
        "自动派单",
        None,
        case_of(ORDER, "offering"),
        [expect.merchant_sms("sent", PHARMACY)],
    ),
    Step(
        "the pharmacy comes",
        "药店接单",
        None,
        case_of(ORDER, "accepted"),
        [expect.merchant_sms("delivered", PHARMACY)],
    ),
    Step("calls and waits", "来电", she_gives_up, expect.call("queued", "leaves"), [town("answered", "leaves")]),
    Step("hangs up", "挂机", she_hangs_up, ended("leaves", "abandoned"), [town("left", "leaves")]),
    Step(
        "who waited is answered",
        "等候者接通",
        a_line_is_free,
        expect.call("talking", "waits"),
        [expect.queue_log("CONNECT", "waits")],
        seconds=60,
    ),
    Step(
        "each where it should be", "各得其所", the_board_is_read, ended("waits", "answered"), [town("left", "waits")]
    ),
]
