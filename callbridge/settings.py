"""What the telephone side is told: the exchange, its trunk, speech and SMS gateways (sections of `config.toml`)."""

import re
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, field_validator, model_validator

from callbridge.emergency import is_emergency_service
from callbridge.outcomes import Causes


def matching(pattern: str, words: str) -> AfterValidator:
    """Refuses a text that is not wholly `pattern`, saying in `words` what would be right."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(check)


def _not_for_people_in_need(number: str) -> str:
    if is_emergency_service(number):
        raise ValueError("must not be an emergency service's number: only people dial those")
    return number


Slug = Annotated[str, matching(r"[a-z][a-z0-9-]{0,31}", "1 to 32 small letters, digits and dashes, a letter first")]
Extension = Annotated[str, matching(r"[0-9]{2,6}", "2 to 6 digits")]
Dialled = Annotated[str, matching(r"\+?[0-9]{2,20}", "2 to 20 digits, with or without a plus before them")]
CalledByRobot = Annotated[
    str,
    matching(r"(\+?[0-9]{2,20})?", "2 to 20 digits, with or without a plus before them, or nothing"),
    AfterValidator(_not_for_people_in_need),
]
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
    causes: tuple[str, ...] = ()
    test_number: CalledByRobot = ""

    @field_validator("causes")
    @classmethod
    def _causes_are_known(cls, written: tuple[str, ...]) -> tuple[str, ...]:
        Causes.read(written)
        return written

    def means(self) -> Causes:
        """What the causes of this trunk's calls mean."""
        return Causes.read(self.causes)

    @model_validator(mode="after")
    def _numbers_are_told_apart(self) -> Self:
        if both := set(self.numbers) & set(self.emergency_numbers):
            raise ValueError(f"{sorted(both)[0]} stands in numbers and in emergency_numbers; it can be only one")
        tested = [each for each in (*self.numbers, *self.emergency_numbers) if each[-8:] == self.test_number[-8:]]
        if tested and self.test_number:
            raise ValueError(f"test_number is the line's own number {tested[0]}; it must be one that nobody calls")
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
    emergency_seconds: Annotated[int, Field(ge=5, le=300)] = 25
    fallback_number: CalledByRobot = ""
    auto_answer: tuple[Extension, ...] = ()
    trunk: TrunkSettings = TrunkSettings()

    @model_validator(mode="after")
    def _parts_do_not_collide(self) -> Self:
        if self.trunk.address == self.sip_address and self.trunk.port == self.sip_port:
            raise ValueError("trunk.address must differ from sip_address: Asterisk tells the two apart by address")
        if self.rtp_ports[0] >= self.rtp_ports[1]:
            raise ValueError("rtp_ports must be [first, last] with first below last")
        if len(set(self.extensions)) != len(self.extensions):
            raise ValueError("extensions names one telephone twice")
        if strange := set(self.auto_answer) - set(self.extensions):
            raise ValueError(f"auto_answer names {sorted(strange)[0]}, which extensions does not have")
        return self


class SpeechSettings(Section):
    engine: Literal["espeak"] = "espeak"
    voice_zh: str = "cmn"
    voice_en: str = "en"
    cache: Path = Path("var/speech")


class _Gateway(Section):
    """`first_for`: beginnings of E.164 numbers, or whole ones, that go by this gateway before the others; `price`: of
    one part, in the centre's currency, 0 where nobody wants to be told.
    """

    name: Slug
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10
    first_for: tuple[Annotated[str, matching(r"\+[0-9]{1,15}", "a plus and digits, like +86138")], ...] = ()
    per_minute: Annotated[int, Field(ge=0, le=6000)] = 0
    price: Annotated[float, Field(ge=0, le=100)] = 0


class AndroidSettings(_Gateway):
    """An Android phone with the open SMS Gateway app."""

    kind: Literal["android"]
    url: HttpUrl
    sims: tuple[Annotated[int, Field(ge=1, le=4)], ...] = ()


class HttpSettings(_Gateway):
    """Anything that speaks the protocol of docs/sms-gateway-protocol.md."""

    kind: Literal["http"]
    url: HttpUrl


class GammuSettings(_Gateway):
    """A USB modem on this machine, through Debian's gammu-smsd (and libdbd-sqlite3)."""

    kind: Literal["gammu"]
    device: Annotated[str, matching(r"[^\s;]+", "a device like /dev/ttyUSB0, without spaces")]
    connection: Annotated[str, matching(r"[a-z0-9]+", "one of gammu's names for a connection, like at115200")] = "at"
    directory: Path = Path("var/gammu")


class TemplateSettings(Section):
    """A template that a cloud vendor has approved, for one of our texts in one language."""

    text: Annotated[str, matching(r"[a-z_.]{1,40}", "the key of one of our texts, like sms.offer")]
    language: Literal["zh", "en"] = "zh"
    code: Annotated[str, matching(r"[A-Za-z0-9_-]{1,40}", "the vendor's name of the template")]

    @property
    def wanted(self) -> tuple[str, ...]:
        """The values of the text that the template is filled with."""
        return ()


class AliyunTemplate(TemplateSettings):
    """`variables`: the template's variables, and which of the text's values each is."""

    variables: dict[str, str] = {}

    @property
    def wanted(self) -> tuple[str, ...]:
        return tuple(self.variables.values())


class TencentTemplate(TemplateSettings):
    """`variables`: which of the text's values stand at {1}, {2}, … of the template."""

    variables: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        return self.variables


class CloudSettings(_Gateway):
    """What the cloud vendors have in common."""

    url: HttpUrl
    sign_name: Annotated[str, matching(r".{2,40}", "the signature that the vendor has approved, 2 to 40 characters")]
    templates: tuple[TemplateSettings, ...] = ()

    @model_validator(mode="after")
    def _one_template_for_each_text(self) -> Self:
        texts = [(template.text, template.language) for template in self.templates]
        if twice := sorted({each for each in texts if texts.count(each) > 1}):
            raise ValueError(f"templates has two for {twice[0][0]} in {twice[0][1]}")
        return self


class AliyunSettings(CloudSettings):
    """Aliyun's cloud SMS (Dysmsapi)."""

    kind: Literal["aliyun"]
    url: HttpUrl = HttpUrl("https://dysmsapi.aliyuncs.com")
    templates: tuple[AliyunTemplate, ...] = ()


class TencentSettings(CloudSettings):
    """Tencent's cloud SMS."""

    kind: Literal["tencent"]
    url: HttpUrl = HttpUrl("https://sms.tencentcloudapi.com")
    region: Annotated[str, matching(r"[a-z0-9-]{2,32}", "a region of Tencent's, like ap-guangzhou")] = "ap-guangzhou"
    app_id: Annotated[str, matching(r"[0-9]{4,20}", "the application's SdkAppId, digits only")]
    templates: tuple[TencentTemplate, ...] = ()


GatewaySettings = Annotated[
    AndroidSettings | HttpSettings | GammuSettings | AliyunSettings | TencentSettings, Field(discriminator="kind")
]
GATEWAY_KINDS: dict[str, type[Section]] = {
    "android": AndroidSettings,
    "http": HttpSettings,
    "gammu": GammuSettings,
    "aliyun": AliyunSettings,
    "tencent": TencentSettings,
}
