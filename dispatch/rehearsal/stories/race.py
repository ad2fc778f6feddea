"""A race: the operator has the three best asked at once; the first acceptance wins, the others are told kindly, and
who says yes too late hears when the job went.
"""

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.board import Event
from dispatch.wire.cases import CaseChange, Close, NewCase
from dispatch.wire.offers import Dispatch

RESIDENT = "林婉芝"
WINNER, RINGS = "kangning", "tongxin"
BY_DAY, BY_NIGHT = "renan", "changming"  # the third: one of them is open
TAKEN, LATE = "已由另一家接单", "已由别的商家接了"


async def she_needs_medicine(play: Play) -> None:
    await play.stage.set_habit(WINNER, sms="accept", seconds=6)
    await play.stage.set_habit(RINGS, voice="ring")
    for key in (BY_DAY, BY_NIGHT):
        await play.stage.set_habit(key, sms="silent")
    resident_id = await play.clerk.resident(RESIDENT)
    new = NewCase(resident_id=resident_id, service="medicine", words="速效救心丸一瓶", priority="urgent")
    play.known["case"] = (await play.clerk.open_case(new)).number


async def a_race_is_chosen(play: Play) -> None:
    case = await play.clerk.case(play.known["case"])
    changed = await play.clerk.change_case(case.number, CaseChange(version=case.version, way="race"))
    if changed.offering is None or (changed.offering.way, changed.offering.at_once) != ("race", 3):
        raise AssertionError("the case does not say that three are asked at once")


async def it_is_sent(play: Play) -> None:
    candidates = (await play.clerk.candidates(play.known["case"])).candidates
    keys = {play.community.merchant(key).name: key for key in (WINNER, RINGS, BY_DAY, BY_NIGHT)}
    order = [keys.get(candidate.merchant.name) for candidate in candidates[:3]]
    if order[:2] != [WINNER, RINGS] or order[2] is None:
        raise AssertionError(f"the first candidates are {order}")
    play.known["merchant.third"] = order[2]
    await play.clerk.dispatch(play.known["case"], Dispatch(expects="open"))


async def the_third_says_yes_too_late(play: Play) -> None:
    play.stage.merchants.write(play.community.merchant(expect.named(play, "third")), "1")


async def the_winner_has_been_there(play: Play) -> None:
    play.stage.merchants.write(play.community.merchant(WINNER), "5")


async def the_case_is_closed(play: Play) -> None:
    states = sorted(offer.state for offer in (await play.clerk.case(play.known["case"])).offers)
    if states != ["fulfilled", "withdrawn", "withdrawn"]:
        raise AssertionError(f"the offers are {states}")
    await play.clerk.close_case(play.known["case"], Close(expects="served", outcome="served"))


def too_late(play: Play, event: Event) -> bool:
    return expect.case("message.received")(play, event) and event.data.get("reading") == "too_late"


STEPS = [
    Step("case opened", "建单", she_needs_medicine, expect.case("case.opened"), [expect.operator("opened")]),
    Step("a race is chosen", "选择抢单", a_race_is_chosen, expect.case("case.changed"), [expect.operator("changed")]),
    Step(
        "one asked by SMS",
        "短信派单",
        it_is_sent,
        expect.offer("sent", WINNER),
        [expect.merchant_sms("delivered", WINNER)],
    ),
    Step(
        "one by telephone, at once",
        "同时电话派单",
        None,
        expect.offer("sent", RINGS),
        [expect.merchant_telephone("rang", RINGS)],
    ),
    Step(
        "one more by SMS, at once",
        "同时短信派单",
        None,
        expect.offer("sent", "third"),
        [expect.merchant_sms("delivered", "third")],
    ),
    Step(
        "the first acceptance wins",
        "先接者得",
        None,
        expect.offer("accepted", WINNER),
        [expect.merchant_sms("received", WINNER, text="1"), expect.merchant_sms("delivered", WINNER, has="502")],
    ),
    Step(
        "the telephone is let be",
        "停止振铃",
        None,
        expect.offer("withdrawn", RINGS),
        [expect.merchant_telephone("left", RINGS)],
    ),
    Step(
        "the other is told kindly",
        "告知已被接走",
        None,
        expect.offer("withdrawn", "third"),
        [expect.merchant_sms("delivered", "third", has=TAKEN)],
    ),
    Step(
        "yes, but too late",
        "接晚了",
        the_third_says_yes_too_late,
        too_late,
        [expect.merchant_sms("received", "third", text="1"), expect.merchant_sms("delivered", "third", has=LATE)],
    ),
    Step(
        "done",
        "办完",
        the_winner_has_been_there,
        expect.case("visit.done"),
        [expect.merchant_sms("received", WINNER, text="5")],
    ),
    Step("closed", "结案", the_case_is_closed, expect.case("case.closed"), [expect.operator("closed")]),
]
