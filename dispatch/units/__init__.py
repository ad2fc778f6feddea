"""The systemd units of an installation, made from its configuration: the service, with a watchdog, and its exchange.

Both run as one ordinary account, see the rest of the machine read-only, and may do what they need.
"""

import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy.engine import make_url

from callbridge.exchange.places import Places
from callbridge.settings import AndroidSettings, CloudSettings, GammuSettings, HttpSettings
from dispatch.config import Config
from dispatch.database import database_file

SERVICE, EXCHANGE = "townline.service", "townline-exchange.service"
MACHINES_OWN = "asterisk.service"  # Debian's, where the exchange is the machine's own Asterisk
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))


@dataclass(frozen=True, slots=True)
class Account:
    """Whom both run as."""

    user: str
    group: str


def render(config: Config, file: Path, account: Account, *, system: bool = False) -> dict[str, str]:
    """Each unit by the name of its file; with `system` the exchange is the machine's own and has its unit already."""
    environment = Environment(
        loader=PackageLoader("dispatch.units", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML; what could break a line is quoted below
    )
    environment.filters |= {"quoted": _quoted, "line": _line}
    places = Places.of(config.exchange, system=system)
    writes = writable(config)
    facts = {
        "config": config,
        "file": file,
        "folder": file.parent,
        "townline": Path(sys.executable).with_name("townline"),
        "account": account,
        "exchange": MACHINES_OWN if system else EXCHANGE,
        "pid": places.pid,
        "writes": writes,
        "exchange_writes": [config.exchange.directory, config.service.secrets, config.speech.cache],
        "home": "read-only" if any(_within(each, HOMES) for each in (*writes, Path(sys.executable))) else "yes",
        "addresses": addresses(config),
        "modem": any(isinstance(each, GammuSettings) for each in config.gateways),
        "postgresql": database_file(make_url(config.database.url)) is None,
    }
    names = [SERVICE] if system else [SERVICE, EXCHANGE]
    return {name: environment.get_template(f"{name}.j2").render(facts) for name in names}


def addresses(config: Config) -> list[str] | None:
    """The addresses the service speaks with, in systemd's words.

    None when nobody can tell: consoles come from anywhere, or the configuration has a name whose address may change.
    """
    if not config.service.listen.is_loopback:
        return None
    hosts = {
        urlsplit(str(each.url)).hostname
        for each in config.gateways
        if isinstance(each, AndroidSettings | HttpSettings | CloudSettings)
    }
    hosts |= {str(config.exchange.ami_address), make_url(config.database.url).host}
    known = {"localhost"}
    for host in hosts - {None, "", "localhost"}:
        try:
            address = ip_address(str(host))
        except ValueError:
            return None
        if not address.is_loopback:
            known.add(str(address))
    return sorted(known)


def writable(config: Config) -> list[Path]:
    """The folders that the service and its exchange write into."""
    database = database_file(make_url(config.database.url))
    own = {config.service.secrets, config.speech.cache, config.exchange.directory}
    own |= {each.directory for each in config.gateways if isinstance(each, GammuSettings)}
    return sorted(own | ({database.parent} if database is not None else set()))


def _within(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _line(path: Path) -> str:
    """A path that is the whole of a value: only systemd's own signs are doubled."""
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    """A path as one word among others; `$` is a variable's sign in a command."""
    escaped = _line(path).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"'
