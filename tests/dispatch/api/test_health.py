"""Whether the service can do its work, as a machine asks."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from callbridge.bridge import LinkState
from dispatch.house import House
from dispatch.switchboard import Switchboard
from tests.dispatch.api.desks import http_of
from tests.dispatch.town import Town


def metrics(app: FastAPI) -> dict[str, float]:
    with http_of(app) as http:
        answer = http.get("/metrics")
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def linked(monkeypatch: pytest.MonkeyPatch, town: Town) -> None:
    state = LinkState(
        up=True, since=town.clock.now(), reason="", cel_problem="", lag=timedelta(), waiting=0, refused=0
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
    assert metrics(app)["townline_timers_overdue"] == 1


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
        town.clock.move(timedelta(seconds=40))
        late = http.get("/readyz")
        assert late.status_code == 503
        assert "40 s ago" in late.json()["problems"][0]
