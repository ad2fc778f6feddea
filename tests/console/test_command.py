"""`townline console` before anything is on the screen: what it is told, and what it says to nonsense."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from console.app import Console
from dispatch.cli import cli
from tests.errorlog import ErrorLog


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Console]:
    consoles: list[Console] = []
    monkeypatch.setattr(Console, "run", lambda self: consoles.append(self))
    return consoles


def run(*arguments: str, **environment: str) -> Any:
    return CliRunner().invoke(cli, arguments, env=environment, catch_exceptions=False)


def test_without_a_configuration_the_service_is_where_it_always_is(
    started: list[Console], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("console").exit_code == 0
    assert started[0].desk.client.url == "http://127.0.0.1:8460/"
    assert started[0].desk.speech.language == "zh"


def test_the_configuration_names_service_and_language_and_an_option_wins(
    started: list[Console], tmp_path: Path
) -> None:
    file = tmp_path / "town.toml"
    file.write_text('[console]\nurl = "http://127.0.0.1:9000"\nlanguage = "en"\n[anything]\nelse = 1\n')
    assert run("--config", str(file), "console").exit_code == 0
    assert run("console", "--config", str(file), "--language", "zh", "--url", "http://127.0.0.2:9001").exit_code == 0
    assert [each.desk.client.url for each in started] == ["http://127.0.0.1:9000/", "http://127.0.0.2:9001/"]
    assert [each.desk.speech.language for each in started] == ["en", "zh"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[console]\nurl = "somewhere"', "console.url"),
        ('[console]\nlanguage = "fr"', "console.language"),
        ("[console]\ncolour = 1", "console.colour"),
        ("[console", "town.toml"),
    ],
)
def test_a_mistake_in_the_configuration_is_named_and_nothing_starts(
    started: list[Console], tmp_path: Path, written: str, said: str
) -> None:
    file = tmp_path / "town.toml"
    file.write_text(written)
    result = run("console", "--config", str(file))
    assert result.exit_code == 1
    assert said in result.output
    assert not started


def test_a_configuration_that_was_asked_for_has_to_be_there(started: list[Console], tmp_path: Path) -> None:
    assert run("console", "--config", str(tmp_path / "missing.toml")).exit_code == 1
    assert run("console", "--url", "nonsense").exit_code == 1
    assert not started


def test_its_log_tells_the_place_of_a_mistake_and_nothing_of_a_resident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error_log: ErrorLog
) -> None:
    def mistake(_: Console) -> None:
        resident = "王秀英"
        try:
            raise LookupError(resident)
        except LookupError:
            structlog.get_logger().exception("console.mistake")

    error_log.expect("console.mistake")
    monkeypatch.setattr(Console, "run", mistake)
    file = tmp_path / "console.log"
    assert run("console", "--log", str(file)).exit_code == 0
    told = json.loads(file.read_text(encoding="utf-8"))
    assert (told["event"], told["error"], told["level"]) == ("console.mistake", "LookupError", "error")
    assert told["where"][-1].startswith("test_command.py:")
    assert "王秀英" not in file.read_text(encoding="utf-8")
