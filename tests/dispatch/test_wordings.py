"""An SMS carries what it was worded from, for gateways that send templates only; their receipts count once."""

from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from callbridge.gateways import SmsState, SmsStatus
from dispatch import reports
from dispatch.models import EarlyReceipt, OfferState
from dispatch.outbox import Sender
from dispatch.wordings import OF_A_JOB, values_by_text
from registry.models import Channel
from tests.dispatch.doubles import GatewayInMemory
from tests.dispatch.town import Town

SMS, TELEPHONE = "+8613900000001", "+8613900000002"


def with_gateways(town: Town, *gateways: GatewayInMemory) -> None:
    town.sender = Sender(town.store, {each.name: each for each in gateways}, town.exchange, "serve-several")


def asked(town: Town, **merchant: str) -> str:
    town.merchant("康宁药房", **(merchant or {"sms": SMS}))
    number = town.open(town.resident())
    town.dispatch(number)
    return number


def test_every_sms_says_which_text_it_is_and_with_which_values(town: Town) -> None:
    number = asked(town)
    town.send()
    town.answer_by_word_of_mouth(number, "accept")
    town.send()
    town.writes(SMS, "听不懂")
    town.send()
    offer, details, reply = (sms.wording for sms in town.gateway.taken)
    assert offer is not None
    assert details is not None
    assert reply is not None
    assert (offer.text, details.text, reply.text) == ("sms.offer", "sms.details", "reply.not_understood")
    code = town.newest_offer(number).code
    assert offer.values["code"] == details.values["code"] == code
    assert "door" not in offer.values
    assert "502" in details.values["door"]
    for wording in (offer, details, reply):
        assert wording.values.keys() == values_by_text()[wording.text]


def test_the_document_for_templates_has_every_text_about_a_job_with_its_values() -> None:
    lines = (Path(__file__).parents[2] / "docs/cloud-sms.md").read_text().splitlines()
    for text, values in values_by_text().items():
        if text.startswith("sms."):
            (line,) = [each for each in lines if f"`{text}`" in each]
            assert all(f"`{value}`" in line for value in values - OF_A_JOB), text


def test_a_gateway_without_a_template_for_the_text_is_passed_over(town: Town) -> None:
    number = asked(town)
    cloud, phone = GatewayInMemory("cloud", texts=("sms.withdrawn",)), GatewayInMemory("phone")
    with_gateways(town, cloud, phone)
    town.send()
    assert (cloud.hand_overs, phone.hand_overs) == (0, 1)
    assert town.newest_offer(number).state is OfferState.SENT


def test_a_text_that_no_gateway_can_carry_becomes_a_call(town: Town) -> None:
    number = asked(town, sms=SMS, voice=TELEPHONE)
    cloud = GatewayInMemory("cloud", texts=())
    with_gateways(town, cloud)
    town.send()
    town.send()
    assert cloud.hand_overs == 0
    assert town.newest_offer(number).channel is Channel.VOICE
    assert len(town.exchange.dialled) == 1


def test_a_receipt_under_the_vendors_own_name_is_counted_once_however_often_it_comes(town: Town) -> None:
    asked(town)
    town.send()
    (attempt,) = town.attempts()
    status = SmsStatus(
        event_id="e", attempt="", status=SmsState.DELIVERED, at=town.clock.now(), reference=attempt.reference or ""
    )
    before = len(town.journal())
    reports.take(town.store, town.replies, "phone", [status] * 100)
    assert [each.result for each in town.attempts()] == ["delivered"]
    assert len(town.journal()) == before
    reports.take(town.store, town.replies, "another", [status])
    assert early(town) == [attempt.reference], "another gateway's name for something else"


def early(town: Town) -> list[str]:
    with town.store.reading() as session:
        return [each.reference for each in session.exec(select(EarlyReceipt)).all()]


def test_a_receipt_that_is_faster_than_the_answer_waits_until_its_message_is_known(town: Town) -> None:
    asked(town)
    status = SmsStatus(event_id="e", attempt="", status=SmsState.DELIVERED, at=town.clock.now(), reference="serial-1")
    for _ in range(100):
        reports.take(town.store, town.replies, "phone", [status])
    assert early(town) == ["serial-1"]
    reports.read_early(town.store)
    assert early(town) == ["serial-1"]
    town.gateway.reference = "serial-1"
    town.send()
    reports.read_early(town.store)
    assert early(town) == []
    assert [attempt.result for attempt in town.attempts()] == ["delivered"]


def test_a_receipt_of_which_nobody_ever_hears_is_dropped(town: Town) -> None:
    status = SmsStatus(event_id="e", attempt="", status=SmsState.FAILED, at=town.clock.now(), reference="of-others")
    reports.take(town.store, town.replies, "phone", [status])
    town.clock.move(timedelta(minutes=11))
    reports.read_early(town.store)
    assert early(town) == []
