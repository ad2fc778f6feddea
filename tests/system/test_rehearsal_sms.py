"""The rehearsal's SMS phone and our gateway, both written from the app's public protocol, understand each other."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from callbridge.gateways import AndroidGateway, InboundSms, Report, SmsState, SmsStatus
from callbridge.settings import AndroidSettings
from dispatch.rehearsal.community import read_community
from dispatch.rehearsal.merchants import Merchants
from dispatch.rehearsal.sms import SmsPhone
from dispatch.rehearsal.sms.phone import QuietServer
from dispatch.rehearsal.witness import Log
from tests.system.conftest import free_port

MERCHANT = "+8619300234001"


class Desk:
    """Where the phone reports to: what came in, in order, and how many reports to refuse first."""

    def __init__(self, gateway: AndroidGateway) -> None:
        self.gateway = gateway
        self.came: list[Report] = []
        self.refuse = 0
        self.ids: list[str] = []  # of every report, refused ones too
        self.app = FastAPI()

        @self.app.post("/inbound")
        @self.app.post("/status")
        async def take(request: Request) -> Response:
            body = await request.body()
            self.ids.append(json.loads(body)["id"])
            if self.refuse:
                self.refuse -= 1
                return Response(status_code=503)
            self.came.extend(self.gateway.read_callback(request.headers, body, datetime.now(UTC)))
            return Response(status_code=204)

    async def wait(self, number: int) -> list[Report]:
        async with asyncio.timeout(5):
            while len(self.came) < number:  # noqa: ASYNC110 - a test may look at its leisure
                await asyncio.sleep(0.02)
        return self.came


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[SmsPhone]:
    phone = SmsPhone(
        port=free_port(socket.SOCK_STREAM),
        user="desk",
        password="secret",
        number="+8619900230000",
        log=Log(tmp_path / "sms.jsonl"),
        on_delivered=lambda number, text: None,
        retry_seconds=0.05,
    )
    await phone.start()
    yield phone
    await phone.stop()


def gateway_to(phone: SmsPhone, password: str = "secret") -> AndroidGateway:
    settings = AndroidSettings.model_validate({"name": "phone", "kind": "android", "url": phone.url})
    return AndroidGateway(settings, user="desk", password=password, signing="shared key")


@pytest.fixture
async def desk(phone: SmsPhone) -> AsyncIterator[Desk]:
    gateway = gateway_to(phone)
    desk = Desk(gateway)
    port = free_port(socket.SOCK_STREAM)
    server = QuietServer(uvicorn.Config(desk.app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    await gateway.register(f"http://127.0.0.1:{port}/inbound", f"http://127.0.0.1:{port}/status")
    yield desk
    server.should_exit = True
    await serving
    await gateway.close()


async def test_a_message_goes_out_and_its_way_is_reported(phone: SmsPhone, desk: Desk, tmp_path: Path) -> None:
    await desk.gateway.send("attempt-1", MERCHANT, "王䶮需要送药。回复 1 接单，2 不接。")
    first, second = await desk.wait(2)
    assert isinstance(first, SmsStatus)
    assert isinstance(second, SmsStatus)
    assert (first.attempt, first.status) == ("attempt-1", SmsState.SENT)
    assert (second.attempt, second.status) == ("attempt-1", SmsState.DELIVERED)
    assert (await desk.gateway.fate("attempt-1", to=MERCHANT, at=datetime.now(UTC))).status is SmsState.DELIVERED
    seen = Log(tmp_path / "sms.jsonl").read()
    assert [(each.what, each.number, each.call) for each in seen] == [
        ("sent", MERCHANT, "attempt-1"),
        ("delivered", MERCHANT, "attempt-1"),
    ]


async def test_one_attempt_is_never_two_messages(phone: SmsPhone, desk: Desk) -> None:
    await desk.gateway.send("attempt-1", MERCHANT, "once")
    await desk.gateway.send("attempt-1", MERCHANT, "once")
    assert list(phone.messages) == ["attempt-1"]
    assert (await desk.gateway.fate("attempt-2", to=MERCHANT, at=datetime.now(UTC))).status is SmsState.NEVER_SEEN


async def test_an_answer_comes_in_signed_and_again_under_the_same_id_until_it_is_taken(
    phone: SmsPhone, desk: Desk
) -> None:
    desk.refuse = 2
    phone.receive(MERCHANT, "１ 接单")
    (came,) = await desk.wait(1)
    assert isinstance(came, InboundSms)
    assert len(desk.ids) == 3
    assert set(desk.ids) == {came.event_id}
    assert (came.from_number, came.to_number, came.text) == (MERCHANT, "+8619900230000", "１ 接单")


async def test_a_receiver_that_is_no_mobile_fails_when_the_app_checks(phone: SmsPhone, desk: Desk) -> None:
    async with httpx.AsyncClient(base_url=phone.url, auth=("desk", "secret")) as http:
        message = {"id": "by-hand", "message": "hello", "phoneNumbers": ["+862367008001"]}
        assert (await http.post("/message", json=message)).status_code == 202
    (came,) = await desk.wait(1)
    assert isinstance(came, SmsStatus)
    assert (came.status, came.reason) == (SmsState.FAILED, "Invalid phone number type")


async def test_nobody_sends_without_the_password(phone: SmsPhone) -> None:
    stranger = gateway_to(phone, password="wrong")
    health = await stranger.check()
    await stranger.close()
    assert not health.usable
    assert phone.messages == {}


async def test_a_merchant_answers_what_it_is_asked_and_reports_its_steps_when_told(tmp_path: Path) -> None:
    community = read_community()
    wrote: list[tuple[str, str]] = []
    merchants = Merchants(community, lambda number, text: wrote.append((number, text)), reports_progress=False)
    pharmacy = community.merchant("kangning")
    merchants.set_habit(pharmacy, "decline", 0)
    merchants.read(pharmacy.numbers.sms, "【邻里热线】A7KM 送药上门，青石里。接单回1，不接回2")
    await asyncio.sleep(0.05)
    merchants.set_habit(pharmacy, "accept", 0)
    merchants.read(pharmacy.numbers.sms, "【邻里热线】B8KM 送药上门，青石里。接单回1，不接回2")
    await asyncio.sleep(0.05)
    merchants.read(pharmacy.numbers.sms, "【邻里热线】C9KM 送药上门，青石里。接单回1，不接回2")
    await asyncio.sleep(0.05)
    merchants.read(pharmacy.numbers.sms, "谢谢，已记下。")
    merchants.read(pharmacy.numbers.sms, "您有几单：B8KM、C9KM。请写单号和数字，例如：B8KM 1。")
    merchants.write(pharmacy, "3")
    await merchants.close()
    assert [text for _, text in wrote] == ["2", "1", "C9KM 1", "C9KM 1", "3"]
