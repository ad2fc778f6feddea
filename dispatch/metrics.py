"""What Prometheus is told: counts taken from the database when it asks, and how long things took."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlmodel import col, func, select

from dispatch.casebook import OPEN_STATES
from dispatch.models import Call, CallState, Case, CaseState, Inbound, Message, MessageState, Timer, TimerState
from dispatch.models.calls import GOING_ON
from dispatch.views.board import calls_on_board
from registry.store import Store

GRACE = timedelta(seconds=5)  # a clock that has been due for less is only about to be looked at
UNDER_WAY = (MessageState.WANTED, MessageState.CLAIMED, MessageState.HANDED_OVER, MessageState.UNKNOWN)


class Metrics:
    """One registry for one service."""

    def __init__(
        self, store: Store, centre_id: int, *, linked: Callable[[], bool], clients: Callable[[], int]
    ) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Work(store, centre_id))
        Gauge("townline_link_up", "Whether the link to the exchange stands", registry=self.registry).set_function(
            lambda: float(linked())
        )
        Gauge(
            "townline_event_clients", "Consoles that listen to the event stream", registry=self.registry
        ).set_function(lambda: float(clients()))
        self._lag = Histogram(
            "townline_event_lag_seconds",
            "From a journal row's writing to its being handed to the event streams",
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
            registry=self.registry,
        )
        self._write = Histogram(
            "townline_store_write_seconds",
            "How long a write transaction held the database",
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1),
            registry=self.registry,
        )

    def lagged(self, lag: timedelta) -> None:
        self._lag.observe(lag.total_seconds())

    def wrote(self, seconds: float) -> None:
        self._write.observe(seconds)


class _Work(Collector):
    """The work as it is now: a handful of indexed counts."""

    def __init__(self, store: Store, centre_id: int) -> None:
        self._store = store
        self._centre_id = centre_id

    def describe(self) -> Iterable[Metric]:
        return ()  # registering must not ask the database

    def collect(self) -> Iterator[Metric]:
        now = self._store.clock.now()
        with self._store.reading() as session:
            shown = calls_on_board(self._centre_id)
            calls = dict(session.exec(select(Call.state, func.count()).where(shown).group_by(col(Call.state))).all())
            open_cases = (Case.centre_id == self._centre_id, col(Case.state).in_(OPEN_STATES))
            cases = dict(
                session.exec(select(Case.state, func.count()).where(*open_cases).group_by(col(Case.state))).all()
            )
            needing = session.exec(  # an ended one too: a merchant could not be told off, say
                select(func.count())
                .select_from(Case)
                .where(Case.centre_id == self._centre_id, col(Case.needs_since).is_not(None))
            ).one()
            to_call_back = session.exec(
                select(func.count())
                .select_from(Case)
                .where(
                    Case.centre_id == self._centre_id,
                    col(Case.state).in_(OPEN_STATES),
                    col(Case.call_back).is_not(None),
                )
            ).one()
            outbox = dict(
                session.exec(
                    select(Message.state, func.count())
                    .where(col(Message.state).in_(UNDER_WAY))
                    .group_by(col(Message.state))
                ).all()
            )
            unseen = session.exec(
                select(func.count())
                .select_from(Inbound)
                .where(col(Inbound.needs_operator), col(Inbound.seen_by_id).is_(None))
            ).one()
            overdue = session.exec(
                select(func.count())
                .select_from(Timer)
                .where(Timer.state == TimerState.ARMED, Timer.due_at < now - GRACE)
            ).one()
        live = {state: calls.get(state, 0) for state in CallState if state in GOING_ON}
        yield _by_state("townline_calls", "Calls that are going on", live)
        yield _one("townline_call_backs", "Callers who were not answered and wait to be called back", to_call_back)
        unfinished = {state: cases.get(state, 0) for state in CaseState if state in OPEN_STATES}
        yield _by_state("townline_cases", "Cases that are not closed", unfinished)
        yield _one("townline_cases_needing_operator", "Cases that wait for an operator's attention", needing)
        yield _by_state(
            "townline_outbox", "Messages that have not come to an end", {s: outbox.get(s, 0) for s in UNDER_WAY}
        )
        yield _one("townline_inbound_unseen", "SMS that wait for an operator", unseen)
        yield _one("townline_timers_overdue", "Clocks that were due and not looked at", overdue)


def _one(name: str, help_: str, value: int) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)


def _by_state(name: str, help_: str, counts: Mapping[Any, int]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=["state"])
    for state, count in counts.items():
        family.add_metric([str(state)], count)
    return family
