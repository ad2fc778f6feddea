"""What goes wrong is a problem document that a program and a person can read."""

from contextlib import closing

import pytest
from sqlalchemy import text

from dispatch.api.problems import STATUS
from dispatch.wire.catalogue import LANGUAGES, Catalogue
from registry.store import Store
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town
from tests.errorlog import ErrorLog


@pytest.mark.parametrize(
    ("accepted", "title"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "没有找到"),
        ("en-GB", "Not found"),
        ("fr, en;q=0.5, zh;q=0.4", "Not found"),
        ("en;q=0", "没有找到"),
        ("", "没有找到"),
        ("*;q=x, ,;;,en;q=nonsense", "没有找到"),
    ],
)
def test_a_problem_is_told_in_the_readers_language(console: Console, accepted: str, title: str) -> None:
    answer = console.http.get("/api/v1/cases/TL-1", headers=console.headers() | {"Accept-Language": accepted})
    assert answer.json()["title"] == title
    assert answer.json()["values"] == {"subject": "case", "id": "TL-1"}


def test_every_problem_has_its_sentence_in_both_languages() -> None:
    for language in LANGUAGES:
        sentences = Catalogue("dispatch", language)
        assert [key for key in STATUS if not sentences.knows(f"problem.{key}")] == []


def test_a_wrong_field_is_named_with_what_would_be_right_and_not_repeated(console: Console) -> None:
    problem = console.post("cases", 422, service=7, resident_id="王秀英", wanted_at="2026-03-02T09:00:00")
    fields = {each["field"]: each["right"] for each in problem["values"]["problems"]}
    assert fields.keys() == {"service", "resident_id", "wanted_at"}
    assert "timezone" in fields["wanted_at"]
    assert "王秀英" not in str(problem)
    unknown = console.post("cases", 422, service="medicine", residnt_id=3)
    assert unknown["values"]["problems"][0]["field"] == "residnt_id"


def test_what_the_registry_refuses_is_told_field_by_field(console: Console) -> None:
    problem = console.post("residents", 422, name="张三", lines=[{"number": "好的"}], born="1700-01-01")
    assert problem["type"] == "/problems/refused"
    assert {each["field"] for each in problem["values"]["problems"]} == {"lines.0.number", "born"}
    assert "lines.0.number: 不是电话号码" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "type_"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("DELETE", "/api/v1/board", 405, "method_not_allowed"),
        ("GET", "/api/v1/calls/seven", 422, "invalid"),
        ("GET", "/api/v1/calls?state=asleep", 422, "invalid"),
        ("GET", "/api/v1/calls/99999999999999999999999", 422, "invalid"),
        ("GET", "/api/v1/residents/99999999", 404, "not_found"),
        ("GET", "/api/v1/cases?offset=99999999999999999999999", 422, "invalid"),
        ("GET", "/api/v1/cases/%00", 422, "invalid"),
        ("GET", "/api/v1/cases?q=%00", 200, ""),
        ("GET", "/api/v1/residents?q=%00%ff%F0%9F%91%B5", 200, ""),
    ],
)
def test_an_address_that_leads_nowhere_is_a_problem_too(
    console: Console, method: str, path: str, status: int, type_: str
) -> None:
    answer = console.http.request(method, path, headers=console.headers())
    assert answer.status_code == status
    if type_:
        assert answer.json()["type"] == f"/problems/{type_}"


def test_our_own_mistake_is_logged_by_place_and_says_nothing_about_people(
    console: Console, town: Town, error_log: ErrorLog, capsys: pytest.CaptureFixture[str]
) -> None:
    town.resident("王秀英")
    with town.store.engine.begin() as connection:
        connection.execute(text("DROP TABLE search_token"))
    error_log.expect("request.failed")
    problem = console.get("residents", 500, q="王秀英")
    assert problem["type"] == "/problems/internal"
    logged = capsys.readouterr().out
    assert "GET /residents" in logged
    assert "王秀英" not in logged + str(problem)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_is_held_by_somebody_else_asks_for_patience(
    console: Console, town: Town, error_log: ErrorLog
) -> None:
    with town.store.engine.connect() as impatient:
        impatient.exec_driver_sql("PRAGMA busy_timeout=20")
    error_log.expect("database.unavailable")
    with closing(Store(town.store.url)) as other, other.writing():
        answer = console.send("POST", "cases", {"service": "medicine"})
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/database_busy"
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("words", ["\x00", "\x1b[2J", "a\rb"])
def test_control_characters_are_refused_before_they_reach_a_database_or_another_screen(
    console: Console, words: str
) -> None:
    problem = console.post("cases", 422, service="medicine", words=words)
    assert problem["values"]["problems"][0]["field"] == "words"


@pytest.mark.parametrize("number", [0, -1, 2**31, 10**30])
def test_a_number_that_no_row_has_is_refused(console: Console, number: int) -> None:
    assert console.post("cases", 422, service="medicine", resident_id=number)["type"] == "/problems/invalid"
    assert console.get(f"residents/{number}", 422)["type"] == "/problems/invalid"


def test_a_body_longer_than_any_command_is_refused_before_it_is_read(console: Console) -> None:
    answer = console.http.post("/api/v1/cases", content=b"x" * 300_000, headers=console.headers())
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too_large")
