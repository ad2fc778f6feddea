"""The composition root: every part of the service is made and joined here, and nothing reaches for another by itself.

Making a house starts nothing: `dispatch.serve` does that.
"""

from dataclasses import dataclass, field
from datetime import datetime

from callbridge.bridge import Bridge
from callbridge.exchange import Exchange
from callbridge.gateways import Gateway, open_gateways
from callbridge.secrets import Secrets
from callbridge.speech import Speech
from dispatch import auditor, findings, lease
from dispatch.config import Config
from dispatch.daily_proof import DailyProof
from dispatch.database import open_centre
from dispatch.feed import Feed
from dispatch.intake import Intake
from dispatch.master_keys import open_vault
from dispatch.metrics import Metrics
from dispatch.mirror import Mirror
from dispatch.notify import Notifier
from dispatch.outbox import Sender
from dispatch.pulse import Pulse
from dispatch.replies import Replies
from dispatch.sealing import Sealer
from dispatch.switchboard import Switchboard
from dispatch.upkeep import Upkeep
from dispatch.ways import Route
from registry.numbers import NumberPlan
from registry.sealed import give_vault
from registry.store import Clock, Store
from registry.vault import Vault


@dataclass(eq=False, kw_only=True)
class House:
    """What the HTTP API and the running service are given."""

    config: Config
    secrets: Secrets
    store: Store
    centre_id: int
    epoch: str
    plan: NumberPlan
    vault: Vault
    gateways: dict[str, Gateway]
    replies: Replies
    speech: Speech
    feed: Feed
    metrics: Metrics
    switchboard: Switchboard
    upkeep: Upkeep
    daily_proof: DailyProof
    sealer: Sealer
    notifier: Notifier
    instance: str
    ticked_at: datetime | None = field(default=None)  # when the clocks were last looked at
    audited_at: datetime = field(init=False)  # when the auditor last looked, or was made
    pulse: Pulse = field(init=False)

    def __post_init__(self) -> None:
        self.audited_at = self.store.clock.now()
        self.pulse = Pulse(
            self.store,
            self.centre_id,
            self.config.exchange.name,
            self.notifier,
            lambda: self.ticked_at,
            lambda: self.switchboard.trouble,
        )

    def ticked(self) -> None:
        self.ticked_at = self.store.clock.now()

    def audit(self) -> None:
        """Looks for what should have moved and did not, and keeps it in sight."""
        findings.keep(self.store, self.centre_id, auditor.audit(self.store))
        self.audited_at = self.store.clock.now()


def open_house(config: Config, *, clock: Clock | None = None) -> House:
    """Everything of one installation: its database up to date and seeded, its secrets made, its parts joined.

    Raises Obstacle when the database cannot be used.
    """
    return furnish(config, *open_centre(config, clock=clock))


def furnish(config: Config, store: Store, centre_id: int, epoch: str) -> House:
    """The parts of a house on a database that is open already."""
    secrets = config.secret_store()
    instance = lease.own_name()
    plan = NumberPlan(config.centre.country, config.centre.area_code, config.centre.exchange_prefix)
    secrets.get_or_make("AMI")  # `townline pbx configure` gives it to the exchange, before or after this start
    vault = open_vault(secrets)
    give_vault(store, vault)
    gateways = open_gateways(config.gateways, secrets)
    exchange = Exchange(config.exchange, config.speech, secrets, language=config.centre.language)
    intake = Intake(store, centre_id, plan)

    def make_bridge() -> Bridge:
        return Bridge(config.exchange, secrets, exchange.speech, exchange.cel_path, store.clock.now)

    def make_sender(bridge: Bridge) -> Sender:
        own = config.exchange
        routes = {each.name: Route(first_for=each.first_for, per_minute=each.per_minute) for each in config.gateways}
        return Sender(
            store, gateways, bridge, instance, exchange=own.name, channels=own.trunk.channels, routes=routes
        )

    mirror = Mirror(store, centre_id, plan, config.exchange.name)
    switchboard = Switchboard(store, intake, config.exchange.name, instance, make_bridge, make_sender, mirror)
    feed = Feed(store, centre_id, epoch)
    metrics = Metrics(
        store,
        centre_id,
        linked=lambda: switchboard.link is not None and switchboard.link.up,
        clients=lambda: feed.clients,
    )
    feed.on_hand_out(metrics.lagged)
    store.on_write(metrics.wrote)
    return House(
        config=config,
        secrets=secrets,
        store=store,
        centre_id=centre_id,
        epoch=epoch,
        plan=plan,
        vault=vault,
        gateways=gateways,
        replies=Replies(centre_id, plan),
        speech=exchange.speech,
        feed=feed,
        metrics=metrics,
        switchboard=switchboard,
        upkeep=Upkeep(
            store,
            centre_id,
            config.exchange.name,
            exchange.places.recordings,
            exchange.places.sounds,
            exchange.speech,
            config.centre.language,
        ),
        daily_proof=DailyProof(store, centre_id, config.exchange.name, config.exchange.trunk.channels),
        sealer=Sealer(store),
        notifier=Notifier(),
        instance=instance,
    )
