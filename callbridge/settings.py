"""What the telephone side is told: the exchange, its trunk, speech and SMS gateways (sections of `config.toml`)."""

import re
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, model_validator


def matching(pattern: str, words: str) -> AfterValidator:
    """Refuses a text that is not wholly `pattern`, saying in `words` what would be right."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(check)


Slug = Annotated[str, matching(r"[a-z][a-z0-9-]{0,31}", "1 to 32 small letters, digits and dashes, a letter first")]
Extension = Annotated[str, matching(r"[0-9]{2,6}", "2 to 6 digits")]
Dialled = Annotated[str, matching(r"\+?[0-9]{2,20}", "2 to 20 digits, with or without a plus before them")]
Port = Annotated[int, Field(ge=1, le=65535)]


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"[A-Za-z0-9.-]+", host) or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("must be host:port, for example 127.0.0.3:5060")
    return value


class Section(BaseModel):
    """A section of the file: unknown keys are mistakes, values never change after start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TrunkSettings(Section):
    address: IPv4Address = IPv4Address("127.0.0.2")
    port: Port = 5060
    provider: Annotated[str, AfterValidator(_host_and_port)] = "127.0.0.3:5060"
    numbers: tuple[Dialled, ...] = ("02367000000",)
    emergency_numbers: tuple[Dialled, ...] = ("02367000120",)
    caller_id: Dialled = "02367000000"
    channels: Annotated[int, Field(ge=1, le=1000)] = 30

    @model_validator(mode="after")
    def _numbers_are_told_apart(self) -> Self:
        if both := set(self.numbers) & set(self.emergency_numbers):
            raise ValueError(f"{sorted(both)[0]} stands in numbers and in emergency_numbers; it can be only one")
        return self


class ExchangeSettings(Section):
    name: Slug = "main"
    root: Path = Path("var/pbx/root")
    directory: Path = Path("var/pbx/main")
    ami_address: IPv4Address = IPv4Address("127.0.0.1")
    ami_port: Port = 5038
    sip_address: IPv4Address = IPv4Address("127.0.0.1")
    sip_port: Port = 5060
    rtp_ports: tuple[Port, Port] = (10000, 11999)
    extensions: Annotated[tuple[Extension, ...], Field(min_length=1)] = ("801", "802", "803")
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 20
    queue_seconds: Annotated[int, Field(ge=10, le=7200)] = 600
    fallback_number: Dialled | Literal[""] = ""
    trunk: TrunkSettings = TrunkSettings()

    @model_validator(mode="after")
    def _parts_do_not_collide(self) -> Self:
        if self.trunk.address == self.sip_address and self.trunk.port == self.sip_port:
            raise ValueError("trunk.address must differ from sip_address: Asterisk tells the two apart by address")
        if self.rtp_ports[0] >= self.rtp_ports[1]:
            raise ValueError("rtp_ports must be [first, last] with first below last")
        if len(set(self.extensions)) != len(self.extensions):
            raise ValueError("extensions names one telephone twice")
        return self


class SpeechSettings(Section):
    engine: Literal["espeak"] = "espeak"
    voice_zh: str = "cmn"
    voice_en: str = "en"
    cache: Path = Path("var/speech")


class GatewaySettings(Section):
    name: Slug
    kind: Literal["android"]
    url: HttpUrl
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10
