"""One service, to be changed: its limits, and what proves a visit; what the service refuses is said beside them."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from console.ask.complaints import complaints
from console.ask.form import Field, Form, OneOf, Text
from console.desk import Desk
from console.errors import Refused
from console.keys import key
from console.messages import Told
from console.plain import plain
from console.room import Room
from dispatch.wire.people import ServiceView
from dispatch.wire.services import LONGEST_MINUTES, ServiceChange

_MINUTES = ("accept_minutes", "arrive_minutes", "finish_minutes")
_PROOFS = ("report", "word", "call")
FIELDS: tuple[Field, ...] = (
    *(Text(name, f"services.{name}", 5) for name in _MINUTES),
    OneOf("proof", "services.proof", "visit_proof", _PROOFS, narrow=True),
)
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")


class ServiceForm(Room[ServiceView | None]):
    """Answers the new version. What was typed stays until the service has taken it, or the form is left."""

    BINDINGS: ClassVar[list[BindingType]] = [key("ctrl+s", "save", "services.save", priority=True)]

    def __init__(self, desk: Desk, service: ServiceView) -> None:
        super().__init__(desk)
        self._service = service
        self._draft = f"service:{service.code}:{service.version}"
        self._said = ""
        desk.drafts.setdefault(self._draft, _as_typed(service))

    def furnish(self) -> ComposeResult:
        yield Static(classes="panel--title", markup=False)
        yield Static(id="rule-about", markup=False)
        with VerticalScroll(id="rule-form", can_focus=False):
            yield Form(self.desk, self._draft, FIELDS, says=True)
        yield Static(id="rule-said", markup=False)

    def on_mount(self) -> None:
        self.query_one("#field-accept_minutes").focus()

    def paint(self) -> None:
        speech, service = self.desk.speech, self._service
        author = plain(service.author, 40) or speech.say("rules.seeded")
        title = speech.say(
            "rules.form_title", rule=speech.service_name(service), number=service.version, author=author
        )
        self.query_one(".panel--title", Static).update(title)
        self.query_one("#rule-about", Static).update(speech.say("services.form_about"))
        self.query_one(Form).paint()
        self.query_one("#rule-said", Static).update(self._said)

    def action_leave(self) -> None:
        self.query_one(Form).forget()
        self.dismiss(None)

    @on(Form.Submitted)
    def action_save(self) -> None:
        form, before = self.query_one(Form), _as_typed(self._service)
        typed = {field.name: form.value(field.name).translate(_WIDE) for field in FIELDS}
        changed = {name: value for name, value in typed.items() if value != before[name]}
        wrong = {name: self._right() for name in _MINUTES if name in changed and not _is_minutes(changed[name])}
        self._said = "" if changed else self.desk.speech.say("rules.nothing_changed")
        form.complain(wrong)
        self.repaint()
        if changed and not wrong:
            self.give(self._save, ServiceChange.model_validate({"version": self._service.version, **changed}))

    def _right(self) -> str:
        return self.desk.speech.say("services.minutes_right", most=LONGEST_MINUTES)

    async def _save(self, change: ServiceChange) -> None:
        try:
            service = await self.desk.client.change_service(self._service.code, change)
        except Refused as refused:
            if not (wrong := complaints(refused.problem, self.desk.speech)):
                raise
            self.query_one(Form).complain(wrong)
            return
        self.desk.drafts.pop(self._draft, None)
        name = self.desk.speech.service_name(service)
        self.app.post_message(Told("told.rule_changed", rule=name, number=service.version))
        if self.is_attached:
            self.dismiss(service)


def _as_typed(service: ServiceView) -> dict[str, str]:
    return {field.name: str(getattr(service, field.name)) for field in FIELDS}


def _is_minutes(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= LONGEST_MINUTES
