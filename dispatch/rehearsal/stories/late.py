"""The late one: a pharmacy accepts, and does not come in time.

It is warned, gets its yellow card, and the resident hears that somebody is late; then it comes, and only her own
word ends the visit.
"""

import re

from dispatch.rehearsal import expectations as expect
from dispatch.rehearsal.stories import main
from dispatch.rehearsal.stories.main import FIRST, RESIDENT
from dispatch.rehearsal.story import Play, Step
from dispatch.wire.board import Event
from dispatch.wire.cases import Close
from dispatch.wire.offers import Dispatch

WORD = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
UNTIL_LATE = 90.0  # seconds: the service allows a minute


async def she_calls(play: Play) -> None:
    """Medicine has to come within a minute here, and what proves it is the resident's word."""
    await play.stage.change_service("medicine", arrive_minutes=1, proof="word")
    await play.stage.set_habit(FIRST, sms="accept", seconds=2)
    await play.stage.picks_up(play.community.resident(RESIDENT), "press1", seconds=4)
    play.known["caller"] = RESIDENT
    play.known["caller.town"] = await play.stage.call_in(play.community.resident(RESIDENT))


async def she_hangs_up(play: Play) -> None:
    await play.stage.town.hang_up(play.known["caller.town"])


async def it_is_offered(play: Play) -> None:
    await play.clerk.dispatch(play.known["case"], Dispatch(expects="open"))


async def the_courier_is_at_the_door(play: Play) -> None:
    play.stage.merchants.write(play.community.merchant(FIRST), "4")


async def a_wrong_word_is_said(play: Play) -> None:
    word = _her_word(play)
    play.stage.merchants.write(play.community.merchant(FIRST), f"5 {'0000' if word != '0000' else '0001'}")


async def her_word_is_said(play: Play) -> None:
    play.stage.merchants.write(play.community.merchant(FIRST), f"5 {_her_word(play)}")


def _her_word(play: Play) -> str:
    """As it stands in the SMS that reached her telephone: the courier knows it from her alone."""
    numbers = {line.number for line in play.community.resident(RESIDENT).lines}
    written = play.stage.logs["sms"].find(
        lambda seen: seen.what == "delivered" and seen.number in numbers and "四位数" in seen.detail
    )
    if written is None:
        raise AssertionError("no word has reached the resident")
    return str(WORD.findall(written.detail)[-1])


async def the_case_is_closed(play: Play) -> None:
    await play.clerk.close_case(play.known["case"], Close(expects="served", outcome="served"))


def _told(channel: str, nth: int = 0) -> expect.Journal:
    """The first, or a later, of the news by that channel reached the resident."""

    def _accept(play: Play, event: Event) -> bool:
        news = [
            each.subject_id
            for each in play.journal
            if each.what == "message.wanted"
            and (each.data.get("kind"), each.data.get("channel")) == ("visit_news", channel)
        ]
        return len(news) > nth and event.what == "message.sent" and event.subject_id == news[nth]

    return _accept


def _needs(why: str) -> expect.Journal:
    return lambda play, event: expect.case("case.needs")(play, event) and event.data.get("why") == why


_CALLED, *_UNTIL_THE_CASE = main.STEPS[:5]

STEPS = [
    Step(_CALLED.name, _CALLED.name_zh, she_calls, _CALLED.journal, _CALLED.witnesses),
    *_UNTIL_THE_CASE,
    Step("hung up", "挂机", she_hangs_up, expect.call("ended"), [expect.resident("left")]),
    Step(
        "offered by SMS",
        "短信派单",
        it_is_offered,
        expect.offer("sent", FIRST, channel="sms"),
        [expect.merchant_sms("delivered", FIRST)],
    ),
    Step(
        "accepted",
        "接单",
        None,
        expect.offer("accepted", FIRST),
        [expect.merchant_sms("received", FIRST, text="1")],
    ),
    Step(
        "resident told by SMS who comes",
        "短信告知老人",
        None,
        _told("sms"),
        [expect.resident_sms(RESIDENT, has="四位数")],
    ),
    Step(
        "her word spoken by telephone",
        "电话告知四位数",
        None,
        _told("voice"),
        [expect.her_telephone(RESIDENT, "rang"), expect.her_telephone(RESIDENT, "presses", "1")],
        seconds=60,
    ),
    Step(
        "merchant warned",
        "提醒商家",
        None,
        expect.case("case.near_limit"),
        [expect.merchant_sms("delivered", FIRST, has="前到门口")],
        seconds=UNTIL_LATE,
    ),
    Step(
        "late, operator called",
        "超时，叫话务员",
        None,
        _needs("need.arrival_late"),
        [expect.merchant_sms("delivered", FIRST, has="黄牌")],
        seconds=UNTIL_LATE,
    ),
    Step(
        "resident told it is late",
        "告知老人晚到",
        None,
        _told("sms", 1),
        [expect.resident_sms(RESIDENT, has="还没有到")],
    ),
    Step(
        "at the door",
        "到门口",
        the_courier_is_at_the_door,
        expect.case("visit.at_the_door"),
        [expect.merchant_sms("received", FIRST, text="4")],
    ),
    Step(
        "a wrong word does not count",
        "四位数不对",
        a_wrong_word_is_said,
        expect.case("visit.wrong_word"),
        [expect.merchant_sms("delivered", FIRST, has="四位数不对")],
    ),
    Step(
        "proved by her word",
        "四位数核对",
        her_word_is_said,
        expect.case("visit.proved"),
        [expect.merchant_sms("delivered", FIRST, has="已办完")],
    ),
    Step("done", "办完", None, expect.case("visit.done"), [expect.merchant_sms("delivered", FIRST, has="已办完")]),
    Step("closed", "结案", the_case_is_closed, expect.case("case.closed"), [expect.operator("closed")]),
]
