"""One operator's desk: what every screen is given."""

from dataclasses import dataclass, field

from console.client import Client
from console.speech import Speech
from console.world import World
from dispatch.wire.people import ServiceView


@dataclass(kw_only=True)
class Desk:
    client: Client
    world: World
    speech: Speech
    services: list[ServiceView] = field(default_factory=list)
    # What was typed and not yet sent, by form and subject: it survives leaving the form and losing the service.
    drafts: dict[str, dict[str, str]] = field(default_factory=dict)

    def service(self, code: str) -> ServiceView | None:
        return next((service for service in self.services if service.code == code), None)
