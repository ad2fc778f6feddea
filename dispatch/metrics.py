"""What Prometheus is told: counts taken from the database when it asks, and how long things took."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlmodel import col, func, select

from dispatch import findings
from dispatch.casebook import OPEN_STATES
from dispatch.models import Call, CallState, Case, CaseState, Inbound, Message, MessageState, Proof, Timer, TimerState
from dispatch.models.audit import Finding
from dispatch.models.calls import GOING_ON
from dispatch.proofs import newest
from dispatch.views.board import calls_on_board
from dispatch.views.gateways import gateway_lines
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
            proven = newest(session, self._centre_id)
            gateways = gateway_lines(session, self._centre_id)
            found = {each.kind: each.count for each in findings.current(session, self._centre_id)}
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
        audited = GaugeMetricFamily(
            "townline_audit_findings",
            "What the auditor found not to move as it should, at most 100 of each kind",
            labels=["kind"],
        )
        for kind in Finding:
            audited.add_metric([str(kind)], found.get(str(kind), 0))
        yield audited
        yield _by_gateway(
            "townline_gateway_works",
            "Whether an SMS gateway works",
            [(each.name, float(each.failing_since is None)) for each in gateways],
        )
        yield _by_gateway(
            "townline_gateway_age_seconds",
            "Since an SMS gateway was last seen to work",
            [(each.name, (now - each.worked_at).total_seconds()) for each in gateways if each.worked_at is not None],
        )
        yield _by_gateway(
            "townline_gateway_under_way",
            "SMS handed to a gateway of which nobody knows yet that they were sent",
            [(each.name, float(each.under_way)) for each in gateways],
        )
        yield _by_proof(
            "townline_proof_worked",
            "Whether a trunk or telephone worked when it was last tried",
            [(proof, float(proof.worked)) for proof in proven],
        )
        yield _by_proof(
            "townline_proof_age_seconds",
            "Since a trunk or telephone was last seen to work",
            [(proof, (now - proof.worked_at).total_seconds()) for proof in proven if proof.worked_at is not None],
        )


def _one(name: str, help_: str, value: int) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)


def _by_state(name: str, help_: str, counts: Mapping[Any, int]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=["state"])
    for state, count in counts.items():
        family.add_metric([str(state)], count)
    return family


def _by_gateway(name: str, help_: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=["gateway"])
    for gateway, value in values:
        family.add_metric([gateway], value)
    return family


def _by_proof(name: str, help_: str, values: Iterable[tuple[Proof, float]]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=["exchange", "kind", "name"])
    for proof, value in values:
        family.add_metric([proof.exchange, str(proof.kind), proof.name], value)
    return family
