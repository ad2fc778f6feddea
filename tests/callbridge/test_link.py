"""The link against the faults that a real exchange shows rarely."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from callbridge.errors import ActionRefused, AmiRefused, AmiUnreachable, LinkLost, UnsafeValue
from callbridge.link import Link, Pace
from callbridge.standin.ami import AmiStandIn
from callbridge.wire import Fields

RIGHT = "right"
BRISK = Pace(answer=0.3, boot=0.3, ping_every=0.05, pong=0.1)
CALM = Pace(answer=0.3, boot=0.3, ping_every=60)


@pytest.fixture
async def exchange() -> AsyncIterator[AmiStandIn]:
    stand_in = AmiStandIn(secret=RIGHT)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


class Heard:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[Fields] = asyncio.Queue()

    async def next(self) -> Fields:
        return await asyncio.wait_for(self.queue.get(), 2)


@pytest.fixture
def heard() -> Heard:
    return Heard()


async def opened(exchange: AmiStandIn, heard: Heard, secret: str = RIGHT, pace: Pace = CALM) -> Link:
    return await Link.open("127.0.0.1", exchange.port, "townline", secret, heard.queue.put_nowait, pace)


async def test_a_wrong_secret_is_refused_after_one_login(exchange: AmiStandIn, heard: Heard) -> None:
    with pytest.raises(AmiRefused, match="Authentication failed"):
        await opened(exchange, heard, secret="wrong")
    assert exchange.logins == 1


async def test_nobody_listening_is_said_with_address_and_port(exchange: AmiStandIn, heard: Heard) -> None:
    await exchange.stop()
    with pytest.raises(AmiUnreachable, match=rf"127\.0\.0\.1:{exchange.port}"):
        await opened(exchange, heard)


async def test_an_exchange_that_listens_and_says_nothing_is_unreachable(exchange: AmiStandIn, heard: Heard) -> None:
    exchange.silent = True
    with pytest.raises(AmiUnreachable):
        await opened(exchange, heard)


async def test_a_connection_lost_during_the_login_is_said(exchange: AmiStandIn, heard: Heard) -> None:
    exchange.answers["Login"] = lambda _: None
    opening = asyncio.create_task(opened(exchange, heard))
    exchange.silent = True
    await exchange.until("Login")
    await exchange.cut()
    with pytest.raises(LinkLost):
        await opening


async def test_the_uptime_of_the_exchange_is_known_after_the_login(exchange: AmiStandIn, heard: Heard) -> None:
    exchange.uptime = 17
    link = await opened(exchange, heard)
    assert link.booted["uptime"] == "17"
    await link.close()


async def test_a_name_split_between_segments_arrives_whole(exchange: AmiStandIn, heard: Heard) -> None:
    link = await opened(exchange, heard)
    exchange.segment = 1
    await exchange.say(Event="UserEvent", Name="王秀英奶奶")
    assert (await heard.next())["name"] == "王秀英奶奶"
    await link.close()


async def test_events_that_come_together_are_heard_one_by_one(exchange: AmiStandIn, heard: Heard) -> None:
    link = await opened(exchange, heard)
    await exchange.say_raw(b"Event: A\r\nN: 1\r\n\r\nEvent: B\r\nN: 2\r\n\r\nEvent: C\r\n")
    await exchange.say_raw(b"N: 3\r\n\r\n")
    assert [(event["event"], event["n"]) for event in [await heard.next() for _ in "123"]] == [
        ("A", "1"),
        ("B", "2"),
        ("C", "3"),
    ]
    await link.close()


async def test_bytes_that_are_no_utf8_cost_one_character_and_nothing_else(exchange: AmiStandIn, heard: Heard) -> None:
    link = await opened(exchange, heard)
    await exchange.say_raw(b"Event: A\r\nName: \xe7\x8e!\r\nNumber: 139\r\n\r\n")
    assert await heard.next() == {"event": "A", "name": "\ufffd!", "number": "139"}
    await link.close()


async def test_a_message_that_never_ends_ends_the_link(exchange: AmiStandIn, heard: Heard) -> None:
    link = await opened(exchange, heard)
    await exchange.say_raw(b"x" * 1_100_000)
    assert await asyncio.wait_for(link.lost, 5) == "a message without an end"


async def test_an_action_the_exchange_refuses_says_why(exchange: AmiStandIn, heard: Heard) -> None:
    exchange.answers["Hangup"] = lambda _: {"Response": "Error", "Message": "No such channel"}
    link = await opened(exchange, heard)
    with pytest.raises(ActionRefused, match="No such channel"):
        await link.act({"Action": "Hangup", "Channel": "x"})
    await link.close()


async def test_an_unanswered_action_fails_when_the_link_breaks_and_is_never_sent_again(
    exchange: AmiStandIn, heard: Heard
) -> None:
    exchange.answers["Originate"] = lambda _: None
    link = await opened(exchange, heard)
    calling = asyncio.create_task(link.act({"Action": "Originate", "Channel": "PJSIP/1@trunk", "Async": "true"}))
    await exchange.until("Originate")
    await exchange.cut()
    with pytest.raises(LinkLost):
        await calling
    again = await opened(exchange, heard)
    await again.act({"Action": "Ping"})
    assert len(exchange.of("Originate")) == 1
    await again.close()


async def test_an_action_without_an_answer_is_given_up(exchange: AmiStandIn, heard: Heard) -> None:
    exchange.answers["Setvar"] = lambda _: None
    link = await opened(exchange, heard)
    with pytest.raises(LinkLost, match="no answer within"):
        await link.act({"Action": "Setvar", "Variable": "A", "Value": "b"})
    await link.act({"Action": "Ping"})
    await link.close()


async def test_on_a_lost_link_nothing_is_sent(exchange: AmiStandIn, heard: Heard) -> None:
    link = await opened(exchange, heard)
    await exchange.cut()
    assert "closed the connection" in await link.lost or "broke" in link.lost.result()
    with pytest.raises(ActionRefused):
        await link.act({"Action": "Ping"})


async def test_a_list_has_its_entries_and_nothing_else(exchange: AmiStandIn, heard: Heard) -> None:
    exchange.channels = [{"Uniqueid": "main-1.1"}, {"Uniqueid": "main-1.2"}]
    link = await opened(exchange, heard)
    entries = await link.list({"Action": "CoreShowChannels"})
    assert [each["uniqueid"] for each in entries] == ["main-1.1", "main-1.2"]
    exchange.channels = []
    assert await link.list({"Action": "CoreShowChannels"}) == []
    assert heard.queue.empty()
    await link.close()


async def test_a_list_that_is_cut_off_is_given_up(exchange: AmiStandIn, heard: Heard) -> None:
    exchange.channels = [{"Uniqueid": "main-1.1"}]
    exchange.cuts_lists = True
    link = await opened(exchange, heard)
    with pytest.raises(LinkLost):
        await link.list({"Action": "CoreShowChannels"})
    await link.close()


async def test_a_list_answered_by_an_error_is_refused_at_once(exchange: AmiStandIn, heard: Heard) -> None:
    exchange.answers["QueueStatus"] = lambda _: {"Response": "Error", "Message": "Permission denied"}
    link = await opened(exchange, heard)
    with pytest.raises(ActionRefused, match="Permission denied"):
        await link.list({"Action": "QueueStatus"})
    await link.close()


async def test_a_link_that_falls_silent_is_given_up(exchange: AmiStandIn, heard: Heard) -> None:
    link = await opened(exchange, heard, pace=BRISK)
    await exchange.until("Ping", 2)
    assert not link.lost.done()
    exchange.silent = True
    assert "no answer to a Ping" in await asyncio.wait_for(link.lost, 2)


@pytest.mark.parametrize(
    "value",
    ["a\r\n\r\nAction: Originate", "a\nb", "a\0b", "王" * 400, "half a pair \ud800"],
    ids=["a second action", "a line feed", "a NUL", "1200 bytes", "no text"],
)
async def test_a_value_that_would_break_the_protocol_is_not_sent(
    exchange: AmiStandIn, heard: Heard, value: str
) -> None:
    link = await opened(exchange, heard)
    with pytest.raises(UnsafeValue):
        await link.act({"Action": "Setvar", "Variable": "A", "Value": value})
    with pytest.raises(UnsafeValue):
        await link.act({"Action": "Originate", "Variable": ["A=1", f"B={value}"]})
    assert [each["Action"] for each in exchange.received] == [["Login"]]
    await link.close()
