"""`config.toml`: the facts of this machine, read once at start and refused as a whole when anything is wrong."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    IPvAnyAddress,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from callbridge.secrets import Secrets
from callbridge.settings import (
    GATEWAY_KINDS,
    CloudSettings,
    ExchangeSettings,
    GatewaySettings,
    Port,
    Section,
    SpeechSettings,
    TemplateSettings,
    matching,
)
from dispatch.wire.settings import ConsoleSettings
from dispatch.wordings import values_by_text

S = TypeVar("S", bound=BaseModel)

VARIABLE = "TOWNLINE_CONFIG"
SQLITE = "sqlite:///"


class ConfigProblem(Exception):
    """The configuration cannot be used. `mistakes` has one line for each thing that is wrong."""

    def __init__(self, *mistakes: str) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be an IANA time zone, for example Asia/Shanghai") from error
    return name


def _public_url(url: str) -> str:
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise ValueError("must be an address like https://line.example.org, or empty")
    return url.rstrip("/")


def _database_url(url: str) -> str:
    if url.startswith(SQLITE):
        if not url.removeprefix(SQLITE).strip("/"):
            raise ValueError("must name a file, for example sqlite:///var/townline.db")
        return url
    parts = urlsplit(url)
    if parts.scheme != "postgresql" or not parts.path.strip("/"):
        raise ValueError("must be sqlite:///FILE or postgresql://user@host/name")
    if parts.password is not None:
        raise ValueError("must not hold a password: put it into the secret DATABASE_PASSWORD")
    return url


class CentreSettings(Section):
    code: Annotated[str, matching("[A-Z0-9]{1,8}", "1 to 8 capital letters or digits")] = "TL"
    name: Annotated[str, matching(r".{1,40}", "1 to 40 characters")] = "邻里热线"
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "Asia/Shanghai"
    country: Annotated[str, matching("[A-Z]{2}", "two capital letters after ISO 3166-1")] = "CN"
    area_code: Annotated[str, matching("[0-9]{0,6}", "at most 6 digits")] = "023"
    exchange_prefix: Annotated[str, matching("[0-9]{0,3}", "at most 3 digits")] = ""
    language: Literal["zh", "en"] = "zh"


class DatabaseSettings(Section):
    url: Annotated[str, AfterValidator(_database_url)] = "sqlite:///var/townline.db"


class ServiceSettings(Section):
    listen: IPvAnyAddress = Field(default="127.0.0.1", validate_default=True)
    port: Port = 8460
    public_url: Annotated[str, AfterValidator(_public_url)] = ""
    secrets: Path = Path("var/secrets")
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Section):
    """The whole file. After `load` every path in it is absolute."""

    centre: CentreSettings = CentreSettings()
    database: DatabaseSettings = DatabaseSettings()
    service: ServiceSettings = ServiceSettings()
    console: ConsoleSettings = ConsoleSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    speech: SpeechSettings = SpeechSettings()
    gateways: tuple[GatewaySettings, ...] = ()

    @model_validator(mode="after")
    def _every_gateway_has_its_own_name(self) -> Self:
        names = [gateway.name for gateway in self.gateways]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two [[gateways]] are named {twice[0]}: the name is the address of their callbacks")
        return self

    @model_validator(mode="after")
    def _templates_are_of_texts_of_ours(self) -> Self:
        texts = values_by_text()
        for name, template in ((each.name, template) for each in self.gateways for template in _templates(each)):
            where = f"gateways.templates of {name}"
            if template.text not in texts:
                raise ValueError(
                    f"{where}: text: found {_toml(template.text)}, {_meant(template.text, texts)}; "
                    "docs/cloud-sms.md has them all"
                )
            if strange := [value for value in template.wanted if value not in texts[template.text]]:
                raise ValueError(
                    f"{where}: variables of {template.text}: found {_toml(strange[0])}, "
                    f"must be one of {', '.join(sorted(texts[template.text]))}"
                )
        return self

    def secret_store(self) -> Secrets:
        return Secrets(self.service.secrets)


def _templates(gateway: GatewaySettings) -> tuple[TemplateSettings, ...]:
    return gateway.templates if isinstance(gateway, CloudSettings) else ()


def _meant(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else "which is no text of ours"


@dataclass(frozen=True)
class ConfigFile:
    """Where the configuration stands. Commands find it as click's `obj` and load it when they need it."""

    path: Path

    @classmethod
    def named(cls, path: Path | None) -> "ConfigFile":
        """The file asked for, else the one `TOWNLINE_CONFIG` names, else `config.toml` in the current folder."""
        return cls((path or Path(os.environ.get(VARIABLE) or "config.toml")).absolute())

    def load(self) -> Config:
        return load(self.path)


def load(path: Path) -> Config:
    """Read `path`, check all of it and make its relative paths absolute.

    Raises ConfigProblem with one line for every mistake: the key's path, what was found and what would be right.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigProblem(f"{path}: no such file; name one with --config or {VARIABLE}") from None
    except OSError as error:
        raise ConfigProblem(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigProblem(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigProblem(f"{path}: not TOML: {error}") from None
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        found = error.errors()
        raise ConfigProblem(*(f"{path}: {_mistake(each)}" for each in found if not _follows(each, found))) from None
    return _anchored(config, path.absolute().parent)


def _follows(details: ErrorDetails, others: list[ErrorDetails]) -> bool:
    """Whether this only repeats that something inside is wrong: a list without its wrong elements is too short."""
    length = len(details["loc"])
    return any(len(other["loc"]) > length and other["loc"][:length] == details["loc"] for other in others)


def _mistake(details: ErrorDetails) -> str:
    location = details["loc"]
    # pydantic names a gateway's kind after its place in the list; in the file there is no such key.
    written = location[:2] + location[3:] if location[:1] == ("gateways",) else location
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in written).lstrip(".")
    match details["type"]:
        case "extra_forbidden":
            return f"{key}: unknown key; {_nearest_key(location)}"
        case "missing":
            return f"{key}: missing; it has no default"
        case "value_error":
            right = str(details["ctx"]["error"])
        case "union_tag_not_found":
            return f"{key}.kind: missing; it has no default, for example {_toml(next(iter(GATEWAY_KINDS)))}"
        case "union_tag_invalid":
            found = _toml(details["ctx"]["tag"])
            return f"{key}.kind: found {found}, must be one of {details['ctx']['expected_tags']}"
        case "literal_error":
            right = f"must be {details['ctx']['expected']}"
        case "tuple_type":
            right = "each one begins with a line [[gateways]]" if location == ("gateways",) else "must be a list"
        case _:
            right = details["msg"].replace("Input should be", "must be").replace("Value should", "must")
    example = _default(location)
    for_example = f", for example {_toml(example)}" if example is not None and "for example" not in right else ""
    if not key:
        return f"{right}"
    found = "" if isinstance(details["input"], dict) else f"found {_toml(details['input'])}, "
    return f"{key}: {found}{right}{for_example}"


def _toml(value: Any) -> str:
    """The value as one would write it into the file."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(_toml(each) for each in value)}]"
        case _:
            text = re.sub(r"(://[^:/@]*:)[^@]*@", r"\1...@", str(value))  # a password is never printed
            return f'"{text if len(text) <= 60 else text[:57] + "..."}"'


def _sections(model: type[BaseModel] = Config, name: str = "") -> dict[str, type[BaseModel]]:
    """Every section of the file by its dotted name, the file itself under the empty name."""
    found = {name: model}
    for key, field in model.model_fields.items():
        kind = field.annotation
        if get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= _sections(kind, f"{name}.{key}".lstrip("."))
    if model is Config:
        for gateway, settings in GATEWAY_KINDS.items():
            found |= _sections(settings, f"gateways.{gateway}")
    return found


def _section_of(location: tuple[int | str, ...]) -> tuple[str, str]:
    *section, key = [part for part in location if isinstance(part, str)] or [""]
    return ".".join(section), key


def _nearest_key(location: tuple[int | str, ...]) -> str:
    section, key = _section_of(location)
    sections = _sections()
    known = sections[section].model_fields
    if near := difflib.get_close_matches(key, known, n=1):
        return f"did you mean {near[0]}?"
    if elsewhere := [name for name, model in sections.items() if key in model.model_fields and name]:
        section, _, kind = elsewhere[0].partition("gateways.")
        kind, _, inner = kind.partition(".")
        if inner:
            return f"it belongs into [[gateways.{inner}]]"
        return f"it belongs into [[gateways]] of kind {kind}" if kind else f"it belongs into [{section}]"
    return f"known here: {', '.join(known)}"


def _default(location: tuple[int | str, ...]) -> Any:
    section, key = _section_of(location)
    if isinstance(location[-1] if location else None, int):  # one element of a list: the default is the whole list
        return None
    field = getattr(_sections().get(section), "model_fields", {}).get(key)
    default = None if field is None or field.is_required() else field.default
    return None if isinstance(default, BaseModel) or default in ("", ()) else default


def _anchored(config: Config, folder: Path) -> Config:
    url = config.database.url
    if url.startswith(SQLITE):
        url = f"{SQLITE}{folder / url.removeprefix(SQLITE)}"
    return _absolute(config, folder).model_copy(update={"database": DatabaseSettings(url=url)})


def _absolute(section: S, folder: Path) -> S:
    changes: dict[str, Any] = {}
    for key in type(section).model_fields:
        match getattr(section, key):
            case Path() as path:
                changes[key] = folder / path.expanduser()
            case BaseModel() as inner:
                changes[key] = _absolute(inner, folder)
            case (BaseModel(), *_) as sections:
                changes[key] = tuple(_absolute(each, folder) for each in sections)
            case _:
                pass
    return section.model_copy(update=changes)
