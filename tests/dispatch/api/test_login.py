from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import Client, Response
from sqlmodel import select

from dispatch.models import LoginToken, Operator
from dispatch.operators import add_operator, change_password
from dispatch.passwords import hashed
from registry.store import Role
from registry.store.journal import Journal
from tests.dispatch.api.desks import Console, http_of
from tests.dispatch.town import Town

PASSWORD = "open sesame 芝麻"


@pytest.fixture
def fan(town: Town) -> int:
    with town.store.writing() as session:
        operator = add_operator(
            session,
            town.centre_id,
            name="范静",
            login="fan",
            role=Role.SUPERVISOR,
            password_hash=hashed(PASSWORD),
            extension="803",
        )
        return operator.id or 0


@pytest.fixture
def http(app: FastAPI) -> Client:
    return http_of(app)


def log_in(http: Client, login: str = "fan", password: str = PASSWORD) -> Response:
    return http.post("/api/v1/login", json={"login": login, "password": password})


def me(http: Client, token: str) -> Response:
    return http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def test_the_right_password_opens_the_operators_own_desk(http: Client, fan: int, town: Town) -> None:
    session = log_in(http).json()
    assert session["operator"] | {"name": "范静", "presence": "ready", "role": "supervisor"} == session["operator"]
    answer = me(http, session["token"])
    assert answer.status_code == 200
    assert answer.json() == session["operator"]
    board = Console(http, session["token"]).get("board")
    assert [
        each["login" if "login" in each else "id"] for each in board["operators"] if each["presence"] == "ready"
    ] == [fan]
    assert "operator.logged_in" in town.journal()


def test_the_token_is_kept_as_its_digest_only(http: Client, fan: int, town: Town) -> None:
    token = log_in(http).json()["token"]
    (kept,) = town.all(LoginToken)
    assert len(kept.digest) == 32
    assert token.encode() not in kept.digest
    with town.store.reading() as session:
        written = [str(row.data) for row in session.exec(select(Journal))]
    assert not any(token in each or "sesame" in each for each in written)


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nobodys", "Basic ZmFuOmZhbg==", "Bearer 王秀英".encode()])
def test_without_a_good_token_nothing_is_told(http: Client, header: str | bytes | None) -> None:
    for path in ("me", "board", "cases", "residents?q=王", "events"):
        answer = http.get(f"/api/v1/{path}", headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "/problems/not_logged_in"


def test_a_token_ends_with_the_shift_the_logout_the_new_password_and_the_operators_leaving(
    http: Client, fan: int, town: Town
) -> None:
    tokens = [log_in(http).json()["token"] for _ in range(4)]
    assert [me(http, token).status_code for token in tokens] == [200] * 4
    Console(http, tokens[0]).post("logout")
    assert me(http, tokens[0]).status_code == 401
    assert me(http, tokens[1]).status_code == 200
    with town.store.writing() as session:
        operator = session.get(Operator, fan)
        assert operator is not None
        change_password(session, operator, hashed("another one"))
    assert me(http, tokens[1]).status_code == 401
    late = log_in(http, password="another one").json()["token"]
    town.clock.move(timedelta(hours=12))
    assert me(http, late).status_code == 401
    left = log_in(http, password="another one").json()["token"]
    with town.store.writing() as session:
        operator = session.get(Operator, fan)
        assert operator is not None
        operator.ended_at = town.clock.now()
    assert me(http, left).status_code == 401
    assert log_in(http, password="another one").status_code == 401


def test_presence_goes_with_the_last_log_out(http: Client, fan: int, town: Town) -> None:
    first, second = (Console(http, log_in(http).json()["token"]) for _ in range(2))
    assert first.post("logout")["presence"] == "ready"
    assert second.post("logout")["presence"] == "off"


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(http: Client, fan: int) -> None:
    wrong, unknown = log_in(http, password="guess"), log_in(http, login="nobody", password="guess")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["type"] == "/problems/wrong_login"


@pytest.mark.parametrize("login", ["fan", "nobody"])
def test_the_login_slows_down_after_failures_whoever_is_meant(http: Client, fan: int, town: Town, login: str) -> None:
    assert [log_in(http, login, "guess").status_code for _ in range(3)] == [401] * 3
    held = log_in(http, login, "guess")
    assert held.status_code == 429
    first_wait = int(held.headers["retry-after"])
    assert held.json()["values"] == {"seconds": first_wait}
    assert log_in(http, login).status_code == 429, "not even the right password is looked at while one has to wait"
    town.clock.move(timedelta(seconds=first_wait))
    assert log_in(http, login, "guess").status_code == 401
    assert int(log_in(http, login, "guess").headers["retry-after"]) > first_wait
    town.clock.move(timedelta(seconds=60))
    assert log_in(http, login).status_code == (200 if login == "fan" else 401)


def test_a_success_forgets_the_failures_and_others_are_not_slowed_down(http: Client, fan: int, town: Town) -> None:
    for _ in range(2):
        log_in(http, "fan", "guess")
        for _ in range(3):
            log_in(http, "somebody else", "guess")
        assert log_in(http).status_code == 200


def test_guesses_side_by_side_are_counted_too(app: FastAPI, fan: int) -> None:
    def guess(number: int) -> int:
        with http_of(app) as http:
            return log_in(http, "fan", f"guess {number}").status_code

    with ThreadPoolExecutor(10) as pool:
        answers = sorted(pool.map(guess, range(10)))
    assert answers == [401] * 3 + [429] * 7


@pytest.mark.parametrize("body", [b"", b"{", b'{"login": "fan"}', b'{"login": "", "password": ""}', b"[]", b"\xff"])
def test_a_login_that_is_none_is_refused_by_field(http: Client, body: bytes) -> None:
    answer = http.post("/api/v1/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid"
    assert answer.json()["values"]["problems"]
