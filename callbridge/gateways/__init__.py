"""SMS gateways, each behind the same door; `open_gateways` makes them from the configuration."""

from collections.abc import Sequence

from callbridge.gateways.aliyun import AliyunGateway
from callbridge.gateways.android import AndroidGateway
from callbridge.gateways.cloud_signatures import Key
from callbridge.gateways.door import (
    Gateway,
    GatewayHealth,
    GatewayReceipt,
    Hear,
    InboundSms,
    Report,
    SmsFate,
    SmsState,
    SmsStatus,
    Wording,
)
from callbridge.gateways.gammu import GammuGateway
from callbridge.gateways.http import HttpGateway
from callbridge.gateways.tencent import TencentGateway
from callbridge.secrets import Secrets
from callbridge.settings import (
    AliyunSettings,
    AndroidSettings,
    GammuSettings,
    GatewaySettings,
    HttpSettings,
    TencentSettings,
)

__all__ = [
    "AliyunGateway",
    "AndroidGateway",
    "GammuGateway",
    "Gateway",
    "GatewayHealth",
    "GatewayReceipt",
    "Hear",
    "HttpGateway",
    "InboundSms",
    "Report",
    "SmsFate",
    "SmsState",
    "SmsStatus",
    "TencentGateway",
    "Wording",
    "open_gateways",
]


def open_gateways(settings: Sequence[GatewaySettings], secrets: Secrets) -> dict[str, Gateway]:
    """The configured gateways by name, in the order of preference.

    What each needs beside its section are the secrets GATEWAY_<NAME>_…: USER and PASSWORD of an Android phone, KEY_ID
    and KEY_SECRET of a cloud vendor (without them it refuses every message); made when there is none: SIGNING of
    whoever signs callbacks, TOKEN of a cloud vendor, the end of the address that it reports to.
    """
    return {section.name: _opened(section, secrets) for section in settings}


def _opened(section: GatewaySettings, secrets: Secrets) -> Gateway:
    prefix = f"GATEWAY_{section.name.upper().replace('-', '_')}"
    match section:
        case AndroidSettings():
            return AndroidGateway(
                section,
                user=secrets.get(f"{prefix}_USER") or "",
                password=secrets.get(f"{prefix}_PASSWORD") or "",
                signing=secrets.get_or_make(f"{prefix}_SIGNING"),
            )
        case HttpSettings():
            return HttpGateway(section, signing=secrets.get_or_make(f"{prefix}_SIGNING"))
        case GammuSettings():
            return GammuGateway(section)
        case AliyunSettings():
            return AliyunGateway(section, key=_key(prefix, secrets), token=secrets.get_or_make(f"{prefix}_TOKEN"))
        case TencentSettings():
            return TencentGateway(section, key=_key(prefix, secrets), token=secrets.get_or_make(f"{prefix}_TOKEN"))


def _key(prefix: str, secrets: Secrets) -> Key:
    return Key(secrets.get(f"{prefix}_KEY_ID") or "", secrets.get(f"{prefix}_KEY_SECRET") or "")
