"""A desk at the service itself: its HTTP API and its event stream on a real database, over a real port."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

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
def town(centre_id: int, store: Store, clock: MovableClock) -> Town:
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
