"""A centre is backed up while its service runs, and brought back: what its consoles and its machine are told."""

import json
from pathlib import Path

import httpx

from tests.dispatch.api.serving import Listener
from tests.dispatch.api.test_serve import Installation, installation, logging_as_before

__all__ = ["installation", "logging_as_before"]  # fixtures


def log_in(here: Installation, login: str, password: str) -> str:
    sent = {"login": login, "password": password}
    token: str = httpx.post(f"{here.url}/api/v1/login", json=sent, trust_env=False).json()["token"]
    return token


def held(here: Installation) -> bool:
    problems = httpx.get(f"{here.url}/readyz", trust_env=False).json()["problems"]
    return any("on hold since the restore" in problem for problem in problems)


def test_backed_up_while_it_runs_and_brought_back_when_it_does_not(
    installation: Installation, tmp_path: Path
) -> None:
    here = installation
    added = here.ask("operator", "add", "范静", "--login", "fan", "--role", "supervisor")
    password = added.stdout.split()[-1]
    with here.serving() as service:
        token = log_in(here, "fan", password)
        with Listener(here.url, token) as listener:
            last = listener.snapshot()["last_event_id"]
        file = json.loads(here.ask("backup", str(tmp_path), "--json").stdout)["file"]
        assert here.ask("operator", "add", "胡敏", "--login", "hu").exit_code == 0
        refused = here.ask("restore", file, "--replace")
        assert refused.exit_code == 1
        assert f"process {service.pid}" in refused.stderr
        service.terminate()
        service.wait()

    assert "--replace" in here.ask("restore", file).stderr
    done = here.ask("restore", file, "--replace")
    assert done.exit_code == 0, done.stderr
    assert "on hold" in done.stdout
    assert [each["login"] for each in json.loads(here.ask("operator", "list", "--json").stdout)] == ["fan"]

    with here.serving():
        assert held(here)
        with Listener(here.url, token, last) as listener:
            board = listener.snapshot()
            assert board["hold"]["messages"] == 0
            assert [each["name"] for each in board["operators"]] == ["范静"]
            released = here.ask("release")
            assert (released.exit_code, "released: 0" in released.stdout) == (0, True)
            assert listener.change("centre.released")["hold"] is None
        assert not held(here)
        assert json.loads(here.ask("release", "--json").stdout) == {"messages": 0, "ladders": 0}
