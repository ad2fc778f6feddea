"""What the centre offers, and how: the services with their limits, their proof, and how their cases are offered."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from console import times
from console.board.panel import Panel
from console.desk import Desk
from console.keys import key
from console.ledger import Cell, Column, Ledger, Row
from console.plain import plain
from console.room import Room
from console.rules.form import RuleForm
from console.rules.service import ServiceForm
from dispatch.wire.people import ServiceView
from dispatch.wire.rules import RuleView

_COLUMNS = (
    Column(1),
    Column(12, share=2),
    Column(6),
    Column(16),
    Column(12, share=1),
    Column(8, share=1),
    Column(8, right=True),
    Column(20, share=3, from_width=130),
)
_POLICIES = "policies"


class ServicesScreen(Room[None]):
    """Enter opens the service under the cursor for changing, another key how its cases are offered."""

    BINDINGS: ClassVar[list[BindingType]] = [key("p", "policy", "services.policy")]
    enter = "services.open"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._services: list[ServiceView] | None = None
        self._policies: RuleView | None = None

    @property
    def may_be_left(self) -> bool:
        return True

    @property
    def service(self) -> ServiceView | None:
        """The one under the cursor."""
        row = self.query_one("#services", Panel).ledger.current
        return next((each for each in self._services or [] if each.code == row), None)

    def furnish(self) -> ComposeResult:
        with Container(id="services-of-centre"):
            yield Panel(_COLUMNS, id="services")
            yield Static(id="service-about", markup=False)

    def on_mount(self) -> None:
        self.query_one("#services", Panel).ledger.focus()
        self.load(self._open)

    async def _open(self) -> None:
        """The desk's own services are these: a case is opened with what stands here."""
        client = self.desk.client
        rules = {rule.kind: rule for rule in await client.rules()}
        self._policies = rules.get(_POLICIES)
        self._services = self.desk.services = await client.services()
        self.repaint()

    def paint(self) -> None:
        say = self.desk.speech.say
        rows = [self._row(each) for each in self._services or []]
        self.query_one("#services", Panel).show(say("services.title"), rows, say("rules.reading"))
        self.query_one("#service-about", Static).update(self._about())
        self.refresh_bindings()

    def _row(self, service: ServiceView) -> Row:
        speech = self.desk.speech
        limits = (service.accept_minutes, service.arrive_minutes, service.finish_minutes)
        priority = (speech.word("priority", service.priority), "" if service.priority == "routine" else "warn")
        cells: tuple[Cell, ...] = (
            (service.keypad_digit or "", "strong"),
            (speech.service_name(service), "strong"),
            priority,
            " / ".join(map(str, limits)) if service.needs_visit else "",
            self._way(service),
            speech.word("visit_proof", service.proof) if service.needs_visit else "",
            (speech.say("rules.version", number=service.version), "quiet"),
            (" ".join(speech.word("merchant", kind) for kind in service.merchant_kinds), "quiet"),
        )
        return Row(service.code, cells)

    def _way(self, service: ServiceView) -> str:
        """How its cases are offered; empty where nobody is sent out, or the rule does not name it."""
        policy = self._policies.body.get(service.code) if self._policies is not None else None
        if not service.needs_visit or not isinstance(policy, dict):
            return ""
        way = self.desk.speech.word("way", str(policy.get("way")))
        if policy.get("way") == "race":
            return self.desk.speech.say("way.at_once", way=way, count=policy.get("at_once", 1))
        return way

    def _about(self) -> str:
        """Of the service under the cursor: whose change its version is, and until when somebody has to answer."""
        service, speech, world = self.service, self.desk.speech, self.desk.world
        if service is None:
            return ""
        author = plain(service.author, 40) or speech.say("rules.seeded")
        since = times.day_and_hour(service.valid_from, world.zone, world.now()) if service.valid_from else ""
        said = speech.say(
            "services.about", service=speech.service_name(service), number=service.version, author=author, since=since
        )
        policy = self._policies.body.get(service.code) if self._policies is not None else None
        if not isinstance(policy, dict):
            return said
        return f"{said}\n{speech.say('services.to_answer', **policy)}"

    def on_ledger_moved(self) -> None:
        self.repaint()

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        if (service := self.service) is not None and service.code == event.row:
            self.app.push_screen(ServiceForm(self.desk, service), self._changed)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "policy":
            service = self.service if self.is_mounted else None
            rule = self._policies
            return service is not None and rule is not None and service.code in rule.body
        return super().check_action(action, parameters)

    def action_policy(self) -> None:
        if (service := self.service) is not None and self._policies is not None:
            form = RuleForm(self.desk, self._policies, begin=f"{service.code}-")
            self.app.push_screen(form, self._changed)

    def _changed(self, changed: ServiceView | RuleView | None) -> None:
        if changed is not None:
            self.load(self._open)
