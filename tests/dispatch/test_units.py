"""The systemd units: right in systemd's own eyes, closed to what the installation does not need."""

import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dispatch.cli import cli
from dispatch.config import load
from dispatch.units import EXCHANGE, SERVICE, Account, render

ORDINARY = "daemon"  # one that every Debian has


def units(tmp_path: Path, text: str = "", *, system: bool = False) -> dict[str, str]:
    file = written(tmp_path, text)
    return render(load(file), file, Account(ORDINARY, ORDINARY), system=system)


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    file = folder / "config.toml"
    file.write_text(text)
    return file


def ask(file: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--config", str(file), "unit", *words])


def service(unit: str) -> dict[str, str]:
    """Its section [Service]; of a key that comes twice the last."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit)
    return dict(parser["Service"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
@pytest.mark.parametrize("folder", ["plain", 'a place with "signs" 100% ours'])
def test_systemd_itself_finds_nothing_wrong_with_them(tmp_path: Path, folder: str) -> None:
    into = tmp_path / "units"
    into.mkdir()
    (tmp_path / folder / "var/secrets").mkdir(parents=True)
    made = ask(written(tmp_path / folder, ""), "--user", ORDINARY, "--into", str(into))
    assert made.exit_code == 0, made.output
    assert f"chown -R {ORDINARY}:{ORDINARY} " in made.output
    files = sorted(into.iterdir())
    assert [file.name for file in files] == [EXCHANGE, SERVICE]
    found = subprocess.run(
        ["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False, timeout=60
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_the_service_is_watched_and_speaks_with_this_machine_only(tmp_path: Path) -> None:
    facts = service(units(tmp_path)[SERVICE])
    assert (facts["Type"], facts["WatchdogSec"], facts["Restart"]) == ("notify", "60", "always")
    assert (facts["User"], facts["NoNewPrivileges"], facts["ProtectSystem"]) == (ORDINARY, "yes", "strict")
    assert (facts["IPAddressDeny"], facts["IPAddressAllow"]) == ("any", "localhost")
    assert facts["PrivateDevices"] == "yes"
    assert f'-"{tmp_path}/var/secrets"' in facts["ReadWritePaths"]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ('[[gateways]]\nname = "p"\nkind = "android"\nurl = "http://192.168.1.20:8080"', "192.168.1.20 localhost"),
        ('[[gateways]]\nname = "p"\nkind = "android"\nurl = "https://sms.example.org"', None),
        ('[service]\nlisten = "0.0.0.0"', None),
        ('[database]\nurl = "postgresql://townline@10.0.0.5/townline"', "10.0.0.5 localhost"),
    ],
)
def test_its_addresses_are_those_of_the_configuration(tmp_path: Path, text: str, allowed: str | None) -> None:
    facts = service(units(tmp_path, text)[SERVICE])
    assert facts.get("IPAddressAllow") == allowed
    assert ("IPAddressDeny" in facts) is (allowed is not None)


def test_a_modem_may_be_used_where_there_is_one(tmp_path: Path) -> None:
    text = '[[gateways]]\nname = "modem"\nkind = "gammu"\ndevice = "/dev/ttyUSB0"'
    facts = service(units(tmp_path, text)[SERVICE])
    assert (facts["PrivateDevices"], facts["SupplementaryGroups"]) == ("no", "dialout")
    assert f'-"{tmp_path}/var/gammu"' in facts["ReadWritePaths"]


def test_the_exchange_answers_whether_the_service_runs_or_not(tmp_path: Path) -> None:
    made = units(tmp_path)
    assert SERVICE not in made[EXCHANGE]
    assert service(made[EXCHANGE])["PIDFile"] == f"{tmp_path}/var/pbx/main/run/asterisk.pid"
    alone = units(tmp_path, system=True)
    assert list(alone) == [SERVICE]
    assert "After=network-online.target asterisk.service" in alone[SERVICE]


@pytest.mark.parametrize(("user", "told"), [("root", "neither needs root"), ("nobody-at-all", "useradd --system")])
def test_an_account_that_is_none_is_named_with_what_to_do(tmp_path: Path, user: str, told: str) -> None:
    refused = ask(written(tmp_path, ""), "--user", user)
    assert refused.exit_code == 1
    assert told in refused.output
