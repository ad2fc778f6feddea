"""Care plans, the centre's rules and a merchant's record over HTTP."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from dispatch.models import Operator
from registry.models import AccessLog
from registry.store import Role
from tests.dispatch.api.desks import Console
from tests.dispatch.test_surveys import later, served
from tests.dispatch.town import HER_LINE, Town


@pytest.fixture
def administrator(app: FastAPI, town: Town) -> Iterator[Console]:
    with town.store.writing() as session:
        colleague = session.get(Operator, town.colleague.operator_id)
        assert colleague is not None
        colleague.role = Role.ADMINISTRATOR
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
    assert read["last_check"] == {"due_at": "2026-03-02T02:00:00Z", "state": "well", "case_id": None}
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


def test_a_rule_is_changed_by_an_administrator_and_counts_at_once(
    administrator: Console, console: Console, town: Town
) -> None:
    rules = {rule["kind"]: rule for rule in console.get("rules")}
    assert rules["quiet_hours"]["body"]["quiet_from"] == "21:00"
    her = town.resident()
    console.post(f"residents/{her}/care-plans", 422, local_time="22:00")
    change = {"version": rules["quiet_hours"]["version"], "body": {"quiet_from": "23:30"}}
    assert console.patch("rules/quiet_hours", 403, **change)["key"] == "not_allowed"
    changed = administrator.patch("rules/quiet_hours", **change)
    assert (changed["version"], changed["body"]["quiet_until"]) == (2, "08:00:00")
    assert administrator.patch("rules/quiet_hours", 409, **change)["key"] == "stale_version"
    console.post(f"residents/{her}/care-plans", 201, local_time="22:00")
    wrong = {"version": 2, "body": {"quiet_from": "late"}}
    assert administrator.patch("rules/quiet_hours", 422, **wrong)["values"]["field"] == "body.quiet_from"
    administrator.patch("rules/quiet_hours", 422, version=2, body={"quiet": "23:00"})
    administrator.patch("rules/lunch", 422, version=1, body={})
    assert "operator.changed_rule" in town.journal("operator")


def test_what_a_resident_says_stands_in_the_merchants_record(console: Console, town: Town) -> None:
    number = served(town)
    (merchant,) = console.get("merchants")["items"]
    before = console.get(f"merchants/{merchant['id']}")
    assert (before["satisfied"], before["fairly"], before["not_satisfied"]) == (0, 0, 0)
    later(town, minutes=31)
    town.presses(HER_LINE, "2")
    after = console.get(f"merchants/{merchant['id']}")
    assert (after["satisfied"], after["fairly"], after["not_satisfied"]) == (0, 1, 0)
    assert console.get(f"cases/{number}")["satisfaction"] == "fairly"
    assert "case.surveyed" in [entry["what"] for entry in console.get(f"cases/{number}/timeline")]
