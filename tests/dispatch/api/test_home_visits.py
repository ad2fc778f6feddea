"""Who was visited by the survey, by whom, and who is due again."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlmodel import select

from registry.store.journal import Journal
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town
from tests.registry.plans import listening

# The town's clock begins on 2 March 2026.


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


def due(desk: Console, **query: int) -> list[tuple[int, str, int]]:
    items = desk.get("residents/due-visits", **query)["items"]
    return [(each["resident"]["id"], each["due_on"], each["overdue_days"]) for each in items]


def test_who_is_due_is_listed_with_whom_it_was_due_for_longest_first(town: Town, supervisor: Console) -> None:
    dependent = town.resident("欧阳秀兰", "02367001002", care_level=4, visited_on="2026-01-31", visited_by="李芳")
    alone = town.resident("王秀英", visited_on="2025-08-01", groups=["living_alone", "low_income"])
    old = town.resident("李建国", "02367001003", visited_on="2025-03-02")
    town.resident("周桂芳", "02367001004", visited_on="2025-03-03")  # tomorrow
    town.resident("陈一", "02367001005", visited_on="2025-09-10", groups=["living_alone"])  # in some days
    town.resident("陈二", "02367001006")  # registered today
    found = supervisor.get("residents/due-visits")
    assert found["total"] == 3
    assert due(supervisor) == [(alone, "2026-01-28", 33), (dependent, "2026-03-02", 0), (old, "2026-03-02", 0)]
    assert [each["due_on"] for each in found["items"]] == [
        supervisor.get(f"residents/{each['resident']['id']}")["visit_due_on"] for each in found["items"]
    ]
    first = found["items"][1]
    assert (first["resident"]["name"], first["resident"]["address"]) == ("欧阳秀兰", "青石里5栋2单元502")
    assert (first["area"], first["visited_on"], first["visited_by"]) == ("", "2026-01-31", "李芳")
    paged = [due(supervisor, limit=1, offset=offset) for offset in range(4)]
    assert [*paged[0], *paged[1], *paged[2], *paged[3]] == due(supervisor)
    visited = supervisor.get(f"residents/{alone}")
    supervisor.patch(f"residents/{alone}", version=visited["version"], visited_on="2026-03-02", visited_by="李芳")
    left = supervisor.get(f"residents/{old}")
    supervisor.post(f"residents/{old}/leave", version=left["version"], why="died")
    assert [who for who, *_ in due(supervisor)] == [dependent]
    town.rule("home_visits", level_4_days=31)
    assert supervisor.get("residents/due-visits") == {"total": 0, "items": []}


def test_whom_nobody_has_visited_is_due_by_the_day_on_which_she_was_registered_at_the_centre(
    town: Town, supervisor: Console, app: FastAPI
) -> None:
    town.rule("home_visits", level_4_days=1)
    town.clock.move(timedelta(hours=16))  # 01:00 there on 3 March, still the day before in UTC
    her = town.resident(care_level=4)
    town.clock.move(timedelta(hours=22))
    with Console.of(app, town, town.desk.operator_id or 0) as desk:
        assert (due(desk), desk.get("residents/due-visits")["total"]) == ([], 0)
        town.clock.move(timedelta(hours=2))
        assert due(desk) == [(her, "2026-03-04", 0)]
        assert desk.get(f"residents/{her}")["visit_due_on"] == "2026-03-04"


def test_a_supervisor_of_an_area_sees_its_own_and_an_operator_nobody(
    town: Town, supervisor: Console, colleague: Console
) -> None:
    colleague.get("residents/due-visits", status=403)
    here, across = town.two_areas()
    town.sits_in(town.desk, here)
    mine = town.resident("王秀英", visited_on="2025-01-01", area_id=here)
    town.resident("李建国", "02367001003", visited_on="2025-01-01", area_id=across)
    found = supervisor.get("residents/due-visits")
    assert (found["total"], [each["resident"]["id"] for each in found["items"]]) == (1, [mine])
    assert found["items"][0]["area"] == "TOWN"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_is_due_is_read_from_its_index(town: Town, supervisor: Console) -> None:
    town.resident(visited_on="2025-01-01")
    with listening(town.store) as asked:
        assert supervisor.get("residents/due-visits")["total"] == 1
    with town.store.reading() as session:
        plans = [
            row[3]
            for statement, parameters in asked
            if "resident.visited_on" in statement and "care_level =" in statement
            for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    searches = [plan for plan in plans if plan.startswith(("SEARCH resident ", "SCAN"))]
    assert searches
    assert all("ix_resident_visit (centre_id=? AND care_level=? AND visited_on" in plan for plan in searches)
