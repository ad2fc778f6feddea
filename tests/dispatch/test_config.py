"""`config.toml` is the one documented example, and a wrong file is refused as a whole, in words that help."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from callbridge.settings import GATEWAY_KINDS
from dispatch.cli import cli
from dispatch.config import Config, ConfigFile, ConfigProblem, load

EXAMPLE = Path(__file__).parents[2] / "config.toml"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def mistakes(tmp_path: Path, text: str) -> list[str]:
    """What is said about a file with that text, without its path."""
    path = written(tmp_path, text)
    with pytest.raises(ConfigProblem) as caught:
        load(path)
    assert all(line.startswith(f"{path}: ") for line in caught.value.mistakes)
    return [line.removeprefix(f"{path}: ") for line in caught.value.mistakes]


def keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every key a section knows, with its path."""
    found = set()
    for name, field in model.model_fields.items():
        kind, path = field.annotation, f"{prefix}{name}"
        if name == "gateways":
            for settings in GATEWAY_KINDS.values():
                found |= keys(settings, "gateways.")
            continue
        if name == "templates":
            (template, _) = get_args(kind)
            found |= keys(template, f"{path}.")
            continue
        found |= keys(kind, f"{path}.") if isinstance(kind, type) and issubclass(kind, BaseModel) else {path}
    return found


def keys_of(table: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for name, value in table.items():
        if name == "variables":  # its keys are the vendor's
            found.add(f"{prefix}{name}")
            continue
        sections = value if isinstance(value, list) and value and isinstance(value[0], dict) else [value]
        for inner in sections:
            found |= keys_of(inner, f"{prefix}{name}.") if isinstance(inner, dict) else {f"{prefix}{name}"}
    return found


def test_every_key_stands_in_the_example_and_no_other() -> None:
    text = re.sub(r"^#(?=\S)", "", EXAMPLE.read_text(), flags=re.MULTILINE)  # with what is commented out
    assert keys_of(tomllib.loads(text)) == keys(Config)


def test_the_examples_values_are_the_defaults(tmp_path: Path) -> None:
    bare = load(written(tmp_path, "")).model_dump(exclude={"gateways"})
    example = load(EXAMPLE).model_dump(exclude={"gateways"})
    assert str(example).replace(str(EXAMPLE.parent), "") == str(bare).replace(str(tmp_path), "")


def test_relative_paths_start_at_the_files_folder(tmp_path: Path) -> None:
    config = load(written(tmp_path, '[speech]\ncache = "things"\n[exchange]\nroot = "/opt/pbx"\n'))
    assert config.speech.cache == tmp_path / "things"
    assert config.exchange.root == Path("/opt/pbx")
    assert config.database.url == f"sqlite:///{tmp_path}/var/townline.db"
    assert config.secret_store().directory == tmp_path / "var/secrets"


def test_an_absolute_database_file_and_a_postgresql_address_stay_as_they_are(tmp_path: Path) -> None:
    for url in ("sqlite:////srv/townline.db", "postgresql://townline@127.0.0.1/townline"):
        assert load(written(tmp_path, f'[database]\nurl = "{url}"\n')).database.url == url


def test_all_mistakes_are_reported_at_once_each_with_its_key_what_was_found_and_what_would_be_right(
    tmp_path: Path,
) -> None:
    found = mistakes(
        tmp_path,
        """
        [centre]
        code = "tl!"
        time_zone = "Mars/Olympus"
        [database]
        url = "mysql://x"
        [service]
        listen = "localhost"
        public_url = "line.example.org"
        [exchange]
        ami_port = "hello"
        extensions = ["8x"]
        [speech]
        engine = "festival"
        [[gateways]]
        name = "a"
        kind = "ios"
        """,
    )
    assert found == [
        'centre.code: found "tl!", must be 1 to 8 capital letters or digits, for example "TL"',
        'centre.time_zone: found "Mars/Olympus", must be an IANA time zone, for example Asia/Shanghai',
        'database.url: found "mysql://x", must be sqlite:///FILE or postgresql://user@host/name, '
        'for example "sqlite:///var/townline.db"',
        'service.listen: found "localhost", value is not a valid IPv4 or IPv6 address, for example "127.0.0.1"',
        'service.public_url: found "line.example.org", must be an address like https://line.example.org, or empty',
        'exchange.ami_port: found "hello", must be a valid integer, unable to parse string as an integer, '
        "for example 5038",
        'exchange.extensions[1]: found "8x", must be 2 to 6 digits',
        'speech.engine: found "festival", must be \'espeak\', for example "espeak"',
        "gateways[1].kind: found \"ios\", must be one of 'android', 'http', 'gammu', 'aliyun', 'tencent'",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[centre]\ncuntry = 'CN'\n", "centre.cuntry: unknown key; did you mean country?"),
        ("[centr]\ncode = 'A'\n", "centr: unknown key; did you mean centre?"),
        ("[exchange]\nprovider = 'x:1'\n", "exchange.provider: unknown key; it belongs into [exchange.trunk]"),
        ("[speech]\nqqq = 1\n", "speech.qqq: unknown key; known here: engine, voice_zh, voice_en, cache"),
    ],
)
def test_an_unknown_key_is_answered_with_the_known_one_that_was_meant(tmp_path: Path, text: str, said: str) -> None:
    assert mistakes(tmp_path, text) == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[exchange.trunk]\nnumbers = ['02367000120']\n", "stands in numbers and in emergency_numbers"),
        ("[exchange.trunk]\naddress = '127.0.0.1'\n", "trunk.address must differ from sip_address"),
        ("[exchange]\nrtp_ports = [2000, 1000]\n", "first below last"),
        ("[exchange]\nfallback_number = '120'\n", "only people dial those"),
        ("[exchange.trunk]\ntest_number = '023119'\n", "only people dial those"),
        ("[database]\nurl = 'postgresql://a:secret@h/n'\n", "must not hold a password"),
    ],
)
def test_values_that_do_not_fit_together_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (only,) = mistakes(tmp_path, text)
    assert said in only


def test_one_where_several_may_stand_is_answered_with_how_several_are_written(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "[gateways]\nname = 'a'\n[exchange]\nextensions = '801'\n") == [
        'exchange.extensions: found "801", must be a list, for example ["801", "802", "803"]',
        "gateways: each one begins with a line [[gateways]]",
    ]


def test_a_password_in_the_database_address_is_not_printed(tmp_path: Path) -> None:
    (only,) = mistakes(tmp_path, "[database]\nurl = 'postgresql://a:hunter2@h/n'\n")
    assert "hunter2" not in only


def test_two_gateways_of_one_name_are_refused(tmp_path: Path) -> None:
    gateway = '[[gateways]]\nname = "a"\nkind = "android"\nurl = "http://127.0.0.1:1"\n'
    assert mistakes(tmp_path, gateway * 2) == [
        "two [[gateways]] are named a: the name is the address of their callbacks"
    ]


ALIYUN = '[[gateways]]\nname = "aliyun"\nkind = "aliyun"\nsign_name = "邻里热线"\n'


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("text = 'sms.ofer'\ncode = 'SMS_1'", 'text: found "sms.ofer", did you mean sms.offer?'),
        (
            "text = 'reply.declined'\ncode = 'SMS_1'\nvariables = { a = 'door' }",
            'variables of reply.declined: found "door", must be one of centre, code',
        ),
        ("text = 'sms.offer'\ncode = '短信'", "gateways[1].templates[1].code: found"),
        ("text = 'sms.offer'", "gateways[1].templates[1].code: missing"),
        (
            "text = 'sms.offer'\ncode = 'S'\nvariable = {}",
            "templates[1].variable: unknown key; did you mean",
        ),
    ],
)
def test_a_template_of_nothing_is_refused_with_what_would_be_right(tmp_path: Path, template: str, said: str) -> None:
    (only,) = mistakes(tmp_path, f"{ALIYUN}[[gateways.templates]]\n{template}\n")
    assert said in only


def test_two_templates_for_one_text_are_refused(tmp_path: Path) -> None:
    template = "[[gateways.templates]]\ntext = 'sms.offer'\ncode = 'SMS_1'\n"
    (only,) = mistakes(tmp_path, ALIYUN + template * 2)
    assert "templates has two for sms.offer in zh" in only


@pytest.mark.parametrize(("content", "said"), [(b"[centre\n", "not TOML"), (b"\xff", "not UTF-8")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigProblem, match=said):
        load(path)


def test_a_command_with_a_wrong_file_says_so_with_status_1_and_starts_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "[exchange]\nami_prt = 1\n")
    result = CliRunner().invoke(cli, ["--config", str(path), "pbx", "start"])
    assert result.exit_code == 1
    assert result.output == f"Error: {path}: exchange.ami_prt: unknown key; did you mean ami_port?\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_environment_may_name_the_file_and_the_option_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWNLINE_CONFIG", str(tmp_path / "a.toml"))
    assert ConfigFile.named(None).path == tmp_path / "a.toml"
    assert ConfigFile.named(tmp_path / "b.toml").path == tmp_path / "b.toml"
    monkeypatch.delenv("TOWNLINE_CONFIG")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigProblem, match=re.escape(f"{tmp_path}/config.toml: no such file")):
        ConfigFile.named(None).load()


def test_wrong_usage_has_status_2_and_the_version_is_told() -> None:
    assert CliRunner().invoke(cli, ["pbx", "dance"]).exit_code == 2
    assert re.fullmatch(r"townline, version \d+\.\d+\.\d+\n", CliRunner().invoke(cli, ["--version"]).output)
