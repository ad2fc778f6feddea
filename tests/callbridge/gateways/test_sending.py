"""Messages out, through real HTTP to a phone that checks as the app does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from callbridge.errors import GatewayAway, GatewayRefused, GatewayUnsure
from callbridge.gateways import AndroidGateway, GatewayReceipt, SmsFate, SmsState
from callbridge.gateways.standin import Fault, StandInPhone
from tests.callbridge.gateways.conftest import gateway_to

NUMBER = "+8613900000001"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TEXT = "【邻里热线】送药:滨江里 3 栋,18:30 前。回复 1 接单,2 不接。编号 A7 𠮷"


@asynccontextmanager
async def opened(gateway: AndroidGateway) -> AsyncIterator[AndroidGateway]:
    yield gateway
    await gateway.close()


async def test_a_message_goes_out_under_the_id_of_its_attempt(phone: StandInPhone, gateway: AndroidGateway) -> None:
    phone.radio = False
    assert await gateway.send("attempt-1", NUMBER, TEXT) == GatewayReceipt("attempt-1", SmsState.UNDER_WAY)
    message = phone.messages["attempt-1"]
    assert (message.to, message.text) == (NUMBER, TEXT)


async def test_the_same_attempt_is_one_message_however_often_it_is_sent(
    phone: StandInPhone, gateway: AndroidGateway
) -> None:
    await gateway.send("attempt-1", NUMBER, TEXT)
    assert await gateway.send("attempt-1", NUMBER, TEXT) == GatewayReceipt("attempt-1", SmsState.UNDER_WAY)
    assert list(phone.messages) == ["attempt-1"]


async def test_a_message_says_how_long_it_is_worth_sending_and_whether_it_may_wait(
    phone: StandInPhone, gateway: AndroidGateway
) -> None:
    await gateway.send("calm", NUMBER, TEXT)
    await gateway.send("short", NUMBER, TEXT, ttl=timedelta(minutes=5), urgent=True)
    assert phone.messages["calm"].request.keys().isdisjoint({"ttl", "priority"})
    assert phone.messages["short"].request["ttl"] == 300
    assert phone.messages["short"].request["priority"] == 100


async def test_with_several_sim_cards_everybody_is_written_to_from_one_and_the_same(phone: StandInPhone) -> None:
    numbers = [f"+86139000000{n:02}" for n in range(20)]
    async with opened(gateway_to(phone.url, sims=[1, 2])) as gateway:
        for round_ in ("a", "b"):
            for number in numbers:
                await gateway.send(f"{round_}{number}", number, TEXT)
    first, second = ([phone.messages[f"{r}{n}"].request["simNumber"] for n in numbers] for r in ("a", "b"))
    assert first == second
    assert set(first) == {1, 2}
    async with opened(gateway_to(phone.url)) as gateway:
        await gateway.send("by whichever the phone likes", NUMBER, TEXT)
    assert "simNumber" not in phone.messages["by whichever the phone likes"].request


@pytest.mark.parametrize("fault", [Fault.TAKEN_THEN_SILENT, Fault.TAKEN_THEN_CUT, Fault.BROKEN])
async def test_whatever_breaks_after_the_hand_over_is_unsure_and_can_be_asked_about(
    phone: StandInPhone, fault: Fault
) -> None:
    phone.radio = False
    phone.faults = [fault]
    async with opened(gateway_to(phone.url, patience=0.2)) as gateway:
        with pytest.raises(GatewayUnsure):
            await gateway.send("attempt-1", NUMBER, TEXT)
        taken = fault is not Fault.BROKEN
        fate = await gateway.fate("attempt-1", to=NUMBER, at=NOW)
        assert fate.status is (SmsState.UNDER_WAY if taken else SmsState.NEVER_SEEN)


async def test_a_refused_message_was_not_sent(phone: StandInPhone, gateway: AndroidGateway) -> None:
    phone.faults = [Fault.REFUSED]
    with pytest.raises(GatewayRefused, match="400"):
        await gateway.send("attempt-1", NUMBER, TEXT)
    assert await gateway.fate("attempt-1", to=NUMBER, at=NOW) == SmsFate(SmsState.NEVER_SEEN)


async def test_a_wrong_password_is_refused_and_named(phone: StandInPhone) -> None:
    async with opened(gateway_to(phone.url, password="wrong")) as gateway:
        with pytest.raises(GatewayRefused, match="user or password") as refused:
            await gateway.send("attempt-1", NUMBER, TEXT)
        assert not isinstance(refused.value, GatewayAway)
        health = await gateway.check()
    assert not health.usable
    assert "user or password" in health.problems[0]
    assert not phone.messages


async def test_nobody_at_the_address_is_surely_not_sent() -> None:
    with StandInPhone(user="desk", password="secret") as gone:
        url = gone.url
    async with opened(gateway_to(url)) as gateway:
        with pytest.raises(GatewayAway):
            await gateway.send("attempt-1", NUMBER, TEXT)
        with pytest.raises(GatewayAway):
            await gateway.fate("attempt-1", to=NUMBER, at=NOW)
        assert not (await gateway.check()).usable


@pytest.mark.parametrize(
    ("state", "reason", "fate"),
    [
        ("Processed", "", SmsFate(SmsState.UNDER_WAY)),
        ("Sent", "", SmsFate(SmsState.SENT)),
        ("Delivered", "", SmsFate(SmsState.DELIVERED)),
        ("Failed", "RESULT_ERROR_NO_SERVICE", SmsFate(SmsState.FAILED, "RESULT_ERROR_NO_SERVICE")),
    ],
)
async def test_the_phone_is_asked_what_became_of_an_attempt(
    phone: StandInPhone, gateway: AndroidGateway, state: str, reason: str, fate: SmsFate
) -> None:
    phone.radio = False
    await gateway.send("a/b?c", NUMBER, TEXT)
    phone.report("a/b?c", state, reason)
    assert await gateway.fate("a/b?c", to=NUMBER, at=NOW) == fate


async def test_no_message_means_never_seen(gateway: AndroidGateway) -> None:
    assert await gateway.fate("nothing", to=NUMBER, at=NOW) == SmsFate(SmsState.NEVER_SEEN)


async def test_a_working_phone_is_usable_and_says_what_troubles_it(
    phone: StandInPhone, gateway: AndroidGateway
) -> None:
    assert (await gateway.check()).problems == ()
    phone.failing_checks["messages:failed"] = "Failed messages for last hour"
    health = await gateway.check()
    assert health.usable
    assert health.problems == ("messages:failed: Failed messages for last hour",)
