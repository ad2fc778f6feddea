"""The console at the service itself: its HTTP API and its event stream on a real database, over a real port."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from callbridge.events import CallRinging
from callbridge.settings import SpeechSettings
from console.app import Console
from console.client import Client
from console.login.screen import Credentials
from dispatch.config import Config, DatabaseSettings, ServiceSettings
from dispatch.house import House, furnish
from dispatch.models import Operator
from dispatch.operators import change_password
from dispatch.passwords import hashed
from dispatch.views.timeline import epoch_of
from registry.store import MovableClock, Store
from tests.conftest import MORNING
from tests.console.conftest import SIZES, Seat
from tests.dispatch.api.serving import Service
from tests.dispatch.town import Town, found

PHARMACY, OTHER = "+8613900000001", "+8613900000002"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MORNING)


@pytest.fixture
def town(store: Store, clock: MovableClock) -> Town:
    town = found(store, clock)
    with store.writing() as session:
        operator = session.lock(Operator, town.desk.operator_id)
        assert operator is not None
        change_password(session, operator, hashed("secret-word"))
    town.merchant("康宁药房", sms=PHARMACY)
    town.merchant("同心药店", sms=OTHER, position=(29.5380, 106.5100))
    return town


@pytest.fixture
def house(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("TOWNLINE_SECRET_MASTER_KEY", "0123456789abcdef0123456789abcdef")
    config = Config(
        database=DatabaseSettings(url=f"sqlite:///{town.store.url.database}"),
        service=ServiceSettings(secrets=tmp_path / "secrets"),
        speech=SpeechSettings(cache=tmp_path / "speech"),
    )
    with town.store.reading() as session:
        return furnish(config, town.store, town.centre_id, epoch_of(session, town.centre_id))


@pytest.fixture
def service(house: House) -> Iterator[Service]:
    with Service(house).running() as service:
        yield service


@pytest.fixture
async def seat(service: Service, clock: MovableClock, town: Town) -> AsyncIterator[Seat]:
    app = Console(Client(service.url), credentials=Credentials("chen", "secret-word"), clock=clock.now)
    async with app.run_test(size=SIZES[0], notifications=True) as pilot:
        seat = Seat(app, pilot, None)  # type: ignore[arg-type]
        await seat.until(lambda: app.desk.world.centre_name and app.desk.services)
        await seat.sees("邻里热线", "陈雨 就绪")
        yield seat


def rings_at(town: Town, uniqueid: str, extension: str) -> None:
    town.tell(CallRinging(exchange="main", at=town.clock.now(), uniqueid=uniqueid, extension=extension))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_from_the_ringing_telephone_to_the_closed_case(seat: Seat, town: Town) -> None:
    await asyncio.to_thread(town.resident)
    uniqueid = await asyncio.to_thread(town.rings_in)
    await seat.sees("王秀英奶奶", "青石里")
    await asyncio.to_thread(rings_at, town, uniqueid, "801")
    await seat.sees("在我这里响", "进门", "门铃坏了，请敲门")
    await asyncio.to_thread(town.answers, uniqueid)
    await seat.sees("通话中")
    await seat.press("n")
    await seat.sees("送药上门")
    await seat.press("1")
    await seat.sees("康宁药房", "直线", "同心药店")
    await seat.press("enter")
    await seat.sees("派单中", "派给 康宁药房（短信）")
    await asyncio.to_thread(town.send)
    await seat.sees("等待回复")
    await asyncio.to_thread(town.writes, PHARMACY, "2")
    await seat.sees("康宁药房 不接（短信）", "派给 同心药店（短信）")
    await asyncio.to_thread(town.writes, OTHER, "1")
    await seat.sees("同心药店 接单（短信）", "应到门")
    for key, said in (("1", "已出发"), ("1", "已到门口"), ("1", "已办完")):
        await seat.press("v")
        await seat.sees("商户到哪一步了")
        await seat.press(key)
        await seat.sees(f"同心药店 {said}")
    await seat.press("c")
    await seat.sees("结案：结果是什么")
    await seat.press("1")
    await seat.sees("满意吗")
    await seat.press("1")
    await seat.sees("结案：已服务", "已结案")
    (number,) = {case.number for case in town.all(type(town.case("TL-20260302-0001")))}
    assert town.case(number).satisfaction == "satisfied"
    journal = town.journal("case", "offer", "visit")
    assert [what for what in journal if what.startswith("visit.")] == [
        "visit.on_the_way",
        "visit.at_the_door",
        "visit.done",
    ]
    assert journal[-1] == "case.closed"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_was_first_is_said_when_a_colleague_was_faster(seat: Seat, town: Town) -> None:
    number = await asyncio.to_thread(lambda: town.open(town.resident()))
    await seat.sees("送药上门")
    await seat.press("1")
    await seat.sees(number)
    await seat.press("d")
    await seat.sees("康宁药房")
    await asyncio.to_thread(town.dispatch, number)
    await asyncio.to_thread(town.answer_by_word_of_mouth, number, "accept")
    await seat.sees("已接单")
    await seat.press("enter")
    await seat.sees("先到的是 康宁药房")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nobody_left_rings_until_it_is_acknowledged(seat: Seat, town: Town, clock: MovableClock) -> None:
    number = await asyncio.to_thread(lambda: town.open(town.resident()))
    await asyncio.to_thread(town.dispatch, number)
    await asyncio.to_thread(town.answer_by_word_of_mouth, number, "decline")
    await asyncio.to_thread(town.answer_by_word_of_mouth, number, "decline")
    await seat.sees("问遍了，没有商户能接", "要我处理 (1)")
    await seat.press("a")
    await seat.until(lambda: town.case(number).needs_since is None)
    assert town.case(number).turn_operator_id == town.desk.operator_id
    await seat.sees("待派")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_stranger_is_registered_and_the_next_call_is_hers(seat: Seat, town: Town) -> None:
    uniqueid = await asyncio.to_thread(town.rings_in, "13912345678")
    await asyncio.to_thread(town.answers, uniqueid)
    await seat.sees("这个号码没有登记", "139 1234 5678")
    await seat.press("r")
    await seat.sees("登记老人")
    await seat.type("吴敏")
    await seat.press("ctrl+s")
    await seat.sees("事主 吴敏")
    await asyncio.to_thread(town.hangs_up, uniqueid)
    again = await asyncio.to_thread(town.rings_in, "13912345678")
    assert town.call(again).resident_id == town.call(uniqueid).resident_id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_she_is_found_by_the_beginnings_of_her_name_and_her_line_remembered(seat: Seat, town: Town) -> None:
    resident = await asyncio.to_thread(town.resident)
    uniqueid = await asyncio.to_thread(town.rings_in, "13912345678")
    await asyncio.to_thread(town.answers, uniqueid)
    await seat.sees("这个号码没有登记")
    await seat.press("b")
    await seat.type("wxy")
    await seat.sees("王秀英奶奶")
    await seat.press("enter")
    await seat.sees("事主 王秀英奶奶")
    await seat.press("k")
    await seat.sees("已记住")
    town.clock.move(timedelta(minutes=1))
    again = await asyncio.to_thread(town.rings_in, "13912345678")
    assert town.call(again).resident_id == resident
