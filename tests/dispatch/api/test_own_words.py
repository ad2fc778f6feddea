"""An operator writes an SMS in her own words: counted as she types, sent, and missed when it does not arrive."""

import pytest

from callbridge.gateways import SmsState, SmsStatus
from dispatch import reports
from dispatch.config import Config
from dispatch.models import MessageKind, MessageState
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town

SHOP, HERS = "+8613900000001", "+8613800001001"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def config(config: Config) -> Config:
    gateway = config.gateways[0].model_copy(update={"price": 0.05})
    return config.model_copy(update={"gateways": (gateway,)})


def test_length_parts_and_cost_are_told_while_it_is_typed(console: Console) -> None:
    def reckoned(text: str) -> tuple[str, int, int, int, float]:
        told = console.get("sms/reckoning", text=text)
        return told["encoding"], told["characters"], told["parts"], told["left"], told["cost"]

    assert reckoned("药" * 70) == ("ucs2", 70, 1, 0, 0.05)
    assert reckoned("药" * 71) == ("ucs2", 71, 2, 63, 0.1)
    assert reckoned("a" * 160) == ("gsm", 160, 1, 0, 0.05)
    assert reckoned("a" * 161) == ("gsm", 161, 2, 145, 0.1)
    assert reckoned("𠮷") == ("ucs2", 2, 1, 68, 0.05)
    assert console.get("sms/reckoning", 422, text="药" * 501)


def test_it_goes_to_the_merchant_and_to_the_resident_and_the_text_is_not_in_the_journal(
    town: Town, console: Console
) -> None:
    shop = town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident(number=HERS, kind="mobile"))
    console.post(f"cases/{number}/sms", to="merchant", merchant_id=shop, body="请带零钱 𠮷")
    console.post(f"cases/{number}/sms", to="resident", body="师傅两点到")
    town.send()
    assert (town.sms_to(SHOP), town.sms_to(HERS)) == (["请带零钱 𠮷"], ["师傅两点到"])
    told = console.get(f"cases/{number}/timeline")
    written = [each for each in told if each["what"] == "message.wanted"]
    assert [(each["actor"]["name"], each["data"]["to"]) for each in written] == [
        ("陈雨", "merchant"),
        ("陈雨", "resident"),
    ]
    assert "零钱" not in str(told)


def test_what_did_not_arrive_is_before_the_operators(town: Town, console: Console) -> None:
    shop = town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident())
    console.post(f"cases/{number}/sms", to="merchant", merchant_id=shop, body="请带零钱")
    town.send()
    (message,) = [each for each in town.messages(MessageState.SENT) if each.kind is MessageKind.WORDS]
    (attempt,) = [each for each in town.attempts() if each.message_id == message.id]
    status = SmsStatus(event_id="e", attempt=attempt.id, status=SmsState.FAILED, at=town.clock.now(), reason="absent")
    reports.take(town.store, town.replies, "phone", [status])
    assert town.case(number).needs_why == "need.words_failed"


def test_who_is_blind_is_written_nothing(town: Town, console: Console) -> None:
    number = town.open(town.resident(number=HERS, kind="mobile", sight="blind"))
    refused = console.post(f"cases/{number}/sms", 422, to="resident", body="师傅两点到")
    assert (refused["values"]["field"], refused["values"]["right"]) == ("to", "resident.who_can_read")


def test_who_has_no_such_number_is_said_at_its_field(town: Town, console: Console) -> None:
    by_phone = town.merchant("康宁药房", voice="+862367001009")
    number = town.open(town.resident())
    assert console.post(f"cases/{number}/sms", 422, to="resident", body="x")["values"]["field"] == "to"
    for merchant in (by_phone, 99):
        refused = console.post(f"cases/{number}/sms", 422, to="merchant", merchant_id=merchant, body="x")
        assert refused["values"]["field"] == "merchant_id"
    assert console.post(f"cases/{number}/sms", 422, to="merchant", body="")
    assert console.post("cases/TL-20260302-9999/sms", 404, to="resident", body="x")
