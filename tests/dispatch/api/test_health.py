"""Whether the service can do its work, as a machine asks."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from callbridge.bridge import LinkState
from callbridge.events import ProofProblem
from callbridge.proof import TRUNK
from dispatch import gateway_health
from dispatch.house import House
from dispatch.models import Timer, TimerKind, TimerState
from dispatch.switchboard import Switchboard
from dispatch.views.board import board
from tests.dispatch.api.desks import http_of
from tests.dispatch.api.test_proofs import proven
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog


def metrics(app: FastAPI) -> dict[str, float]:
    with http_of(app) as http:
        answer = http.get("/metrics")
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def linked(monkeypatch: pytest.MonkeyPatch, town: Town, cel_problem: str = "") -> None:
    state = LinkState(
        up=True, since=town.clock.now(), reason="", cel_problem=cel_problem, lag=timedelta(), waiting=0, refused=0
    )
    monkeypatch.setattr(Switchboard, "link", state)


def test_the_figures_follow_the_work(app: FastAPI, town: Town) -> None:
    town.resident()
    town.merchant("康宁药房", sms="+8613900000001")
    town.rings_in()
    town.hangs_up(town.rings_in())
    number = town.open(None)
    town.dispatch(number)
    found = metrics(app)
    assert found["townline_calls{queued}"] == 1
    assert found["townline_calls{talking}"] == 0
    assert found["townline_call_backs"] == 1
    assert found["townline_cases{offering}"] == 1
    assert found["townline_cases{served}"] == 0
    assert found["townline_cases_needing_operator"] == 1
    assert found["townline_outbox{wanted}"] == 1
    assert found["townline_timers_overdue"] == 0
    assert found["townline_link_up"] == 0
    assert found["townline_store_write_seconds_count"] > 0
    town.clock.move(timedelta(hours=1))
    overdue = {timer.kind for timer in town.all(Timer) if timer.state is TimerState.ARMED}
    assert overdue == {TimerKind.OFFER_EXPIRES, TimerKind.UNATTENDED}
    assert metrics(app)["townline_timers_overdue"] == 2


def test_the_figures_tell_nothing_about_people(app: FastAPI, town: Town) -> None:
    town.resident()
    town.rings_in()
    with http_of(app) as http:
        text = http.get("/metrics").text
    assert "王秀英" not in text
    assert "67001001" not in text


def test_readiness_names_what_is_missing(
    app: FastAPI, house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_of(app) as http:
        assert http.get("/healthz").json() == {"ready": True, "problems": []}
        answer = http.get("/readyz")
        assert answer.status_code == 503
        assert len(answer.json()["problems"]) == 2
        linked(monkeypatch, town)
        house.ticked()
        assert http.get("/readyz").json() == {"ready": True, "problems": []}
        linked(monkeypatch, town, "master.db is missing")
        unreadable = http.get("/readyz")
        assert unreadable.status_code == 503
        assert unreadable.json()["problems"] == ["the event log of the exchange main: master.db is missing"]
        linked(monkeypatch, town)
        town.clock.move(timedelta(seconds=40))
        late = http.get("/readyz")
        assert late.status_code == 503
        assert "40 s ago" in late.json()["problems"][0]


def test_what_the_daily_proof_found_is_named_with_what_to_do(
    app: FastAPI, house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(monkeypatch, town)
    house.ticked()
    proven(town, (TRUNK, None), ("801", None))
    town.clock.move(timedelta(seconds=10))
    proven(town, (TRUNK, ProofProblem.NOT_HEARD), ("801", None))
    with http_of(app) as http:
        answer = http.get("/readyz")
        assert answer.status_code == 503
        (problem,) = answer.json()["problems"]
        assert "no sound came back (tried at 2026-03-02 01:00 UTC): look at the firewall" in problem
        figures = metrics(app)
        assert figures["townline_proof_worked{main}{trunk}{trunk}"] == 0
        assert figures["townline_proof_age_seconds{main}{trunk}{trunk}"] == 10
        assert figures["townline_proof_age_seconds{main}{telephone}{801}"] == 0
        proven(town, (TRUNK, None), ("801", ProofProblem.NOT_REGISTERED))
        answer = http.get("/readyz")
        assert answer.status_code == 200, "one telephone keeps no call from coming in"
        assert "telephone 801: it is not registered" in answer.json()["problems"][0]
        town.clock.move(timedelta(seconds=1))
        proven(town, (TRUNK, None))
        assert http.get("/readyz").json() == {"ready": True, "problems": []}
        town.clock.move(timedelta(hours=19, minutes=30))  # the next morning, 04:40 and some minutes
        house.ticked()
        assert http.get("/readyz").status_code == 200
        town.clock.move(timedelta(hours=3))
        house.ticked()
        late = http.get("/readyz").json()
        assert late["ready"]
        assert "2026-03-02 20:40 UTC has not been made" in late["problems"][0]


def test_a_gateway_that_does_not_work_is_named_and_counted(
    app: FastAPI, house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(monkeypatch, town)
    house.ticked()
    with town.store.writing() as session:
        gateway_health.works(session, town.centre_id, "phone")
        gateway_health.fails(session, town.centre_id, "modem", "is it plugged in?")
    town.clock.move(timedelta(seconds=10))
    house.ticked()
    with http_of(app) as http:
        answer = http.get("/readyz")
    assert answer.status_code == 200, "calls come in all the same"
    (problem,) = answer.json()["problems"]
    assert problem == "the SMS gateway modem does not work since 2026-03-02 01:00:00Z: is it plugged in?"
    figures = metrics(app)
    assert (figures["townline_gateway_works{modem}"], figures["townline_gateway_works{phone}"]) == (0, 1)
    assert figures["townline_gateway_age_seconds{phone}"] == 10
    assert figures["townline_gateway_under_way{modem}"] == 0


def test_what_the_auditor_found_is_named_and_counted_until_it_is_put_right(
    app: FastAPI, house: House, town: Town, monkeypatch: pytest.MonkeyPatch, error_log: ErrorLog
) -> None:
    linked(monkeypatch, town)
    town.merchant("康宁药房", sms="+8613900000001")
    town.dispatch(town.open(town.resident()))
    town.hangs_up(town.rings_in("02367001002"))
    with http_of(app) as http:
        house.audit()
        house.ticked()
        assert http.get("/readyz").json() == {"ready": True, "problems": []}
        assert metrics(app)["townline_audit_findings{timer_overdue}"] == 0

        town.clock.move(timedelta(minutes=12, seconds=30))  # and neither clocks nor sender have worked
        error_log.expect("audit.found")
        house.audit()
        house.ticked()
        answer = http.get("/readyz")
        assert answer.status_code == 200, "whoever is sent elsewhere could not put it right"
        assert answer.json()["problems"] == [
            "the auditor has found 1 cases that wait for an operator for longer than the rule allows since "
            "2026-03-02 01:12:30Z (case_unattended): the log names them",
            "the auditor has found 1 messages or calls that should have left, or whose fate nobody asks about since "
            "2026-03-02 01:12:30Z (message_overdue): the log names them",
            "the auditor has found 2 clocks that were due and that nobody looked at since "
            "2026-03-02 01:12:30Z (timer_overdue): the log names them",
        ]
        assert metrics(app)["townline_audit_findings{timer_overdue}"] == 2
        assert metrics(app)["townline_audit_findings{message_overdue}"] == 1

        town.passes(seconds=1)
        town.send()
        house.audit()
        (problem,) = http.get("/readyz").json()["problems"]
        assert "(case_unattended)" in problem, "the clock has made it the supervisor's turn, and nobody has looked"

        town.clock.move(timedelta(minutes=6))
        house.ticked()
        assert "the auditor last looked 360 s ago" in http.get("/readyz").json()["problems"]


def test_the_board_shows_what_the_auditor_found_and_a_house_in_order_writes_nothing(
    house: House, town: Town, error_log: ErrorLog
) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    town.dispatch(town.open(town.resident()))
    house.audit()
    assert town.journal("centre") == []
    town.clock.move(timedelta(minutes=8))
    error_log.expect("audit.found")
    for _ in range(3):
        house.audit()
    assert town.journal("centre") == ["centre.audit_found"] * 2
    with town.store.reading() as session:
        shown = board(session, town.desk, town.clock.now())
    assert [(each.kind, each.count) for each in shown.findings] == [("message_overdue", 1), ("timer_overdue", 1)]
    town.passes(seconds=1)
    town.send()
    house.audit()
    assert town.journal("centre")[2:] == ["centre.audit_clear"] * 2
