"""SMS gateways, each behind the same door; `open_gateways` makes them from the configuration."""

from collections.abc import Sequence

from callbridge.gateways.android import AndroidGateway
from callbridge.gateways.door import (
    Gateway,
    GatewayHealth,
    GatewayReceipt,
    InboundSms,
    SmsFate,
    SmsState,
    SmsStatus,
)
from callbridge.secrets import Secrets
from callbridge.settings import GatewaySettings

__all__ = [
    "AndroidGateway",
    "Gateway",
    "GatewayHealth",
    "GatewayReceipt",
    "InboundSms",
    "SmsFate",
    "SmsState",
    "SmsStatus",
    "open_gateways",
]


def open_gateways(settings: Sequence[GatewaySettings], secrets: Secrets) -> dict[str, Gateway]:
    """The configured gateways by name, in the order of preference.

    User and password are the secrets GATEWAY_<NAME>_USER and GATEWAY_<NAME>_PASSWORD (a gateway without them refuses
    every message); GATEWAY_<NAME>_SIGNING, which signs its callbacks, is made when there is none and given to the
    gateway when we register with it.
    """
    gateways: dict[str, Gateway] = {}
    for section in settings:
        prefix = f"GATEWAY_{section.name.upper().replace('-', '_')}"
        gateways[section.name] = AndroidGateway(
            section,
            user=secrets.get(f"{prefix}_USER") or "",
            password=secrets.get(f"{prefix}_PASSWORD") or "",
            signing=secrets.get_or_make(f"{prefix}_SIGNING"),
        )
    return gateways
