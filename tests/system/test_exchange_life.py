"""Configuring, starting, stopping and examining the exchange, as the administrator does it."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callbridge.errors import ExchangeProblem
from callbridge.exchange import Exchange
from callbridge.exchange.running import running_pid
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from dispatch.cli import cli
from tests.system.town import Town

pytestmark = pytest.mark.system


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of the folder with the moment it was last changed and its content."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in {".db", ".db-wal", ".db-shm"}
    }


def what(exchange: Exchange) -> set[str]:
    return {problem.key for problem in exchange.check()}


def changed(exchange: Exchange, **changes: object) -> Exchange:
    """The same exchange after somebody has edited `config.toml`."""
    settings = exchange.settings.model_copy(update=changes)
    return Exchange(settings, exchange.speech.settings, exchange.secrets)


def test_configuring_twice_changes_nothing_the_second_time(configured_exchange: Exchange) -> None:
    before = files(configured_exchange.places.directory)
    assert configured_exchange.configure() == []
    assert files(configured_exchange.places.directory) == before


def test_nothing_of_the_exchange_can_be_read_by_others(configured_exchange: Exchange) -> None:
    for folder in (
        configured_exchange.places.directory,
        configured_exchange.places.etc,
        configured_exchange.places.sounds,
    ):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in configured_exchange.places.etc.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_phrase_that_somebody_recorded_is_kept_and_one_that_is_gone_is_spoken_anew(
    configured_exchange: Exchange,
) -> None:
    place = configured_exchange.places.sounds / "zh"
    (place / "sorry.wav").write_bytes(b"a human voice")
    (place / "music.wav").unlink()
    assert what(configured_exchange) >= {"prompts"}
    assert configured_exchange.configure() == ["sounds/zh/music.wav"]
    assert (place / "sorry.wav").read_bytes() == b"a human voice"


def test_it_starts_without_a_complaint_in_its_log_and_stops(
    configured_exchange: Exchange,
) -> None:
    pid = configured_exchange.start()
    assert configured_exchange.pid == pid
    log = (configured_exchange.places.log / "messages.log").read_text()
    assert not [line for line in log.splitlines() if "WARNING" in line or "ERROR" in line]
    assert configured_exchange.stop()
    assert configured_exchange.pid is None
    assert not configured_exchange.stop()


def test_it_goes_on_without_whoever_started_it_and_starts_again_after_a_crash(configured_exchange: Exchange) -> None:
    pid = configured_exchange.start()
    assert os.getsid(pid) != os.getsid(0)
    os.kill(pid, signal.SIGKILL)
    while running_pid(configured_exchange.places):
        time.sleep(0.02)
    assert configured_exchange.start() != pid


def test_a_second_start_is_refused(exchange: Exchange) -> None:
    with pytest.raises(ExchangeProblem, match="already runs"):
        exchange.start()


def test_a_taken_port_is_named_with_its_key_and_its_holder_and_nothing_is_started(
    configured_exchange: Exchange,
) -> None:
    with socket.create_server(("127.0.0.1", configured_exchange.settings.ami_port)):
        with pytest.raises(ExchangeProblem, match=rf"exchange\.ami_port: .* is taken by .*\(process {os.getpid()}\)"):
            configured_exchange.start()
        assert what(configured_exchange) == {"port"}
    assert configured_exchange.pid is None


def test_an_exchange_that_gives_up_says_why(configured_exchange: Exchange) -> None:
    shutil.rmtree(configured_exchange.places.lib)
    (configured_exchange.places.lib).write_text("not a folder")
    with pytest.raises(ExchangeProblem, match="did not start"):
        configured_exchange.start()


def test_the_generation_of_the_event_log_stays_and_a_new_file_has_another(configured_exchange: Exchange) -> None:
    def generation() -> str:
        with closing(sqlite3.connect(configured_exchange.cel_path)) as database:
            (only,) = database.execute("SELECT id FROM generation").fetchall()
        return str(only[0])

    first = generation()
    configured_exchange.configure()
    assert generation() == first
    configured_exchange.cel_path.unlink()
    configured_exchange.start()
    assert generation() != first


def test_a_call_would_arrive_and_the_examination_says_so(exchange: Exchange, town: Callable[..., Town]) -> None:
    town(telephones={"801": ["Answer"]})
    assert exchange.check() == []


def test_without_telephones_and_trunk_the_examination_names_both(exchange: Exchange) -> None:
    assert what(exchange) == {"no_telephone", "trunk"}


def test_an_exchange_that_does_not_run_is_named(configured_exchange: Exchange) -> None:
    assert what(configured_exchange) == {"stopped"}


def test_what_was_not_configured_or_was_edited_by_hand_is_named(configured_exchange: Exchange) -> None:
    (configured_exchange.places.etc / "queues.conf").write_text("")
    (problem, _) = configured_exchange.check()
    assert (problem.key, problem.what.split(":")[0]) == ("configuration", "queues.conf")
    assert what(changed(configured_exchange, ring_seconds=30)) >= {"configuration"}


def test_ports_for_too_few_calls_are_named_with_a_range_that_is_enough(configured_exchange: Exchange) -> None:
    first = configured_exchange.settings.rtp_ports[0]
    problems = changed(configured_exchange, rtp_ports=(first, first + 9)).check()
    (problem,) = [each for each in problems if each.key == "rtp_ports"]
    assert f"[{first}, {first + 119}]" in problem.remedy


def test_a_missing_module_a_silent_event_log_and_a_refused_secret_are_named(
    configured_exchange: Exchange, tmp_path: Path
) -> None:
    etc = configured_exchange.places.etc
    modules = etc / "modules.conf"
    modules.write_text(modules.read_text().replace("load = app_read.so\n", ""))
    (etc / "cel.conf").write_text("[general]\nenable = no\n")
    configured_exchange.start()
    stranger = Exchange(
        configured_exchange.settings, configured_exchange.speech.settings, Secrets(tmp_path / "other-secrets")
    )
    problems = {problem.key: problem.what for problem in stranger.check()}
    assert problems["modules"] == "not running: app_read"
    assert "CEL is off" in problems["cel"]
    assert "refuses our secret" in problems["ami_refused"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"extensions": ("801", "119")}, "exchange.extensions has 119"),
        ({"directory": Path("/tmp/a,b/pbx")}, "need a path of letters"),
        ({"directory": Path("/tmp/" + "long/" * 30)}, "bytes at most"),
    ],
)
def test_settings_that_asterisk_could_not_live_with_are_refused(
    exchange_settings: ExchangeSettings, configured_exchange: Exchange, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(ExchangeProblem, match=said):
        changed(configured_exchange, **changes).configure()


def test_the_machines_own_configuration_is_left_alone_where_there_is_no_own_asterisk(
    configured_exchange: Exchange,
) -> None:
    if configured_exchange.tree.own_asterisk is not None:
        return  # a test must not touch it
    result = run(configured_exchange, "configure", "--system")
    assert (result.exit_code, "there is none" in result.output) == (1, True)
    assert not Path("/etc/asterisk").exists()


def test_an_exchange_without_its_programs_is_told_how_to_bring_them(
    configured_exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbridge.exchange.tree._path", lambda: "")
    (problem,) = changed(configured_exchange, root=tmp_path / "nothing").check()
    assert (problem.key, "townline pbx install" in problem.remedy) == ("asterisk", True)


def run(exchange: Exchange, *words: str) -> Result:
    """`townline pbx …` with a file that describes this exchange."""
    settings = exchange.settings
    path = exchange.places.directory.parent / "config.toml"
    path.write_text(
        f"""
        [service]
        secrets = "secrets"
        [speech]
        cache = "{exchange.speech.settings.cache}"
        [exchange]
        name = "{settings.name}"
        root = "{settings.root}"
        directory = "{settings.directory}"
        ami_port = {settings.ami_port}
        sip_port = {settings.sip_port}
        rtp_ports = {list(settings.rtp_ports)}
        extensions = {list(settings.extensions)}
        auto_answer = {list(settings.auto_answer)}
        ring_seconds = {settings.ring_seconds}
        queue_seconds = {settings.queue_seconds}
        [exchange.trunk]
        port = {settings.trunk.port}
        provider = "{settings.trunk.provider}"
        test_number = "{settings.trunk.test_number}"
        """
    )
    return CliRunner().invoke(cli, ["--config", str(path), "pbx", *words])


def test_the_administrators_commands_do_what_they_say(configured_exchange: Exchange) -> None:
    assert run(configured_exchange, "install").output.startswith("everything is there: asterisk in ")
    assert run(configured_exchange, "configure").output == f"nothing to change in {configured_exchange.places.etc}\n"
    stopped = run(configured_exchange, "check", "--json")
    assert stopped.exit_code == 1
    assert [problem["key"] for problem in json.loads(stopped.output)] == ["stopped"]
    assert "townline pbx start" in run(configured_exchange, "check").output
    assert run(configured_exchange, "start").exit_code == 0
    again = run(configured_exchange, "start")
    assert (again.exit_code, again.output.splitlines()[0][:31]) == (1, "Error: the exchange test alread")
    assert run(configured_exchange, "stop").output == "the exchange test has stopped\n"
