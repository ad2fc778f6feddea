"""Who could come: the same answer at the desk of the administrator and over HTTP, and nothing left behind."""

from pathlib import Path

import pytest

from dispatch.models import Case, DecisionSheet
from registry import candidates
from registry.drafts import MerchantChange, read
from registry.merchants import change_merchant
from registry.models import Way
from registry.store import Actor
from tests.dispatch.api.desks import Console
from tests.dispatch.backup.installation import Installation
from tests.dispatch.town import Town

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AT = "2026-03-03T21:30"


@pytest.fixture
def her(town: Town) -> int:
    town.merchant("康宁药房", sms="+8613900000001")
    by_day = town.merchant("白日药房", sms="+8613900000002")
    hours = {"hours": [{"weekday": day, "opens": "08:00", "closes": "20:00"} for day in range(7)]}
    with town.store.writing() as session:
        change = read(MerchantChange, hours)
        change_merchant(session, town.desk.scope, by_day, change, seen_version=1, actor=Actor.system())
    return town.resident()


def test_the_administrator_asks_who_could_come_at_night(town: Town, her: int, tmp_path: Path) -> None:
    installation = Installation.of(town, tmp_path / "line")
    said = installation.ask("match", "--need", "medicine", "--resident", str(her), "--at", AT)
    assert said.exit_code == 0, said.output
    able, first, unable, out = said.stdout.splitlines()
    assert (able, unable) == ("能来的 1 家（2026-03-03 21:30），按询问次序", "不能来的 1 家")
    assert first.startswith("  1. 康宁药房")
    assert "直线" in first
    assert out.startswith("  -  白日药房")
    assert "已打烊" in out
    assert (town.all(Case), town.all(DecisionSheet)) == ([], [])
    english = installation.ask(
        "match", "--need", "medicine", "--resident", "wxy", "--at", AT, "--language", "en"
    ).stdout
    assert "1 can come" in english


def test_the_same_question_by_http_is_answered_alike(town: Town, her: int, tmp_path: Path, console: Console) -> None:
    by_hand = Installation.of(town, tmp_path / "line").does(
        "match", "--need", "medicine", "--resident", str(her), "--at", AT
    )
    by_http = console.get("match", need="medicine", resident_id=her, at=f"{AT}:00+08:00")
    assert by_http == by_hand
    assert [one["merchant"]["name"] for one in by_http["candidates"]] == ["康宁药房"]
    assert by_http["way"] in list(Way)
    assert town.all(DecisionSheet) == []


def test_those_who_are_not_told_one_by_one_are_counted_by_what_keeps_them(
    town: Town, her: int, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "FARTHER", 1)
    for number in range(3):
        town.merchant(f"河对岸药房{number}", sms=f"+861390000001{number}", position=(29.5970, 106.5050))
    installation = Installation.of(town, tmp_path / "line")
    said = installation.ask("match", "--need", "medicine", "--resident", str(her), "--at", AT).stdout.splitlines()
    assert (said[2], said[-1]) == ("不能来的 4 家", "另有 2 家没有列出：太远 2")
    by_http = console.get("match", need="medicine", resident_id=her, at=f"{AT}:00+08:00")
    assert (by_http["more_excluded"], by_http["more_excluded_by"]) == (2, {"too_far": 2})


def test_what_cannot_be_asked_is_said(town: Town, her: int, tmp_path: Path, console: Console) -> None:
    installation = Installation.of(town, tmp_path / "line")
    asked = ("match", "--resident", str(her), "--need")
    assert "没有 haircut 这项服务，可填：medicine 送药上门" in installation.is_refused(*asked, "haircut")
    english = installation.is_refused(*asked, "haircut", "--language", "en")
    assert "there is no service haircut; there are: medicine Medicine delivery" in english
    assert "没有找到这个人" in installation.is_refused("match", "--need", "medicine", "--resident", "999")
    assert "没有找到这个人" in installation.is_refused("match", "--need", "medicine", "--resident", "赵六")
    assert installation.ask(*asked, "medicine", "--at", "9999-01-01T00:00").exit_code == 2
    assert console.get("match", 404, need="haircut", resident_id=her)
    assert console.get("match", 404, need="medicine", resident_id=her + 1)
    assert console.get("match", 422, need="medicine", resident_id=her, at="9999-01-01T00:00:00Z")
    assert console.get("match", 422, need="medicine", resident_id=her, at="2026-03-03T21:30")


def test_nobody_comes_to_somebody_who_has_died(town: Town, her: int, tmp_path: Path, console: Console) -> None:
    console.post(f"residents/{her}/leave", version=1, why="died")
    assert console.get("match", 404, need="medicine", resident_id=her)
    said = Installation.of(town, tmp_path / "line").ask("match", "--need", "medicine", "--resident", str(her))
    assert said.exit_code == 1


def test_on_the_first_day_of_spring_festival_those_come_who_are_open_then(
    town: Town, tmp_path: Path, console: Console
) -> None:
    lines = {
        "夜间药房": [],
        "回乡药房": ["2026-02-16..2026-02-22/closed/春节回乡"],
        "半日药房": ["holidays/10:00-16:00"],
        "值班药房": ["holidays/closed", "2026-02-17/20:00-23:00/值班"],
    }
    for place, (name, special) in enumerate(lines.items()):
        town.merchant(name, sms=f"+861390000000{place}", special_hours=special)
    her = town.resident()
    said = Installation.of(town, tmp_path / "line").ask(
        "match", "--need", "medicine", "--resident", str(her), "--at", "2026-02-17T21:30"
    )
    able, unable = said.stdout.split("不能来的 2 家")
    assert "夜间药房" in able
    assert "值班药房" in able
    assert "回乡药房  不营业（春节回乡），02-23" in unable
    assert "半日药房  这一天不按平时营业，02-18 10:00 开门" in unable
    found = console.get("match", need="medicine", resident_id=her, at="2026-02-17T21:30:00+08:00")
    assert {each["merchant"]["name"] for each in found["candidates"]} == {"夜间药房", "值班药房"}


def test_a_merchant_whose_staff_are_all_away_is_told_so_until_one_is_back(
    town: Town, tmp_path: Path, console: Console
) -> None:
    spring = {"first": "2026-02-16", "last": "2026-03-02"}
    town.merchant(
        "回乡药房", sms="+8613900000001", staff=[{"name": "李伟", "away": spring}, {"name": "陈静", "away": {}}]
    )
    town.merchant("没人药房", sms="+8613900000002", staff=[{"name": "王五", "away": {}}])
    her = town.resident()
    ask = ("match", "--need", "medicine", "--resident", str(her), "--at")
    installation = Installation.of(town, tmp_path / "line")
    said = installation.ask(*ask, "2026-03-02T09:00").stdout
    assert "回乡药房  上门的人都不在，2026-03-03 才有人" in said
    assert "没人药房  上门的人都不在\n" in said
    assert "李伟" not in said
    english = installation.ask(*ask, "2026-03-02T09:00", "--language", "en").stdout
    assert "nobody who goes to the door is there until 2026-03-03" in english
    found = console.get("match", need="medicine", resident_id=her, at="2026-03-03T09:00:00+08:00")
    assert [each["merchant"]["name"] for each in found["candidates"]] == ["回乡药房"]
    (out,) = found["excluded"]
    assert out["reasons"] == [{"key": "reason.staff_away", "values": {"back": None}}]


def test_who_carries_less_at_night_is_told_so_for_that_hour(town: Town, tmp_path: Path) -> None:
    town.merchant("康宁药房", sms="+8613900000001", capacity=5, capacity_plan=["20:00-23:00/0"])
    ask = ("match", "--need", "medicine", "--resident", str(town.resident()), "--at")
    installation = Installation.of(town, tmp_path / "line")
    assert "康宁药房  20:00-23:00 最多 0 单，在办 0 单，已满" in installation.ask(*ask, AT).stdout
    assert "能来的 1 家" in installation.ask(*ask, "2026-03-03T19:59").stdout
    english = installation.ask(*ask, AT, "--language", "en").stdout
    assert "at capacity at 20:00-23:00: 0 of 0 jobs" in english
