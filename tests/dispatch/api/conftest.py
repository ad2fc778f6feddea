from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from callbridge.settings import AndroidSettings, SpeechSettings
from dispatch.api import create_app
from dispatch.config import Config, DatabaseSettings, ServiceSettings
from dispatch.house import House, furnish
from dispatch.models import Operator
from dispatch.views.timeline import epoch_of
from registry.store import Role
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town

MASTER_KEY = "0123456789abcdef0123456789abcdef"  # the town's vault has it too
SIGNING = "the gateway signs with this"


@pytest.fixture
def config(tmp_path: Path, town: Town, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("TOWNLINE_SECRET_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("TOWNLINE_SECRET_GATEWAY_PHONE_SIGNING", SIGNING)
    return Config(
        database=DatabaseSettings(url=_written(town)),
        service=ServiceSettings(secrets=tmp_path / "secrets"),
        speech=SpeechSettings(cache=tmp_path / "speech"),
        gateways=(AndroidSettings(name="phone", kind="android", url="http://127.0.0.1:1"),),  # type: ignore[arg-type]
    )


@pytest.fixture
def house(town: Town, config: Config) -> House:
    """The house of the town, on the town's own database and clock; nothing of it runs."""
    with town.store.reading() as session:
        epoch = epoch_of(session, town.centre_id)
    return furnish(config, town.store, town.centre_id, epoch)


@pytest.fixture
def app(house: House) -> FastAPI:
    return create_app(house)


@pytest.fixture
def console(app: FastAPI, town: Town) -> Iterator[Console]:
    """Chen Yu's desk, logged in."""
    with Console.of(app, town, town.desk.operator_id) as console:
        yield console


@pytest.fixture
def supervisor(town: Town, console: Console) -> Console:
    """Chen Yu's desk, who is a supervisor now."""
    with town.store.writing() as session:
        session.get_one(Operator, town.desk.operator_id).role = Role.SUPERVISOR
    return console


@pytest.fixture
def colleague(app: FastAPI, town: Town) -> Iterator[Console]:
    with Console.of(app, town, town.colleague.operator_id) as console:
        yield console


def _written(town: Town) -> str:
    if town.store.is_sqlite:
        return f"sqlite:///{town.store.url.database}"
    return town.store.url.render_as_string(hide_password=False)
