"""Care plans, the centre's rules and a merchant's record over HTTP."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from dispatch.models import Operator
from registry.models import AccessLog
from registry.store import Role
from tests.dispatch.api.desks import Console
from tests.dispatch.register import HER_LINE
from tests.dispatch.test_surveys import later, served
from tests.dispatch.town import Town


@pytest.fixture
def supervisor(app: FastAPI, town: Town) -> Iterator[Console]:
    with town.store.writing() as session:
        colleague = session.get(Operator, town.colleague.operator_id)
        assert colleague is not None
        colleague.role = Role.SUPERVISOR
    with Console.of(app, town, town.colleague.operator_id) as console:
        yield console


def test_a_care_plan_is_agreed_changed_and_ended(console: Console, town: Town) -> None:
    her = town.resident()
    plan = console.post(f"residents/{her}/care-plans", 201, local_time="09:30", weekdays=[0, 2])
    assert (plan["due_at"], plan["zone"], plan["state"]) == ("2026-03-02T01:30:00Z", "Asia/Shanghai", "active")
    where = f"residents/{her}/care-plans/{plan['id']}"
    changed = console.patch(where, version=plan["version"], local_time="10:00")
    assert changed["due_at"] == "2026-03-02T02:00:00Z"
    assert console.patch(where, 409, version=plan["version"], weekdays=[1])["key"] == "stale_version"
    later(town, minutes=61)
    town.presses(HER_LINE, "1")
    (read,) = console.get(f"residents/{her}/care-plans")
    assert read["checks"] == [{"due_at": "2026-03-02T02:00:00Z", "state": "well", "case_number": None}]
    assert console.post(f"{where}/end", expects="active")["state"] == "ended"
    assert console.post(f"{where}/end", 409, expects="active")["values"]["now"] == "ended"
    with town.store.reading() as session:
        looks = session.exec(select(AccessLog.what).where(col(AccessLog.resident_id) == her)).all()
    assert looks == ["care_plans"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"local_time": "23:00"},
        {"local_time": "09:00:30"},
        {"local_time": "09:00+08:00"},
        {"local_time": "25:00"},
        {"local_time": "09:00", "weekdays": []},
        {"local_time": "09:00", "weekdays": [7]},
        {"local_time": "09:00", "zone": "Moon/Crater"},
        {"local_time": "09:00", "daily": True},
    ],
)
def test_a_plan_that_cannot_be_is_refused(console: Console, town: Town, wrong: dict[str, object]) -> None:
    assert console.post(f"residents/{town.resident()}/care-plans", 422, **wrong)["key"] in ("bad_value", "invalid")


def test_a_resident_or_plan_that_there_is_not_is_not_found(console: Console, town: Town) -> None:
    her = town.resident()
    console.get("residents/99/care-plans", 404)
    console.post("residents/99/care-plans", 404, local_time="09:00")
    console.post(f"residents/{her}/care-plans/99/end", 404, expects="active")


def test_a_rule_is_changed_by_a_supervisor_and_counts_at_once(
    supervisor: Console, console: Console, town: Town
) -> None:
    rules = {rule["kind"]: rule for rule in console.get("rules")}
    assert rules["quiet_hours"]["body"]["quiet_from"] == "21:00"
    her = town.resident()
    console.post(f"residents/{her}/care-plans", 422, local_time="22:00")
    change = {"version": rules["quiet_hours"]["version"], "body": {"quiet_from": "23:30"}}
    assert console.patch("rules/quiet_hours", 403, **change)["key"] == "not_allowed"
    changed = supervisor.patch("rules/quiet_hours", **change)
    assert (changed["version"], changed["body"]["quiet_until"]) == (2, "08:00:00")
    assert supervisor.patch("rules/quiet_hours", 409, **change)["key"] == "stale_version"
    console.post(f"residents/{her}/care-plans", 201, local_time="22:00")
    assert "operator.changed_rule" in town.journal("operator")
    versions = console.get("rules/quiet_hours")
    assert [(each["version"], each["author"]) for each in versions] == [(2, "刘洋"), (1, "")]
    assert versions[1]["body"]["quiet_from"] == "21:00", "none is ever overwritten"


def test_every_value_of_a_rule_that_cannot_be_is_named_by_its_path(supervisor: Console) -> None:
    wrong = {"quiet_from": "late", "holidays": ["01-01", "13-01"], "quiet": "23:00"}
    problems = supervisor.patch("rules/quiet_hours", 422, version=1, body=wrong)["values"]["problems"]
    assert {each["field"]: each["key"] for each in problems} == {
        "quiet_from": "not_a_time",
        "holidays.1": "not_valid",
        "quiet": "unknown_field",
    }
    steps = {
        "steps": [
            {"who": "operators", "seconds": 0},
            {"who": "everybody", "seconds": 30},
            {"who": "on_call", "seconds": 30, "numbers": ["13600000002", "120"]},
        ]
    }
    problems = supervisor.patch("rules/ladder", 422, version=1, body=steps)["values"]["problems"]
    assert {each["field"]: (each["key"], each["values"].get("ge")) for each in problems} == {
        "steps.0.seconds": ("out_of_range", 1),
        "steps.1.who": ("not_one_of", None),
        "steps.2.numbers.1": ("emergency_service", None),
    }
    backwards = {"calls_from": "19:00", "calls_until": "09:00"}
    (problem,) = supervisor.patch("rules/survey", 422, version=1, body=backwards)["values"]["problems"]
    assert problem["key"] == "ends_before_it_begins"
    supervisor.patch("rules/lunch", 404, version=1, body={})
    supervisor.get("rules/lunch", 404)


def test_her_card_shows_the_plans_that_go_on_with_their_last_calls(console: Console, town: Town) -> None:
    her = town.resident()
    over = console.post(f"residents/{her}/care-plans", 201, local_time="15:00")
    console.post(f"residents/{her}/care-plans/{over['id']}/end", expects="active")
    console.post(f"residents/{her}/care-plans", 201, local_time="10:00")
    later(town, minutes=61)
    town.presses(HER_LINE, "0")
    (plan,) = console.get(f"residents/{her}")["care_plans"]
    (check,) = plan["checks"]
    (case,) = console.get("cases")["items"]
    assert (check["state"], check["case_number"]) == ("talk", case["number"])


def test_what_a_resident_says_stands_in_the_merchants_record(console: Console, town: Town) -> None:
    number = served(town)
    (merchant,) = console.get("merchants")["items"]
    before = console.get(f"merchants/{merchant['id']}")
    assert (before["satisfied"], before["fairly"], before["not_satisfied"]) == (0, 0, 0)
    later(town, minutes=31)
    town.presses(HER_LINE, "2")
    after = console.get(f"merchants/{merchant['id']}")
    assert (after["satisfied"], after["fairly"], after["not_satisfied"]) == (0, 1, 0)
    assert [(each["case_number"], each["satisfaction"]) for each in after["last_said"]] == [(number, "fairly")]
    assert console.get(f"cases/{number}")["satisfaction"] == "fairly"
    assert "case.surveyed" in [entry["what"] for entry in console.get(f"cases/{number}/timeline")]
