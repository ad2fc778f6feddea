"""A burst of replies: taken as fast as it is stored, read in the order in which it came."""

from functools import partial
from threading import Barrier, Event, Thread

import pytest

from callbridge.gateways import InboundSms
from dispatch import reports
from dispatch.backlog import AT_ONCE, Backlog
from dispatch.models import Inbound, InboundReading
from dispatch.unread import read_left_over
from tests.dispatch.town import Town

SHOP = "+8613900000001"


def test_what_comes_while_many_are_at_it_waits_and_is_done_in_its_order() -> None:
    backlog, begun, go_on, over, done = Backlog(), Barrier(AT_ONCE + 1), Event(), Event(), list[int]()

    def takes_long() -> None:
        begun.wait(60)
        go_on.wait(60)

    busy = [Thread(target=backlog.run, args=(takes_long,)) for _ in range(AT_ONCE)]
    for each in busy:
        each.start()
    begun.wait(60)
    backlog.run(partial(go_on.wait, 60))
    for number in range(20):
        backlog.run(partial(done.append, number))
    backlog.run(over.set)
    assert done == []
    go_on.set()
    assert over.wait(60)
    assert done == list(range(20))
    for each in busy:
        each.join(60)
    backlog.close()
    backlog.run(partial(done.append, 20))  # nobody waits any more
    assert done[-1] == 20


def test_a_reply_that_waits_when_the_service_ends_is_read_by_the_next_one(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.merchant("康宁药房", sms=SHOP)
    number = town.open(town.resident())
    town.dispatch(number)
    monkeypatch.setattr("dispatch.backlog.AT_ONCE", 0)  # as many as there may be are at it
    town.replies.backlog.close()
    sms = InboundSms(event_id="e1", from_number=SHOP, to_number=None, text="1", received_at=town.clock.now())
    for _ in range(3):
        reports.take(town.store, town.replies, "phone", [sms])
    assert [each.reading for each in town.all(Inbound)] == [InboundReading.UNREAD]
    town.passes(seconds=6)
    assert read_left_over(town.store, town.replies) == 1
    assert [each.reading for each in town.all(Inbound)] == [InboundReading.ACCEPT]
