"""Who changed what of a resident's record and when, over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from registry.drafts import ResidentChange
from registry.models import AccessLog, LineKind, Resident
from registry.people import change_resident
from registry.store import Actor, Scope
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town
from tests.registry.plans import listening, whole_tables


def told(entries: list[dict[str, Any]]) -> list[tuple[str, str, list[str], int | None]]:
    return [(each["what"], each["actor"]["name"], each["fields"], each["version"]) for each in entries]


def comes_in(town: Town, her: int, **fields: Any) -> None:
    """A row of the spreadsheet number 3."""
    with town.store.writing() as session:
        change_resident(
            session,
            Scope(town.centre_id),
            her,
            ResidentChange(**fields),
            seen_version=session.get_one(Resident, her).version,
            actor=Actor.system(),
            vault=town.vault,
            import_id=3,
        )


def test_the_newest_change_comes_first_with_its_author_and_its_fields(
    town: Town, console: Console, colleague: Console
) -> None:
    her = town.resident()
    town.clock.move(timedelta(minutes=5))
    card = console.get(f"residents/{her}")
    changed = console.patch(f"residents/{her}", version=card["version"], door="602", called="王老师")
    town.clock.move(timedelta(minutes=5))
    colleague.post(f"residents/{her}/confirm", fields=["entrance_note"])
    left = colleague.post(f"residents/{her}/leave", version=changed["version"], why="moved")
    console.post(f"residents/{her}/come-back", version=left["version"])
    found = console.get(f"residents/{her}/history")
    assert (found["total"], found["resident_id"]) == (5, her)
    assert told(found["items"]) == [
        ("resident.came_back", "陈雨", [], None),
        ("resident.ended", "刘洋", [], None),
        ("resident.confirmed", "刘洋", ["entrance_note"], None),
        ("resident.changed", "陈雨", ["called", "door"], changed["version"]),
        ("resident.created", "", [], None),
    ]
    assert [each["at"] for each in found["items"]][2:] == [
        "2026-03-02T01:10:00Z",
        "2026-03-02T01:05:00Z",
        "2026-03-02T01:00:00Z",
    ]
    assert [each["why"] for each in found["items"]][:2] == [None, "moved"]
    assert (found["items"][0]["actor"]["kind"], found["items"][-1]["actor"]["kind"]) == ("operator", "system")


def test_what_a_spreadsheet_has_changed_names_the_import(town: Town, console: Console) -> None:
    her = town.resident()
    comes_in(town, her, dialect="重庆话")
    newest, oldest = console.get(f"residents/{her}/history")["items"]
    assert (newest["import_id"], newest["fields"], oldest["import_id"]) == (3, ["dialect"], None)
    assert newest["changes"] == [{"field": "dialect", "before": None, "after": "重庆话"}]


def test_a_history_comes_in_pages(town: Town, console: Console) -> None:
    her = town.resident()
    for _ in range(4):
        console.post(f"residents/{her}/confirm", fields=["contacts"])
    whole = console.get(f"residents/{her}/history")["items"]
    pages = [console.get(f"residents/{her}/history", limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [each for page in pages for each in page["items"]] == whole
    assert {page["total"] for page in pages} == {len(whole)} == {5}
    console.get(f"residents/{her}/history", 422, limit=0)


def test_the_history_of_a_record_that_went_into_another_one_is_read_there(town: Town, supervisor: Console) -> None:
    keep = town.resident("王秀英", "02367001001")
    other = town.resident("王秀英", "13800001009", kind=LineKind.MOBILE)
    twin = town.resident("王秀英", "13800001010", kind=LineKind.MOBILE)
    supervisor.post(f"residents/{other}/confirm", fields=["entrance_note"])
    supervisor.post(f"residents/{keep}/apart", other_id=twin)
    supervisor.post(f"residents/{keep}/merge", other_id=other)
    found = supervisor.get(f"residents/{keep}/history")
    assert [(each["what"], each["resident_id"], each["other_id"]) for each in found["items"]] == [
        ("resident.changed", keep, other),
        ("resident.merged", other, keep),
        ("resident.kept_apart", keep, twin),
        ("resident.confirmed", other, None),
        ("resident.created", other, None),
        ("resident.created", keep, None),
    ]
    assert supervisor.get(f"residents/{other}/history") == found


def test_whoever_may_not_open_the_card_may_not_read_its_history(
    town: Town, console: Console, colleague: Console
) -> None:
    here, across = town.two_areas()
    town.sits_in(town.desk, here)
    town.sits_in(town.colleague, across)
    her = town.resident(area_id=here)
    colleague.get(f"residents/{her}/history", 404)
    colleague.get("residents/99999/history", 404)
    assert town.all(AccessLog) == [], "nobody has read anything"
    console.get(f"residents/{her}/history")
    (read,) = town.all(AccessLog)
    assert (read.resident_id, read.operator_id, read.what) == (her, town.desk.operator_id, "history")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_is_read_along_an_index(town: Town, console: Console) -> None:
    her = town.resident()
    with listening(town.store) as asked:
        console.get(f"residents/{her}/history")
    with town.store.reading() as session:
        assert any("journal" in statement for statement, _ in asked)
        assert whole_tables(session, asked) & {"journal", "resident"} == set()
