"""Registering a resident on the spot."""

from datetime import date
from typing import ClassVar, cast, get_args

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from console.ask.form import AnyOf, Form, OneOf, Text
from console.desk import Desk
from console.keys import key
from console.plain import reading
from console.room import Room
from dispatch.wire.people import NewResident, ResidentCard
from dispatch.wire.words import Gender, Group, Hearing, Sight

LIFT: dict[str, bool | None] = {"yes": True, "no": False, "unknown": None}  # as a form says it
_FIELDS = (
    Text("name", "register.name", 80),
    OneOf("gender", "register.gender", "gender", ("female", "male")),
    Text("born", "register.born", 10),
    Text("community", "register.community", 80),
    Text("building", "register.building", 20),
    Text("unit", "register.unit", 20),
    Text("door", "register.door", 20),
    OneOf("lift", "register.lift", "lift", ("unknown", "yes", "no")),
    Text("lock", "register.lock", 80),
    Text("dog", "register.dog", 80),
    Text("entrance_note", "register.entrance", 500),
    AnyOf("groups", "register.groups", "group", get_args(Group)),
    OneOf("hearing", "register.hearing", "hearing", get_args(Hearing)),
    OneOf("sight", "register.sight", "sight", get_args(Sight)),
    Text("allergies", "register.allergies", 2000),
    Text("medicines", "register.medicines", 2000),
    Text("health_note", "register.health", 2000),
    Text("consented_on", "register.consented_on", 10),
    Text("consented_by", "register.consented_by", 40),
)

_HEALTH = ("allergies", "medicines", "health_note")


class Register(Room[ResidentCard | None]):
    """Answers the card of the new resident. With a call, its line is remembered as hers."""

    BINDINGS: ClassVar[list[BindingType]] = [key("ctrl+s", "save", "register.save", priority=True)]

    def __init__(self, desk: Desk, call_id: int | None, number: str = "") -> None:
        super().__init__(desk)
        self._call_id = call_id
        self._number = number
        self._complaint = ""  # a message key

    def furnish(self) -> ComposeResult:
        yield Static(classes="panel--title", markup=False)
        with VerticalScroll(can_focus=False):
            yield Form(self.desk, f"register:{self._call_id}", _FIELDS)
        yield Static(id="register-said", markup=False)

    def paint(self) -> None:
        say = self.desk.speech.say
        number = reading(self._number)
        title = say("register.with_line", number=number) if number else say("register.title")
        self.query_one(".panel--title", Static).update(title)
        self.query_one("#register-said", Static).update(say(self._complaint) if self._complaint else "")
        self.query_one(Form).paint()

    @on(Form.Submitted)
    def action_save(self) -> None:
        form = self.query_one(Form)
        born, consented = day(form.value("born")), day(form.value("consented_on"))
        if not form.value("name"):
            self._complain("register.needs_name", "name")
        elif form.value("born") and born is None:
            self._complain("register.bad_day", "born")
        elif form.value("consented_on") and consented is None:
            self._complain("register.bad_consent", "consented_on")
        elif any(map(form.value, _HEALTH)) and consented is None:
            self._complain("register.needs_consent", "consented_on")
        else:
            self.give(self._save, form, born, consented)

    def _complain(self, key_: str, field: str) -> None:
        self._complaint = key_
        self.query_one(f"#field-{field}").focus()
        self.repaint()

    async def _save(self, form: Form, born: date | None, consented: date | None) -> None:
        resident = NewResident(
            name=form.value("name"),
            gender=cast("Gender", form.value("gender")),
            born=born,
            community=form.value("community"),
            building=form.value("building"),
            unit=form.value("unit"),
            door=form.value("door"),
            lift=LIFT[form.value("lift")],
            lock=form.value("lock"),
            dog=form.value("dog"),
            entrance_note=form.value("entrance_note"),
            allergies=form.value("allergies"),
            medicines=form.value("medicines"),
            health_note=form.value("health_note"),
            consented_on=consented,
            consented_by=form.value("consented_by"),
            hearing=cast("Hearing", form.value("hearing")),
            sight=cast("Sight", form.value("sight")),
            groups=cast("list[Group]", [group for group in form.value("groups").split(",") if group]),
            call_id=self._call_id,
        )
        card = await self.desk.client.register(resident)
        form.forget()
        if self.is_attached:
            self.dismiss(card)


def day(text: str) -> date | None:
    """`1944-03-12`, `1944/3/12`, `19440312`, or only the year (taken as its first of January)."""
    parts = text.replace("/", "-").replace(".", "-").split("-")
    if len(parts) == 1 and len(text) == 8:
        parts = [text[:4], text[4:6], text[6:]]
    if len(parts) == 1:
        parts += ["1", "1"]
    try:
        year, month, of_month = (int(part) for part in parts)
        return date(year, month, of_month)
    except ValueError:
        return None
