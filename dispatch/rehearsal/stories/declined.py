"""Nobody comes by himself: two who are near decline, then it is widened, the last one does not pick up, and it is the
operator's turn, who talks one of them round and gives him the job by hand.

How the centre offers such a case is a version of its rule, as an administrator writes one.
"""

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.board import Event
from dispatch.wire.cases import Close, NewCase
from dispatch.wire.offers import Dispatch

RESIDENT = "林婉芝"
FIRST, SECOND, LAST = "kangning", "tongxin", "chunhe"
BY_DAY, BY_NIGHT = "renan", "changming"  # about as far away; one of them is open
NEAR = 300  # metres: FIRST and SECOND
ONE_BY_ONE = {"way": "best_first", "at_once": 3, "within_metres": NEAR}
MINUTES = {"emergency_minutes": 1, "urgent_minutes": 1, "routine_minutes": 1}


async def she_needs_medicine(play: Play) -> None:
    await play.stage.change_rule("policies", medicine=ONE_BY_ONE | MINUTES)
    await play.stage.change_rule("offer_policy", voice_tries=1)
    await play.stage.set_habit(FIRST, sms="decline", seconds=2)
    await play.stage.set_habit(SECOND, voice="decline", seconds=3)
    for key in (BY_DAY, BY_NIGHT):
        await play.stage.set_habit(key, sms="decline", seconds=2)
    await play.stage.set_habit(LAST, sms="silent", voice="busy")
    resident_id = await play.clerk.resident(RESIDENT)
    new = NewCase(resident_id=resident_id, service="medicine", words="缬沙坦80mg一盒")
    play.known["case"] = (await play.clerk.open_case(new)).number


async def it_is_sent_to_the_first(play: Play) -> None:
    candidates = (await play.clerk.candidates(play.known["case"])).candidates
    keys = {play.community.merchant(key).name: key for key in (FIRST, SECOND, BY_DAY, BY_NIGHT, LAST)}
    order = [keys[candidate.merchant.name] for candidate in candidates]
    if len(order) < 4 or (order[0], order[1], order[-1]) != (FIRST, SECOND, LAST):
        raise AssertionError(f"the candidates are {order}")
    play.known["merchant.third"] = order[2]
    await play.clerk.dispatch(play.known["case"], Dispatch(expects="open"))


async def it_is_given_by_hand(play: Play) -> None:
    """It is the operator's turn, and the case says so. She has talked to the first one, who will come after all."""
    case = await play.clerk.case(play.known["case"])
    if (case.state, case.turn, case.needs_why) != ("open", "operator", "need.nobody_left"):
        raise AssertionError(f"the case is {case.state}, the turn is {case.turn}, it needs {case.needs_why}")
    if [offer.state for offer in case.offers] != ["declined", "declined", "declined", "failed"]:
        raise AssertionError(f"the offers are {[offer.state for offer in case.offers]}")
    await play.stage.set_habit(FIRST, voice="accept", seconds=3)
    by_hand = Dispatch(expects="open", merchant_id=play.merchants[FIRST], channel="voice")
    await play.clerk.dispatch(play.known["case"], by_hand)


async def the_first_has_been_there(play: Play) -> None:
    play.stage.merchants.write(play.community.merchant(FIRST), "5")


async def the_case_is_closed(play: Play) -> None:
    await play.clerk.close_case(play.known["case"], Close(expects="served", outcome="served"))


def nobody_left(play: Play, event: Event) -> bool:
    return expect.case("case.needs")(play, event) and event.data.get("why") == "need.nobody_left"


def offered_by_hand(play: Play, event: Event) -> bool:
    return expect.case("offer.offered")(play, event) and event.data.get("by_hand") is True


STEPS = [
    Step("case opened", "建单", she_needs_medicine, expect.case("case.opened"), [expect.operator("opened")]),
    Step(
        "first asked by SMS",
        "短信派单",
        it_is_sent_to_the_first,
        expect.offer("sent", FIRST),
        [expect.merchant_sms("delivered", FIRST)],
    ),
    Step(
        "declines by SMS",
        "短信拒单",
        None,
        expect.offer("declined", FIRST),
        [expect.merchant_sms("received", FIRST, text="2")],
    ),
    Step(
        "second asked by telephone",
        "电话派单",
        None,
        expect.offer("sent", SECOND),
        [expect.merchant_telephone("rang", SECOND)],
    ),
    Step(
        "declines with the key",
        "按键拒单",
        None,
        expect.offer("declined", SECOND),
        [expect.merchant_telephone("presses", SECOND, digit="2")],
    ),
    Step(
        "asked farther away",
        "扩大范围",
        None,
        expect.case("case.widened"),
        [expect.merchant_sms("delivered", "third")],
    ),
    Step(
        "declines as well",
        "再次拒单",
        None,
        expect.offer("declined", "third"),
        [expect.merchant_sms("received", "third", text="2"), expect.merchant_sms("delivered", LAST)],
    ),
    Step(
        "silent, so called: busy",
        "无回音改打电话占线",
        None,
        expect.offer("failed", LAST),
        [expect.merchant_telephone("rang", LAST)],
        seconds=60.0,
    ),
    Step("the operator's turn", "轮到接线员", None, nobody_left, [expect.merchant_telephone("left", LAST)]),
    Step(
        "given by hand",
        "手工派单",
        it_is_given_by_hand,
        offered_by_hand,
        [expect.merchant_telephone("rang", FIRST)],
    ),
    Step(
        "accepted with the key",
        "按键接单",
        None,
        expect.case("offer.accepted"),
        [expect.merchant_telephone("presses", FIRST, digit="1")],
    ),
    Step(
        "told the doorstep",
        "告知地址",
        None,
        expect.message_sent("job_details"),
        [expect.merchant_sms("delivered", FIRST, has="502")],
    ),
    Step(
        "done",
        "办完",
        the_first_has_been_there,
        expect.case("visit.done"),
        [expect.merchant_sms("received", FIRST, text="5")],
    ),
    Step("closed", "结案", the_case_is_closed, expect.case("case.closed"), [expect.operator("closed")]),
]
