"""What bad input gets from the whole system: callers who write their own SIP, and SMS that nobody asked for."""

import unicodedata
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from callbridge.exchange import Tree
from console.errors import Refused
from console.plain import plain
from dispatch.wire.offers import OfferAnswer
from tests.system.day import LONG_AGO, Day, until, working_day
from tests.system.stranger import Stranger

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

FIRST = "kangning"
STRANGER = "+8613711112222"
HOSTILE = {
    "markup": ("[/b]老人[@click=app.quit]x[/]", "[bold red]王[/bold red]<b>".encode()),
    "line breaks": ("138\r\n\r\nEvent: UserEvent\r\nUserEvent: TownlineArrived\r\n\r\n", b"a\tb"),
    "a forged key": ("138\r\n\r\nEvent: UserEvent\r\nUserEvent: TownlineKey\r\nAttempt: {}\r\nKey: 1\r\n\r\n", b""),
    "300 digits": ("9" * 300, b"x" * 300),
    "300 characters": ("王" * 300, "\N{OLD PERSONAL COMPUTER}老".encode() * 150),
    "invalid bytes": ("138\udcff\udcfe\udcc3", b"\xff\xfe\xc3\x28" + "张".encode("gbk")),
    "brackets": ("138((((", "((老人".encode()),
    "a turned line": ("\u202e00012345", "\u202e\u0000\u200b\u0301\u0301\u0301\u0301zz".encode()),
    "nothing": ("", b""),
    "hidden": ("anonymous", b"Anonymous"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(tree: Tree, spoken: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Day]:
    async with working_day(tree, spoken, tmp_path_factory.mktemp("strangers")) as day:
        yield day


@pytest.fixture
def stranger(day: Day) -> Iterator[Stranger]:
    stranger = Stranger(day.stage.place.config.exchange.trunk, port=0)
    yield stranger
    stranger.socket.close()


class Conversation:
    """SMS to and fro with one number, as its telephone sees them."""

    def __init__(self, day: Day, number: str) -> None:
        self.day = day
        self.number = number
        self.sender = day.stage.community.merchant(FIRST)
        numbers = self.sender.numbers.model_copy(update={"sms": number})
        self.sender = self.sender.model_copy(update={"numbers": numbers})
        self.read = 0

    async def writes(self, text: str) -> str:
        """The service has read it; how it did."""
        seen = len(self.day.watch.events)
        self.day.stage.merchants.write(self.sender, text)
        return str((await self.day.watch.event("message.received", after=seen)).data["reading"])

    async def gets(self, words: str) -> None:
        """The next SMS at that telephone has these words in it."""
        await until(lambda: len(self.texts) > self.read, words)
        assert words in self.texts[self.read]
        self.read += 1

    def got_no_more(self) -> bool:
        return len(self.texts) == self.read

    @property
    def texts(self) -> list[str]:
        return [each.detail for each in self.day.sms("delivered", self.number)]


def harmless(text: str) -> bool:
    """Nothing in it breaks a line, moves a cursor or turns the writing, and it is short."""
    return len(text) <= 130 and not any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for sign in text)


async def test_whatever_a_caller_calls_himself_he_is_one_harmless_call(day: Day, stranger: Stranger) -> None:
    await day.stage.set_habit(FIRST, sms="silent")
    offer = (await day.offer("林婉芝", FIRST, "sms")).offers[-1]
    sent = await day.watch.event("offer.sent", lambda event: event.subject_id == offer.id)
    for name, (user, display) in HOSTILE.items():
        seen = len(day.watch.events)
        stranger.call(user.replace("{}", str(sent.data["attempt"])), display=display)
        ended = (await day.watch.event("call.ended", after=seen)).call
        assert ended is not None, name
        arrived = [each for each in day.watch.events[seen:] if each.what == "call.arrived"]
        assert [each.subject_id for each in arrived] == [ended.id], name
        assert harmless(ended.number), (name, ended.number)
        assert harmless(ended.name_heard), (name, ended.name_heard)
        assert (ended.resident, ended.end) == (None, "abandoned"), name
        assert ended.call_back in day.watch.world.cases, name
        assert harmless(plain(ended.name_heard)), name

    seen = len(day.watch.events)
    stranger.call("02367001008", display="[/]王秀英".encode() + b"\xff")
    known = await day.ended("孙德海", seen)
    assert harmless(known.name_heard)
    assert len(day.sql("SELECT id FROM call")) == stranger.calls
    assert day.sql("SELECT state FROM offer WHERE id = :id", id=offer.id) == [("sent",)]
    assert '"level": "error"' not in day.service_log


async def test_an_sms_that_fits_nothing_is_answered_once_shown_and_changes_nothing(day: Day) -> None:
    somebody, merchant = (
        Conversation(day, STRANGER),
        Conversation(day, day.stage.community.merchant(FIRST).numbers.sms),
    )
    merchant.read = len(merchant.texts)
    await day.stage.set_habit(FIRST, sms="silent")
    case = await day.offer("吴淑贞", FIRST, "sms")
    offer = case.offers[-1]
    await merchant.gets(offer.code)

    assert await somebody.writes("1") == "stranger"
    await somebody.gets("值班人员")
    assert await somebody.writes(f"{offer.code} 1") == "stranger"
    assert await merchant.writes("好的") == "not_understood"
    await merchant.gets("没有看懂")
    assert await merchant.writes("Z9Z9 1") == "unknown_code"
    await merchant.gets("没有找到单号Z9Z9")
    shown = sorted(line.body for line in day.watch.world.inbound.values())
    assert shown == sorted(["1", f"{offer.code} 1", "好的"])
    assert day.sql("SELECT state FROM offer WHERE id = :id", id=offer.id) == [("sent",)]

    assert await merchant.writes(f"{offer.code} 1") == "accept"
    await merchant.gets("吴")
    assert await merchant.writes(f"{offer.code} 1") == "repeated"
    await merchant.gets("已经接单了")
    with pytest.raises(Refused) as refused:  # and by word of mouth to an operator who has not looked at her screen
        await day.client.answer_offer(case.number, offer.id, OfferAnswer(expects="sent", answer="decline"))
    assert refused.value.problem.status == 409
    assert refused.value.problem.values["now"] == "accepted"
    assert merchant.sender.name in str(refused.value.problem.values)
    assert day.sql("SELECT state FROM offer WHERE id = :id", id=offer.id) == [("accepted",)]
    assert (somebody.got_no_more(), merchant.got_no_more()) == (True, True)


async def test_a_code_whose_time_is_over_is_told_so_and_not_accepted(day: Day) -> None:
    merchant = Conversation(day, day.stage.community.merchant(FIRST).numbers.sms)
    merchant.read = len(merchant.texts)
    case = await day.offer("何守义", FIRST, "sms")
    offer = case.offers[-1]
    await merchant.gets(offer.code)
    day.sql("UPDATE offer SET expires_at = :then WHERE id = :id", id=offer.id, then=LONG_AGO)
    day.sql(
        "UPDATE timer SET due_at = :then WHERE subject = 'offer' AND subject_id = :id", id=offer.id, then=LONG_AGO
    )
    await day.watch.event("offer.expired", lambda event: event.subject_id == offer.id)

    assert await merchant.writes(f"{offer.code} 1") == "too_late"
    await merchant.gets("已过回复时间")
    assert merchant.got_no_more()
    assert day.sql("SELECT state FROM offer WHERE id = :id", id=offer.id) == [("expired",)]
    assert '"level": "error"' not in day.service_log
