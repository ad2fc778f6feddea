"""A cloud vendor that fell silent after the hand-over is asked what became of the SMS before anything is repeated."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from callbridge.gateways import AliyunGateway, TencentGateway
from callbridge.gateways.cloud_signatures import Key
from callbridge.settings import AliyunSettings, TencentSettings
from dispatch.attention import Need
from dispatch.models import OfferState
from dispatch.outbox import Sender
from tests.callbridge.gateways.clouds import Cloud
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog

NUMBER = "+8613900000001"


@dataclass
class Silent:
    """An offer that the cloud has taken without a word, and the case it is about."""

    cloud: Cloud
    town: Town
    number: str

    def later(self, **step: float) -> None:
        self.town.clock.move(timedelta(**step))
        self.town.send()

    @property
    def offer(self) -> OfferState:
        return self.town.newest_offer(self.number).state


@pytest.fixture(params=["aliyun", "tencent"])
def silent(request: pytest.FixtureRequest, town: Town) -> Iterator[Silent]:
    town.merchant("康宁药房", sms=NUMBER)
    number = town.open(town.resident())
    town.dispatch(number)
    with Cloud(request.param, silent=True) as cloud:
        town.sender = Sender(town.store, {"cloud": gateway_to(cloud, town)}, None, "serve-cloud")
        town.send()
        cloud.silent = False
        assert len(cloud.taken) == 1
        yield Silent(cloud, town, number)


def gateway_to(cloud: Cloud, town: Town) -> AliyunGateway | TencentGateway:
    fields: dict[str, Any] = {
        "name": "cloud",
        "kind": cloud.kind,
        "url": cloud.url,
        "sign_name": "邻里热线",
        "timeout_seconds": 0.2,
        "templates": [{"text": "sms.offer", "code": "1000001"}],
    }
    key = Key(cloud.id, cloud.secret)
    if cloud.kind == "aliyun":
        return AliyunGateway(AliyunSettings.model_validate(fields), key=key, token="t", now=town.clock.now)
    settings = TencentSettings.model_validate(fields | {"app_id": "1400006666"})
    return TencentGateway(settings, key=key, token="t", now=town.clock.now)


def test_what_is_found_there_is_not_sent_again(silent: Silent) -> None:
    (attempt,) = silent.town.attempts()
    silent.later(seconds=6)
    assert silent.offer is OfferState.PENDING, "not found yet, which says nothing"
    day = f"{silent.town.clock.now():%Y-%m-%d} 09:00:00"
    silent.cloud.records = [
        {"PhoneNum": NUMBER[3:], "SendDate": day, "SendStatus": 3, "OutId": attempt.id}
        if silent.cloud.kind == "aliyun"
        else {"PhoneNumber": NUMBER, "ReportStatus": "SUCCESS", "SessionContext": attempt.id, "SerialNo": "s"}
    ]
    silent.later(seconds=30)
    assert [each.result for each in silent.town.attempts()] == ["delivered"]
    assert silent.offer is OfferState.SENT
    assert len(silent.cloud.taken) == 1


def test_what_can_never_be_found_there_is_sent_again_only_where_that_proves_something(
    silent: Silent, error_log: ErrorLog
) -> None:
    for _ in range(8):
        silent.later(seconds=20)
    results = [each.result for each in silent.town.attempts()]
    if silent.cloud.kind == "aliyun":  # its records have everything that it took, after a while
        assert results == ["never_seen", "sent"]
        assert len({sent["OutId"] for sent in silent.cloud.taken}) == len(silent.cloud.taken) == 2
    else:
        error_log.expect("message.fate_unknown")
        assert results == ["with_operator"]
        assert silent.town.case(silent.number).needs_why == Need.UNKNOWN_FATE
        assert len(silent.cloud.taken) == 1
