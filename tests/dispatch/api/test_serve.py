"""`townline serve` as its user meets it: one process, started and stopped, and what it says when it cannot begin."""

import json
import logging
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlalchemy.engine import URL

from dispatch.cli import cli
from registry.store import Store
from tests.dispatch.api.serving import Listener

PATIENCE = 60


def free_port() -> int:
    with closing(socket.socket()) as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@dataclass
class Installation:
    """A folder with a configuration whose exchange is not there."""

    folder: Path
    database: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self) -> Path:
        file = self.folder / "config.toml"
        sections = {
            "database": f'url = "{self.database}"',
            "service": f"port = {self.port}",
            "exchange": f"ami_port = {free_port()}",
        }
        file.write_text("".join(f"[{name}]\n{line}\n" for name, line in sections.items()))
        return file

    def command(self, *words: str) -> list[str]:
        program = "from dispatch.cli import main; main()"
        return [sys.executable, "-c", program, "--config", str(self.write()), *words]

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=PATIENCE, input=stdin, check=False
        )

    def ask(self, *words: str, stdin: str = "") -> Result:
        """A command that ends by itself, in this process."""
        return CliRunner().invoke(cli, ["--config", str(self.write()), *words], input=stdin)

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[str]]:
        with (self.folder / f"log-{self.port}").open("w") as errors:
            process = subprocess.Popen(self.command("serve"), stderr=errors, text=True)
        try:
            give_up = time.monotonic() + PATIENCE
            while not self.answers():
                assert process.poll() is None, self.log()
                assert time.monotonic() < give_up, self.log()
                time.sleep(0.05)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def log(self) -> str:
        return (self.folder / f"log-{self.port}").read_text()

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.log().splitlines()]


@pytest.fixture
def installation(tmp_path: Path, empty_database_url: URL) -> Installation:
    database = empty_database_url.render_as_string(hide_password=False)
    if empty_database_url.get_backend_name() == "sqlite":
        database = f"sqlite:///{empty_database_url.database}"
    return Installation(tmp_path, database, free_port())


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command run in this process sends the log to a stream that ends with it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers, logging.root.level = handlers, level


only_sqlite = pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)


def test_it_serves_without_its_exchange_says_so_and_stops_in_order_with_a_stream_open(
    installation: Installation,
) -> None:
    added = installation.ask("operator", "add", "范静", "--login", "fan", "--extension", "801")
    assert added.exit_code == 0, added.stderr
    password = added.stdout.split()[-1]
    with installation.serving() as process:
        login = {"login": "fan", "password": password}
        token = httpx.post(f"{installation.url}/api/v1/login", json=login, trust_env=False).json()["token"]
        ready = httpx.get(f"{installation.url}/readyz", trust_env=False)
        assert ready.status_code == 503
        assert any("127.0.0.1" in problem for problem in ready.json()["problems"])
        with Listener(installation.url, token) as listener:
            board = listener.snapshot()
            assert [(link["exchange"], link["up"]) for link in board["links"]] == [("main", False)]
            process.send_signal(signal.SIGTERM)
            listener.ends()
            assert process.wait(timeout=8) == 0
    assert "service.began" in installation.events()
    assert installation.events().count("link.down") == 1, "said once, not at each try"
    assert installation.events()[-1] == "service.ended"
    assert "fan" not in installation.log()
    assert password not in installation.log()
    assert "traceback" not in installation.log().lower()


@only_sqlite
def test_systemd_is_told_that_it_is_ready_lives_and_stops(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE)
        with installation.serving() as process:
            assert systemd.recv(1000).decode() == "READY=1"
            lives = systemd.recv(1000).decode().splitlines()
            assert lives[0] == "WATCHDOG=1"
            assert lives[1].startswith("STATUS=no link to the exchange main: ")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=8) == 0
        systemd.setblocking(False)
        last = ""
        with suppress(BlockingIOError):
            while said := systemd.recv(1000).decode():
                last = said
        assert last == "STOPPING=1\nSTATUS=stopping"


@only_sqlite
def test_a_second_service_on_one_database_file_is_told_who_holds_it(installation: Installation) -> None:
    with installation.serving() as first:
        second = Installation(installation.folder, installation.database, free_port())
        refused = second.run("serve")
        assert refused.returncode == 1
        assert len(refused.stderr.splitlines()) == 1
        assert f"process {first.pid}" in refused.stderr
        assert installation.url in refused.stderr
        assert installation.ask("operator", "list").exit_code == 0, "operators are added while it runs"
        first.kill()
        first.wait()
    with second.serving():
        pass


@only_sqlite
def test_what_keeps_it_from_beginning_is_one_line_and_nothing_is_started(
    installation: Installation, tmp_path: Path
) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        refused = installation.run("serve")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert f"port {installation.port}" in refused.stderr
    assert not Path(installation.database.removeprefix("sqlite:///")).exists()

    assert installation.ask("serve", "--migrate-only").exit_code == 0
    with closing(Store(installation.database)) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer = installation.run("serve")
    assert (newer.returncode, len(newer.stderr.splitlines())) == (1, 1)
    assert "9999" in newer.stderr

    nobody = Installation(tmp_path, f"postgresql://townline@127.0.0.1:{free_port()}/town", free_port())
    unreachable = nobody.run("serve")
    assert (unreachable.returncode, len(unreachable.stderr.splitlines())) == (1, 1)
    assert "127.0.0.1" in unreachable.stderr


@only_sqlite
def test_operators_are_added_listed_and_given_telephones_and_passwords(installation: Installation) -> None:
    added = installation.ask(
        "operator", "add", "范静", "--login", "fan", "--role", "supervisor", "--extension", "801"
    )
    assert added.exit_code == 0
    again = installation.ask("operator", "add", "别人", "--login", "fan")
    assert (again.exit_code, "范静" in again.stderr) == (1, True)
    taken = installation.ask("operator", "add", "别人", "--login", "bie", "--extension", "801")
    assert (taken.exit_code, "范静" in taken.stderr) == (1, True)
    unknown = installation.ask("operator", "add", "别人", "--login", "bie", "--extension", "899")
    assert (unknown.exit_code, "801, 802, 803" in unknown.stderr) == (1, True)
    short = installation.ask("operator", "add", "别人", "--login", "bie", "--password-stdin", stdin="short\n")
    assert (short.exit_code, "8 to 200" in short.stderr) == (1, True)
    listed = json.loads(installation.ask("operator", "list", "--json").stdout)
    assert listed == [{"login": "fan", "name": "范静", "role": "supervisor", "extension": "801", "area": None}]
    account = json.loads(installation.ask("operator", "phone", "范静", "--json").stdout)
    assert (account["user"], account["server"]) == ("801", "127.0.0.1")
    assert account["password"] == (installation.folder / "var/secrets/SIP_801").read_text().strip()
    assert installation.ask("operator", "phone", "nobody").exit_code == 1
    assert installation.ask("operator", "password", "fan", "--password-stdin", stdin="open sesame\n").exit_code == 0
    assert installation.ask("operator", "add", "x").exit_code == 2, "wrong usage"


@only_sqlite
def test_an_operator_belongs_to_an_area_of_the_imported_tree_and_may_be_moved(installation: Installation) -> None:
    sheet = installation.folder / "areas.csv"
    sheet.write_text("区划代码,名称\n500103000000,渝中区\n500103001000,七星岗街道\n", encoding="utf-8")
    assert installation.ask("import", "areas", str(sheet), "--apply").exit_code == 0
    added = installation.ask("operator", "add", "范静", "--login", "fan", "--area", "七星岗街道")
    assert added.exit_code == 0
    unknown = installation.ask("operator", "area", "fan", "解放碑街道")
    assert (unknown.exit_code, "there is no area 解放碑街道" in unknown.output) == (1, True)

    def area() -> str | None:
        (fan,) = json.loads(installation.ask("operator", "list", "--json").stdout)
        code: str | None = fan["area"]
        return code

    assert area() == "500103001000"
    assert installation.ask("operator", "area", "范静", "500103000000").exit_code == 0
    assert area() == "500103000000"
    assert installation.ask("operator", "area", "范静").exit_code == 0
    assert area() is None
    written = installation.folder / "out.csv"
    assert installation.ask("export", "areas", str(written)).exit_code == 0
    assert installation.ask("import", "areas", str(written)).exit_code == 0


@only_sqlite
def test_the_database_file_and_the_secrets_are_nobody_elses_to_read(installation: Installation) -> None:
    assert installation.ask("serve", "--migrate-only").exit_code == 0
    made = [Path(installation.database.removeprefix("sqlite:///")), *(installation.folder / "var/secrets").iterdir()]
    assert len(made) > 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}


def test_a_database_in_a_place_that_cannot_be_is_named_in_one_line(tmp_path: Path) -> None:
    nowhere = Installation(tmp_path, "sqlite:////proc/nothing/townline.db", free_port())
    for verb in (("operator", "list"), ("serve",), ("check",)):
        said = nowhere.ask(*verb)
        assert said.exit_code == 1
        assert "/proc/nothing/townline.db" in said.output
        assert said.exception is None or isinstance(said.exception, SystemExit)


@only_sqlite
def test_check_names_what_is_wrong_and_changes_nothing(installation: Installation) -> None:
    checked = installation.ask("check", "--json")
    findings = {each["what"]: each for each in json.loads(checked.stdout)}
    assert checked.exit_code == 1
    assert findings["database"]["good"] is True
    assert findings["exchange"]["good"] is False
    assert not Path(installation.database.removeprefix("sqlite:///")).exists()


@only_sqlite
def test_check_says_whether_anybody_is_called_when_the_service_dies(installation: Installation) -> None:
    installation.ask("operator", "list")  # the database is there now, and seeded
    findings = {each["what"]: each for each in json.loads(installation.ask("check", "--json").stdout)}
    assert findings["supervisor"]["good"] is True
    assert findings["supervisor"]["says"] == (
        "when the service dies, nobody is called: the ladder's supervisor has no number"
    )
