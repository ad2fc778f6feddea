from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from callbridge.gateways import AndroidGateway
from callbridge.gateways.standin import StandInPhone
from callbridge.settings import AndroidSettings

SIGNING = "a key for signatures"


@pytest.fixture
def phone() -> Iterator[StandInPhone]:
    with StandInPhone(user="desk", password="secret", signing_key=SIGNING) as phone:
        yield phone


def gateway_to(url: str, *, password: str = "secret", patience: float = 5, **more: Any) -> AndroidGateway:
    settings = AndroidSettings.model_validate(
        {"name": "phone", "kind": "android", "url": url, "timeout_seconds": patience} | more
    )
    return AndroidGateway(settings, user="desk", password=password, signing=SIGNING)


@pytest.fixture
async def gateway(phone: StandInPhone) -> AsyncIterator[AndroidGateway]:
    gateway = gateway_to(phone.url)
    yield gateway
    await gateway.close()
