"""What is asked every second, minute, or at each log-in stays quick however many calls and cases there have been."""

from collections.abc import Callable

import pytest
from prometheus_client import generate_latest

from dispatch import handover, timers
from dispatch.auditor import audit
from dispatch.metrics import Metrics
from dispatch.unread import read_left_over
from dispatch.views.board import board
from tests.dispatch.town import Town
from tests.registry.plans import listening, whole_tables

GROWS = {
    "call",
    "case",
    "offer",
    "visit",
    "message",
    "attempt",
    "inbound",
    "timer",
    "journal",
    "resident",
    "case_call",
}


def look_at_the_board(town: Town) -> None:
    with town.store.reading() as session:
        board(session, town.desk, town.clock.now())


def tell_prometheus(town: Town) -> None:
    generate_latest(Metrics(town.store, town.centre_id, linked=lambda: True, clients=lambda: 0).registry)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "asks",
    [
        look_at_the_board,
        tell_prometheus,
        lambda town: handover.claim(town.store, "serve-1", 8),
        lambda town: timers.due_now(town.store, "serve-1"),
        lambda town: read_left_over(town.store, town.replies),
        lambda town: audit(town.store),
    ],
    ids=["board", "metrics", "sender", "clocks", "replies", "auditor"],
)
def test_what_is_asked_again_and_again_reads_no_table_from_end_to_end(
    town: Town, asks: Callable[[Town], object]
) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    town.hangs_up(town.rings_in())
    town.answers(town.rings_in())
    town.dispatch(town.open(town.resident()))
    town.hears("13700000000", "你好")
    with listening(town.store) as asked:
        asks(town)
    with town.store.reading() as session:
        assert asked
        assert whole_tables(session, asked) & GROWS == set()
