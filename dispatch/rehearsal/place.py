"""Where a rehearsal takes place: a folder of its own, free ports, and a configuration file like any other."""

import fcntl
import json
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatch.config import Config, ConfigFile, ConfigProblem, load
from dispatch.rehearsal.town import TownPlace

OPERATORS, OUTSIDE, TOWN = "127.0.0.1", "127.0.0.2", "127.0.0.3"
GATEWAY = "phone"
PORTS_TRIED = 500


class NoFreePort(Exception):
    """None of the ports tried is free."""


class AlreadyPlayed(Exception):
    """Another rehearsal goes on in that folder."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds the folder. Raises AlreadyPlayed; whoever is killed lets go of it."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyPlayed(f"a rehearsal goes on in {folder} already; end it first") from None
        yield


@dataclass(frozen=True, slots=True)
class Place:
    """`folder` holds all that a rehearsal leaves behind; `config` is read from `config_file`, which lies there."""

    folder: Path
    config_file: Path
    config: Config
    town: TownPlace
    phone_port: int  # of the SMS phone
    control_port: int  # of the operator's telephone

    @property
    def robots(self) -> Path:
        """The folder of the robots' logs."""
        return self.folder / "robots"


def find_place(folder: Path, base: ConfigFile, database: str | None) -> Place:
    """Chooses free ports, those of the last time if they still are, and writes `config.toml` into `folder`.

    The centre, the languages and the tree of programs are those of `base` where that file exists. Raises
    ConfigProblem when it cannot be used, and NoFreePort.
    """
    outer = base.load() if base.path.exists() else Config()
    folder = folder.absolute()
    file = folder / "config.toml"
    last = _last(file)
    sip = _free([(OPERATORS, True), (OUTSIDE, True), (TOWN, True)], last.exchange.sip_port if last else 5070)
    ami = _free([(OPERATORS, False), (TOWN, False)], last.exchange.ami_port if last else 7070)
    service = _free([(OPERATORS, False)], last.service.port if last else 8470)
    phone = _free([(OPERATORS, False)], service + 1)
    control = _free([(OPERATORS, False)], phone + 1)
    values: dict[str, Any] = {
        "centre": outer.centre.model_dump(mode="json"),
        "database": {"url": database or f"sqlite:///{folder / 'townline.db'}"},
        "service": {"port": service, "secrets": str(folder / "secrets")},
        "console": {"url": f"http://{OPERATORS}:{service}", "language": outer.console.language},
        "speech": {"cache": str(folder.parent / "speech")},
        "exchange": {
            "name": "rehearsal",
            "root": str(base.path.parent / outer.exchange.root),
            "directory": str(folder / "exchange"),
            "ami_port": ami,
            "sip_port": sip,
            "rtp_ports": [14000, 15999],
        },
        "exchange.trunk": {"address": OUTSIDE, "port": sip, "provider": f"{TOWN}:{sip}"},
    }
    gateway = {"name": GATEWAY, "kind": "android", "url": f"http://{OPERATORS}:{phone}"}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(_toml(values, gateway), encoding="utf-8")
    town = TownPlace(
        directory=folder / "town",
        address=TOWN,
        port=sip,
        ami_port=ami,
        rtp_ports=(16000, 17999),
        trunk_address=OUTSIDE,
        trunk_port=sip,
    )
    return Place(folder, file, load(file), town, phone, control)


def another_port(place: Place) -> int:
    """A free port for one more telephone's control."""
    return _free([(OPERATORS, False)], place.control_port + 1)


def _toml(sections: dict[str, Any], gateway: dict[str, str]) -> str:
    """JSON's way to write strings, numbers and lists is TOML's too."""
    lines = ["# Written by `townline demo` at each start."]
    for name, values in (*((f"[{name}]", values) for name, values in sections.items()), ("[[gateways]]", gateway)):
        lines += ["", name, *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _last(file: Path) -> Config | None:
    """What a rehearsal in the same folder worked with before."""
    try:
        return load(file)
    except ConfigProblem:
        return None


def _free(addresses: list[tuple[str, bool]], first: int) -> int:
    """`first` if it is free on every address, otherwise one above it; True asks for UDP."""
    others = random.sample(range(first + 1, first + PORTS_TRIED), PORTS_TRIED - 1)
    for port in (first, *others):
        if all(_can_bind(address, port, udp=udp) for address, udp in addresses) and _claim(port):
            return port
    raise NoFreePort(f"no port from {first} to {first + PORTS_TRIED} is free")


_claims: dict[int, int] = {}  # the file that is locked for each port


def _claim(port: int) -> bool:
    """Whether no other rehearsal has chosen the port: it binds it seconds later, when its servers start.

    Held until this process ends, however it ends.
    """
    if port in _claims:
        return True
    name = f"townline-rehearsal-{os.getuid()}-{port}.lock"
    claim = os.open(Path(tempfile.gettempdir(), name), os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claim)
        return False
    _claims[port] = claim
    return True


def _can_bind(address: str, port: int, *, udp: bool) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as probe:
        if not udp:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
