"""Who was visited by the survey, by whom, and who is due again."""

import pytest
from sqlmodel import select

from dispatch.models import Operator
from registry.store import Role
from registry.store.journal import Journal
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town

# The town's clock begins on 2 March 2026.


@pytest.fixture
def supervisor(town: Town, console: Console) -> Console:
    with town.store.writing() as session:
        operator = session.get(Operator, town.desk.operator_id)
        assert operator is not None
        operator.role = Role.SUPERVISOR
    return console


def test_the_card_tells_when_she_is_due_again_by_the_rule_in_force(console: Console, town: Town) -> None:
    her = town.resident(care_level=2)
    card = console.get(f"residents/{her}")
    assert (card["visited_on"], card["visit_due_on"]) == (None, "2026-05-31"), "since she was registered"
    visited = console.patch(
        f"residents/{her}", version=card["version"], visited_on="2026-03-01", visited_by="李芳", care_level=0
    )
    assert visited["visit_due_on"] == "2027-03-01"
    alone = console.patch(f"residents/{her}", version=visited["version"], groups=["living_alone"])
    assert alone["visit_due_on"] == "2026-08-28"
    town.rule("home_visits", level_1_days=10)
    assert console.get(f"residents/{her}")["visit_due_on"] == "2026-03-11"
    left = console.post(f"residents/{her}/leave", version=alone["version"], why="moved")
    assert left["visit_due_on"] is None


def test_a_visit_is_recorded_at_the_desk_and_the_journal_does_not_say_by_whom(console: Console, town: Town) -> None:
    her = town.resident()
    version = console.get(f"residents/{her}")["version"]
    tomorrow = console.patch(f"residents/{her}", 422, version=version, visited_on="2026-03-03", visited_by="李芳")
    assert [(each["field"], each["key"]) for each in tomorrow["values"]["problems"]] == [
        ("visited_on", "out_of_range")
    ]
    made = console.patch(f"residents/{her}", version=version, visited_on="2026-03-02", visited_by="李芳")
    assert (made["visited_on"], made["visited_by"]) == ("2026-03-02", "李芳")
    with town.store.reading() as session:
        changes = session.exec(select(Journal).where(Journal.what == "resident.changed")).all()
        assert [each.data["fields"] for each in changes] == [["visited_by", "visited_on"]]
        assert [each.actor_id for each in changes] == [town.desk.operator_id]


def test_how_often_somebody_is_visited_is_a_rule_like_the_others(supervisor: Console) -> None:
    before = next(each for each in supervisor.get("rules") if each["kind"] == "home_visits")
    assert (before["version"], before["body"]["level_4_days"], before["body"]["alone_as_level"]) == (1, 30, 1)
    wrong = supervisor.patch("rules/home_visits", 422, version=1, body={"level_4_days": 0, "alone_as_level": 5})
    assert [each["field"] for each in wrong["values"]["problems"]] == ["level_4_days", "alone_as_level"]
    after = supervisor.patch("rules/home_visits", version=1, body={"level_4_days": 14})
    assert (after["version"], after["body"]) == (2, before["body"] | {"level_4_days": 14})
