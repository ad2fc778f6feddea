"""A water cut: three of one community call, and one key makes an incident of it. The waterworks get one job, all
three are told, two are settled with it, and the one who answers "still" keeps her case.
"""

import asyncio
from collections.abc import Awaitable, Callable

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.community import SampleResident, subscriber
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.board import Event
from dispatch.wire.cases import Close, Gather, NewCase
from dispatch.wire.offers import Dispatch

STILL, WRITES, CALLED = "林婉芝", "谢素华", "曹永福"  # the last has no mobile
WATERWORKS = "qingquan"
TALK_SECONDS = 3  # who is gone at once has not said what she needs, and is called back


async def the_first_calls(play: Play) -> None:
    """Three are many here, whatever the hour; and nobody needs long to write down what was said."""
    await play.stage.change_rule("incidents", alike=3)
    await play.stage.change_rule("quiet_hours", quiet_from="00:00", quiet_until="00:00", holidays=[])
    await play.stage.change_rule("presence_policy", after_call_seconds=1)
    await play.stage.set_habit(WATERWORKS, voice="accept", seconds=3)
    await play.stage.picks_up(play.community.resident(CALLED), "press1", seconds=2)
    await calls("still", STILL)(play)


def calls(who: str, name: str) -> Callable[[Play], Awaitable[None]]:
    async def _call(play: Play) -> None:
        play.known[who] = name
        play.known[f"{who}.town"] = await play.stage.call_in(play.community.resident(name))

    return _call


async def the_operator_answers(play: Play) -> None:
    assert play.stage.phone is not None
    await play.stage.phone.rings()
    await play.stage.phone.answer()


def tells(who: str) -> Callable[[Play], Awaitable[None]]:
    """The operator opens the caller's case, and the caller hangs up."""

    async def _tell(play: Play) -> None:
        case = NewCase(call_id=int(play.known[f"{who}.call"]), service="water", words="家里没有水")
        play.known[f"{who}.case"] = (await play.clerk.open_case(case)).number
        await asyncio.sleep(TALK_SECONDS)
        await play.stage.town.hang_up(play.known[f"{who}.town"])

    return _tell


async def one_key_gathers_them(play: Play) -> None:
    number = play.known["called.case"]
    case = await play.clerk.case(number)
    if case.many is None or case.many.alike != 3:
        raise AssertionError(f"the board says {case.many} of the third case, and not that three are alike")
    play.known["case"] = (await play.clerk.gather(number, Gather(expects=case.state))).number


async def the_job_goes_out(play: Play) -> None:
    await play.clerk.dispatch(play.known["case"], Dispatch(expects="open"))


async def it_is_done(play: Play) -> None:
    play.stage.merchants.write(play.community.merchant(WATERWORKS), "5")


async def she_still_has_none(play: Play) -> None:
    play.stage.writes(play.community.resident(STILL), "0")


async def the_incident_is_closed(play: Play) -> None:
    await play.clerk.close_case(play.known["case"], Close(expects="served", outcome="served"))


async def hers_is_open(play: Play) -> None:
    states = {who: (await play.clerk.case(play.known[f"{who}.case"])).state for who in ("still", "writes", "called")}
    if states != {"still": "open", "writes": "closed", "called": "closed"}:
        raise AssertionError(f"the cases are {states}")


def of(who: str, what: str, **data: str) -> expect.Journal:
    """`case.<what>` of her case, with those facts."""
    return lambda play, event: (
        event.what == f"case.{what}"
        and event.case is not None
        and event.case.number == play.known.get(f"{who}.case")
        and data.items() <= event.data.items()
    )


def told(who: str) -> expect.Journal:
    """News of the incident about her case is wanted."""
    return lambda play, event: (
        event.what == "message.wanted"
        and event.data.get("kind") == "incident_news"
        and event.case is not None
        and event.case.number == play.known.get(f"{who}.case")
    )


def told_after(what: str, who: str) -> expect.Journal:
    """And it is wanted after `what` of the incident."""
    news = told(who)

    def _accept(play: Play, event: Event) -> bool:
        before = play.entry(lambda each: expect.case(what)(play, each))
        return news(play, event) and before is not None and play.journal.index(event) > play.journal.index(before)

    return _accept


def sms_to(name: str, has: str) -> expect.Witness:
    """The SMS phone delivered it to her mobile."""
    return expect.robot(
        "sms",
        lambda play, seen: (
            seen.what == "delivered" and seen.number == mobile(play.community.resident(name)) and has in seen.detail
        ),
    )


def sms_from(name: str, text: str) -> expect.Witness:
    """The SMS phone got it from her mobile."""
    return expect.robot(
        "sms",
        lambda play, seen: (
            seen.what == "received" and seen.number == mobile(play.community.resident(name)) and seen.detail == text
        ),
    )


def mobile(resident: SampleResident) -> str:
    return next(line.number for line in resident.lines if line.kind == "mobile")


def her_telephone(what: str, digit: str = "") -> expect.Witness:
    """The town's log about the telephone of who has no mobile, when we call it."""
    return expect.robot(
        "town",
        lambda play, seen: (
            seen.what == what
            and seen.call != play.known.get("called.town")
            and seen.number == subscriber(play.community.resident(CALLED).lines[0].number)
            and (not digit or seen.detail == digit)
        ),
    )


def _is(play: Play, who: str, number: str) -> bool:
    """Whether that is the number she calls from."""
    return number.endswith(subscriber(play.community.resident(play.known[who]).lines[0].number))


def town(what: str, who: str) -> expect.Witness:
    """The town's log about the telephone of who calls us."""
    return expect.robot("town", lambda play, seen: seen.what == what and seen.call == play.known.get(f"{who}.town"))


def opened(who: str) -> expect.Witness:
    return expect.robot(
        "operator", lambda play, seen: seen.what == "opened" and seen.call == play.known.get(f"{who}.case")
    )


def of_the_incident(did: str) -> expect.Witness:
    return expect.robot("operator", lambda play, seen: seen.what == did and seen.call == play.known.get("case"))


def calls_about_it(who: str, does: Callable[[Play], Awaitable[None]]) -> list[Step]:
    """She calls, is answered, has her case, and hangs up."""
    talks = expect.robot("telephone", lambda play, seen: seen.what == "answered" and _is(play, who, seen.number))
    return [
        Step("calls about the water", "停水来电", does, expect.call("queued", who), [town("answered", who)]),
        Step("answered", "接听", the_operator_answers, expect.call("talking", who), [talks]),
        Step("a case", "建单", tells(who), of(who, "opened"), [opened(who), town("left", who)]),
    ]


STEPS = [
    *calls_about_it("still", the_first_calls),
    *calls_about_it("writes", calls("writes", WRITES)),
    *calls_about_it("called", calls("called", CALLED)),
    Step(
        "one key makes an incident",
        "合并成事件",
        one_key_gathers_them,
        expect.case("case.gathering"),
        [of_the_incident("gathered")],
    ),
    Step("told that it is known", "短信告知", None, told("still"), [sms_to(STILL, "青石里已有3户")]),
    Step(
        "told by telephone", "电话告知", None, told("called"), [her_telephone("rang"), her_telephone("presses", "1")]
    ),
    Step(
        "one job for the waterworks",
        "派一次单",
        the_job_goes_out,
        expect.offer("accepted", WATERWORKS),
        [expect.merchant_telephone("presses", WATERWORKS, digit="1")],
        seconds=60,
    ),
    Step(
        "told that somebody comes",
        "告知有人去",
        None,
        told_after("case.accepted", "writes"),
        [sms_to(WRITES, "已有人去处理")],
    ),
    Step(
        "done", "办完", it_is_done, expect.case("visit.done"), [expect.merchant_sms("received", WATERWORKS, text="5")]
    ),
    Step(
        "asked whether it is over",
        "问好了没有",
        None,
        told_after("visit.done", "still"),
        [sms_to(STILL, "还没好请回0")],
    ),
    Step(
        "still none at her home",
        "她家还没水",
        she_still_has_none,
        of("still", "needs", why="need.still_needed"),
        [sms_from(STILL, "0")],
    ),
    Step(
        "the incident is closed",
        "事件办结",
        the_incident_is_closed,
        expect.case("case.closed"),
        [of_the_incident("closed")],
    ),
    Step("the others are settled", "随事件办结", None, of("writes", "closed"), [sms_to(WRITES, "还没好请回0")]),
    Step("hers is open", "她的单子还开着", hers_is_open, of("called", "closed"), [sms_to(STILL, "您的单子还开着")]),
]
