"""A supervisor takes what she filters out of the register, in the form in which it comes in again."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from sqlmodel import select

from registry.models import AccessLog
from registry.sheets.kinds import KINDS
from registry.sheets.names import Names
from registry.sheets.record import Outcome
from registry.sheets.review import review
from registry.store import Scope
from tests.dispatch.api.desks import BASE, Console
from tests.dispatch.town import Town


def sheet(desk: Console, of: str, **query: Any) -> list[dict[str, str]]:
    answer = desk.http.get(f"{BASE}/exports/{of}", params=query, headers=desk.headers())
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{of}.csv"'
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


def names(desk: Console, **query: Any) -> list[str]:
    return [row["姓名"] for row in sheet(desk, "residents", **query)]


def test_a_supervisor_takes_those_out_of_whom_everything_holds(town: Town, supervisor: Console) -> None:
    alone = {"groups": ["living_alone"], "contacts": ["17700232001"]}
    town.resident("王秀英", visited_on="2025-01-01", consented_on="2025-01-01", **alone)
    town.resident("李建国", "02367001003", visited_on="2026-02-20", hearing="deaf", born="1944-03-12")
    assert names(supervisor) == ["王秀英", "李建国"]
    assert names(supervisor, visit_due=True) == ["王秀英"]
    assert names(supervisor, group=["living_alone", "empty_nest"], consented=True) == ["王秀英"]
    assert names(supervisor, without=["consent", "key"], without_usual="pharmacy") == ["李建国"]
    assert names(supervisor, hearing="deaf", age_from=80, age_to=90, speaks="zh") == ["李建国"]
    assert names(supervisor, not_visited_since="2026-02-21", care_level=1) == []
    assert names(supervisor, changed_since="2999-01-01T00:00:00+08:00") == []
    (row,) = sheet(supervisor, "residents", hearing="deaf", language="en")
    assert (row["Name"], row["Hearing"]) == ("李建国", "deaf")


def test_who_has_gone_out_is_in_the_access_log_with_who_took_her(town: Town, supervisor: Console) -> None:
    deaf = town.resident("李建国", hearing="deaf")
    town.resident("王秀英", "02367001003")
    assert names(supervisor, hearing="deaf") == ["李建国"]
    with town.store.reading() as session:
        logged = session.exec(select(AccessLog).where(AccessLog.what == "export")).all()
    assert [(row.resident_id, row.operator_id) for row in logged] == [(deaf, town.desk.operator_id)]


def test_what_is_sealed_stays_and_what_a_spreadsheet_would_reckon_with_is_text(
    town: Town, supervisor: Console
) -> None:
    town.resident(entrance_note="=1+1", health_note="糖尿病", consented_on="2026-01-01")
    (row,) = sheet(supervisor, "residents")
    assert row["上门提示"] == "'=1+1"
    assert "健康情况" not in row
    assert "糖尿病" not in str(row)


def test_it_comes_in_again_as_the_same(town: Town, supervisor: Console, tmp_path: Path) -> None:
    town.resident("欧阳秀兰", care_level=2, lock="单元门密码2580", groups=["living_alone"])
    town.resident("王秀英", "02367001003")
    answer = supervisor.http.get(f"{BASE}/exports/residents?care_level=1", headers=supervisor.headers())
    path = tmp_path / "some.csv"
    path.write_bytes(answer.content)
    scope = Scope(town.centre_id)
    kind = KINDS["residents"](scope, town.vault, Names.known(town.store, scope))
    assert review(town.store, kind, path).counts == {Outcome.SAME: 1}


def test_merchants_go_out_by_kind_and_by_what_ends(town: Town, supervisor: Console) -> None:
    town.merchant("康宁药房")
    assert [row["名称"] for row in sheet(supervisor, "merchants", kind="pharmacy")] == ["康宁药房"]
    assert sheet(supervisor, "merchants", kind="water") == []
    assert sheet(supervisor, "merchants", licence_before="2020-01-01") == []


def test_only_a_supervisor_takes_anybody_out_and_only_of_her_areas(
    town: Town, supervisor: Console, colleague: Console
) -> None:
    colleague.get("exports/residents", status=403)
    colleague.get("exports/merchants", status=403)
    here, across = town.two_areas()
    town.sits_in(town.desk, here)
    town.resident("王秀英", area_id=here)
    town.resident("李建国", "02367001003", area_id=across)
    assert names(supervisor) == ["王秀英"]


def test_a_filter_that_there_is_not_or_that_nobody_can_meet_is_refused_by_name(supervisor: Console) -> None:
    wrong = supervisor.get("exports/residents", status=422, age="80", care_level=5, hearing="loud")
    assert {each["field"] for each in wrong["values"]["problems"]} == {"age", "care_level", "hearing"}
    assert "age_to" in str(supervisor.get("exports/residents", status=422, age_from=90, age_to=80))
