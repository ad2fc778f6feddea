"""The account of one operator's telephone, as a person types it into a softphone."""

from dataclasses import dataclass, field

from callbridge.errors import ExchangeProblem
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings


@dataclass(frozen=True, slots=True)
class PhoneAccount:
    server: str
    port: int
    user: str
    password: str = field(repr=False)
    transport: str = "udp"


def phone_account(settings: ExchangeSettings, secrets: Secrets, extension: str) -> PhoneAccount:
    """The account of `extension`. Raises ExchangeProblem when `exchange.extensions` does not have it."""
    if extension not in settings.extensions:
        known = ", ".join(settings.extensions)
        raise ExchangeProblem(f"exchange.extensions has no {extension} (it has {known}): add it and configure again")
    password = secrets.get_or_make(f"SIP_{extension}")
    return PhoneAccount(str(settings.sip_address), settings.sip_port, extension, password)
