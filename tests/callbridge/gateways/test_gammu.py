"""A USB modem: the real gammu-smsd with its AT driver, against a modem that the test plays on a pseudo-terminal."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from callbridge.errors import CallbackMalformed
from callbridge.gateways import GammuGateway, GatewayReceipt, InboundSms, SmsFate, SmsState, SmsStatus
from callbridge.settings import GammuSettings
from tests.callbridge.gateways.modem import Modem

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(shutil.which("gammu-smsd") is None, reason="gammu-smsd is not installed: make test does it"),
]

NUMBER = "+8613900000001"
CHINA = timezone(timedelta(hours=8))
SENT_AT = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
Found = TypeVar("Found")


async def until(look: Callable[[], Found | None], seconds: float = 30) -> Found:
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, f"not within {seconds:g} s"
        await asyncio.sleep(0.05)
    return found


class Desk:
    """The gateway at work, and what it has brought in."""

    def __init__(self, gateway: GammuGateway, modem: Modem) -> None:
        self.gateway = gateway
        self.modem = modem
        self.heard: list[InboundSms | SmsStatus] = []

    async def hear(self, report: InboundSms | SmsStatus) -> None:
        self.heard.append(report)

    async def status(self, attempt: str, status: SmsState) -> SmsStatus:
        def look() -> SmsStatus | None:
            of_it = (each for each in self.heard if isinstance(each, SmsStatus) and each.attempt == attempt)
            return next((each for each in of_it if each.status is status), None)

        return await until(look)

    async def sms(self, text: str) -> InboundSms:
        def look() -> InboundSms | None:
            return next((each for each in self.heard if isinstance(each, InboundSms) and each.text == text), None)

        return await until(look)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("gammu")
    modem = Modem(folder / "ttyUSB0")
    modem.plug()
    settings = GammuSettings.model_validate(
        {"name": "modem", "kind": "gammu", "device": str(modem.device), "directory": folder / "smsd"}
    )
    desk = Desk(GammuGateway(settings), modem)
    listening = asyncio.create_task(desk.gateway.listen(desk.hear))
    yield desk
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    modem.unplug()


async def usable(desk: Desk) -> None:
    give_up = time.monotonic() + 60
    while not (await desk.gateway.check()).usable:
        assert time.monotonic() < give_up, await desk.gateway.check()
        await asyncio.sleep(0.2)


async def test_a_message_goes_out_once_and_its_receipt_comes_back(desk: Desk) -> None:
    await usable(desk)
    text = "【邻里热线】送药:滨江里。回复 1 接单,2 不接。A7K2"
    assert await desk.gateway.send("a1", NUMBER, text) == GatewayReceipt("a1", SmsState.UNDER_WAY)
    await desk.gateway.send("a1", NUMBER, text)
    await desk.status("a1", SmsState.SENT)
    [message] = desk.modem.sent
    assert (message.to, message.text, message.wants_report) == (NUMBER, text, True)
    desk.modem.report(message, datetime.now(CHINA))
    await desk.status("a1", SmsState.DELIVERED)
    assert await desk.gateway.fate("a1", to=NUMBER, at=SENT_AT) == SmsFate(SmsState.DELIVERED)
    assert await desk.gateway.fate("unheard of", to=NUMBER, at=SENT_AT) == SmsFate(SmsState.NEVER_SEEN)


async def test_a_long_chinese_message_goes_out_in_chained_parts_whole(desk: Desk) -> None:
    await usable(desk)
    before, text = len(desk.modem.sent), "请送到滨江里三栋二单元五〇二室𠮷。" * 6
    await desk.gateway.send("long", NUMBER, text)
    await desk.status("long", SmsState.SENT)
    parts = desk.modem.sent[before:]
    assert "".join(part.text for part in parts) == text
    assert [(part.header[:6], part.header[8:]) for part in parts] == [("050003", "0201"), ("050003", "0202")]
    assert len({part.header[6:8] for part in parts}) == 1


async def test_an_answer_is_heard_with_the_networks_time(desk: Desk) -> None:
    await usable(desk)
    desk.modem.receive(NUMBER, "1 接单", SENT_AT)
    sms = await desk.sms("1 接单")
    assert (sms.from_number, sms.received_at) == (NUMBER, SENT_AT.astimezone(UTC))


async def test_the_parts_of_a_long_answer_are_joined_in_their_order(desk: Desk) -> None:
    await usable(desk)
    desk.modem.receive(NUMBER, "然后回来。", SENT_AT, chain=(9, 2, 2))
    desk.modem.receive(NUMBER, "我先去取药，", SENT_AT, chain=(9, 2, 1))
    await desk.sms("我先去取药，然后回来。")


async def test_what_the_network_refuses_has_failed_and_says_why(desk: Desk) -> None:
    await usable(desk)
    desk.modem.refuses = True
    await desk.gateway.send("refused", NUMBER, "送药")
    status = await desk.status("refused", SmsState.FAILED)
    desk.modem.refuses = False
    assert status.reason


async def test_a_modem_that_is_pulled_out_is_named_and_what_waits_goes_when_it_is_back(desk: Desk) -> None:
    await usable(desk)
    desk.modem.unplug()
    give_up = time.monotonic() + 60
    while (health := await desk.gateway.check()).usable:
        assert time.monotonic() < give_up
        await asyncio.sleep(0.2)
    assert "plugged in" in health.problems[0]
    await desk.gateway.send("waits", NUMBER, "送药")
    desk.modem.plug()
    await desk.status("waits", SmsState.SENT)
    assert [message.text for message in desk.modem.sent][-1:] == ["送药"]


async def test_what_is_not_worth_sending_any_more_is_not_sent(desk: Desk) -> None:
    desk.modem.unplug()
    await desk.gateway.send("too late", NUMBER, "过时", ttl=timedelta(seconds=0))
    status = await desk.status("too late", SmsState.FAILED)
    assert status.reason == "not sent in time"
    desk.modem.plug()
    await usable(desk)
    assert "过时" not in [message.text for message in desk.modem.sent]


async def test_nobody_reports_over_http(desk: Desk) -> None:
    with pytest.raises(CallbackMalformed):
        desk.gateway.read_callback({}, b"{}", SENT_AT)
