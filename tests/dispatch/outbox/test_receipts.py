"""What a gateway says of a message later, in whatever order it says it."""

import asyncio
from typing import Any

from callbridge.gateways import GatewayReceipt, SmsState, SmsStatus
from dispatch import results
from dispatch.models import MessageState, OfferState
from dispatch.outbox import Sender
from tests.dispatch.doubles import GatewayInMemory
from tests.dispatch.outbox.messages import asked
from tests.dispatch.town import Town


def test_a_receipt_never_moves_backwards(town: Town) -> None:
    number = asked(town)
    town.send()
    attempt = town.gateway.taken[0].attempt

    def reports(state: SmsState) -> None:
        status = SmsStatus(event_id=f"s-{state}", attempt=attempt, status=state, at=town.clock.now())
        with town.store.writing() as session:
            results.take_status(session, "phone", status)

    for state in (SmsState.DELIVERED, SmsState.SENT, SmsState.UNDER_WAY, SmsState.FAILED):
        reports(state)
    assert [each.result for each in town.attempts()] == ["delivered"]
    assert town.newest_offer(number).state is OfferState.SENT
    (message,) = town.messages(MessageState.SENT)
    assert message.delivered_at == town.clock.now()


def test_a_receipt_that_says_it_failed_moves_on(town: Town) -> None:
    number = asked(town)
    town.send()
    status = SmsStatus(
        event_id="s", attempt=town.gateway.taken[0].attempt, status=SmsState.FAILED, at=town.clock.now(), reason="no"
    )
    for _ in range(2):
        with town.store.writing() as session:
            results.take_status(session, "phone", status)
    assert town.states(number) == [OfferState.FAILED]
    assert town.journal("case").count("case.needs") == 1


def test_a_receipt_may_come_before_the_gateway_has_answered(town: Town) -> None:
    number = asked(town)

    class Hasty(GatewayInMemory):
        async def send(self, attempt: str, to: str, text: str, **more: Any) -> GatewayReceipt:
            receipt = await super().send(attempt, to, text, **more)
            status = SmsStatus(event_id="s", attempt=attempt, status=SmsState.DELIVERED, at=town.clock.now())
            with town.store.writing() as session:
                results.take_status(session, "phone", status)
            return receipt

    asyncio.run(Sender(town.store, {"phone": Hasty()}, None, "serve-hasty").run_once())
    assert [attempt.result for attempt in town.attempts()] == ["delivered"]
    assert town.newest_offer(number).state is OfferState.SENT
