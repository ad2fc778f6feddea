"""The service is killed while a caller waits and an offer is out.

The exchange goes on by itself: the operator answers the waiting caller, and the pharmacy's answer waits in the SMS
phone. After the restart both are there, and the offer has gone out once.
"""

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.evidence import Seen
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.cases import NewCase
from dispatch.wire.offers import Dispatch

FIRST_CALLER, SECOND_CALLER = "林婉芝", "王䶮"
PHARMACY = "kangning"


async def the_first_calls(play: Play) -> None:
    await play.stage.set_habit(PHARMACY, sms="silent")
    play.known["caller"] = FIRST_CALLER
    play.known["caller.town"] = await play.stage.call_in(play.community.resident(FIRST_CALLER), times=20)


async def she_is_answered(play: Play) -> None:
    assert play.stage.phone is not None
    await play.stage.phone.answer()


async def her_case_is_sent_out(play: Play) -> None:
    new = NewCase(call_id=int(play.known["caller.call"]), service="medicine")
    play.known["case"] = (await play.clerk.open_case(new)).number
    await play.clerk.dispatch(play.known["case"], Dispatch(expects="open"))


async def another_calls_and_waits(play: Play) -> None:
    play.known["second"] = SECOND_CALLER
    play.known["second.town"] = await play.stage.call_in(play.community.resident(SECOND_CALLER), times=20)


async def the_service_is_killed(play: Play) -> None:
    assert play.stage.phone is not None
    await play.stage.service.crash()
    play.stage.merchants.write(play.community.merchant(PHARMACY), "1")
    await play.stage.town.hang_up(play.known["caller.town"])
    await play.stage.phone.rings()
    await play.stage.phone.answer()
    await play.stage.service.start()


def sent_once(play: Play) -> Seen | None:
    """The offer in the SMS phone's log, unless it is there twice."""
    number = play.community.merchant(PHARMACY).numbers.sms
    sent = [each for each in play.stage.logs["sms"].read() if each.what == "sent" and each.number == number]
    offers = [each for each in sent if "1接单" in each.detail]
    return Seen("sms", offers[0].at, "sent once") if len(offers) == 1 else None


STEPS = [
    Step("first caller", "第一位来电", the_first_calls, expect.call("arrived"), [expect.cel_of_caller("CHAN_START")]),
    Step("answered", "接听", she_is_answered, expect.call("talking"), [expect.queue_log("CONNECT")]),
    Step(
        "offer out",
        "派单已发",
        her_case_is_sent_out,
        expect.offer("sent", PHARMACY, channel="sms"),
        [expect.merchant_sms("delivered", PHARMACY)],
    ),
    Step(
        "second caller waits",
        "第二位等待",
        another_calls_and_waits,
        expect.call("queued", "second"),
        [expect.cel_of_caller("CHAN_START", "second"), expect.queue_log("ENTERQUEUE", "second")],
    ),
    Step(
        "answered, service dead",
        "中断时接听",
        the_service_is_killed,
        expect.call("talking", "second"),
        [expect.queue_log("CONNECT", "second")],
        seconds=60,
    ),
    Step(
        "answer not lost",
        "回复未丢",
        None,
        expect.offer("accepted", PHARMACY),
        [expect.merchant_sms("received", PHARMACY, text="1")],
        seconds=60,
    ),
    Step("offer sent once", "派单只发一次", None, expect.case("case.accepted"), [sent_once]),
]
