"""A new case: one key for the service and it is open. What else is known can be typed before."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Input, Static

from console.ask.form import Form, Switches
from console.board.rows import short
from console.case.needs import FIELDS, BadTime, priority, understood, wanted
from console.desk import Desk
from console.keys import key
from console.ledger import Cell, Column, Ledger, Row
from console.messages import CaseOpened
from console.people import person, who
from console.plain import plain
from console.room import Room
from dispatch.wire.calls import CallLine
from dispatch.wire.cases import NewCase
from dispatch.wire.people import ResidentLine, ServiceView

_LETTERS = "abcdefghijklmnopqrsuvxyz"  # without w and t, which lead to the fields


class NewCaseScreen(Room[None]):
    """The services with their keypad digits; those without one have a letter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("1", "nothing", "new.digit", shown="1-9"),
        key("w", "words", "new.words"),
        key("tab", "app.focus_next", "new.next"),
    ]
    enter = "new.choose"

    def __init__(self, desk: Desk, *, call: CallLine | None, resident: ResidentLine | None) -> None:
        super().__init__(desk)
        self._call = call
        self.call_id = call.id if call is not None else None
        self._resident = resident
        self._bad_time = False

    def furnish(self) -> ComposeResult:
        yield Static(classes="panel--title", markup=False)
        with Vertical(id="new-case"):
            yield Static(id="new-open", markup=False)
            yield Ledger([Column(1), Column(16, share=1), Column(8), Column(22, share=2)], id="new-services")
            yield Static(id="new-questions", markup=False)
            subject = self._call.id if self._call is not None else f"r{self._resident.id if self._resident else 0}"
            yield Form(self.desk, f"case:{subject}", FIELDS, submit_anywhere=True)
            yield Static(id="new-said", markup=False)

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()

    @property
    def _keyed(self) -> list[tuple[str, ServiceView]]:
        """Every service with the key that opens it."""
        letters = iter(_LETTERS)
        return [(service.keypad_digit or next(letters, ""), service) for service in self.desk.services]

    def paint(self) -> None:
        speech, ledger, form = self.desk.speech, self.query_one(Ledger), self.query_one(Form)
        self.query_one(".panel--title", Static).update(self._title())
        rows = [self._row(letter, service) for letter, service in self._keyed]
        ledger.show(rows, speech.say("new.no_services"))
        current = self.desk.service(ledger.current or "")
        questions = "\n".join(f"? {question}" for question in (speech.questions(current) if current else []))
        self.query_one("#new-questions", Static).update(questions)
        self.query_one("#new-open", Static).update(self._already_open())
        said = speech.say("case.bad_time") if self._bad_time else understood(form, self.desk)
        self.query_one("#new-said", Static).update(said)
        form.paint()

    def _already_open(self) -> str:
        """What is open for her, so that a reminder does not become a second case."""
        cases = self.desk.world.cases_of(self._resident.id) if self._resident is not None else []
        if not cases:
            return ""
        speech = self.desk.speech
        listed = "  ".join(
            f"{short(case.number)} {speech.service(case)} {speech.word('case', case.state)}" for case in cases
        )
        return speech.say("new.already_open", cases=listed)

    def _title(self) -> str:
        speech = self.desk.speech
        if self._resident is not None:
            about = f"{person(self._resident, speech)}  {plain(self._resident.address)}"
        else:
            about = who(self._call, speech) if self._call is not None else speech.say("card.nobody")
        return speech.say("new.title", who=about)

    def _row(self, letter: str, service: ServiceView) -> Row:
        speech = self.desk.speech
        if service.needs_visit:
            kinds = " ".join(speech.word("merchant", kind) for kind in service.merchant_kinds)
            minutes = speech.say("new.minutes", accept=service.accept_minutes, arrive=service.arrive_minutes)
            detail = f"{kinds}  {minutes}"
        else:
            detail = speech.say("new.no_visit")
        urgency = speech.word("priority", service.priority)
        tone = {"emergency": "late", "urgent": "warn"}.get(service.priority, "quiet")
        cells: tuple[Cell, ...] = (
            (letter, "strong"),
            speech.service_name(service),
            (urgency, tone),
            (detail, "quiet"),
        )
        return Row(service.code, cells)

    def on_key(self, event: Key) -> None:
        if isinstance(self.focused, Input | Switches) or not event.character:
            return
        service = next((each for letter, each in self._keyed if letter and letter == event.character), None)
        if service is not None:
            event.stop()
            self._open(service)

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        if (service := self.desk.service(event.row)) is not None:
            self._open(service)

    def on_ledger_moved(self) -> None:
        self.repaint()

    def on_form_submitted(self) -> None:
        """Back to the services: the next key opens the case."""
        self.query_one(Ledger).focus()
        self.repaint()

    def on_input_changed(self) -> None:
        self._bad_time = False

    def action_words(self) -> None:
        self.query_one("#field-words").focus()

    def _open(self, service: ServiceView) -> None:
        form = self.query_one(Form)
        try:
            when = wanted(form, self.desk)
        except BadTime:
            self._bad_time = True
            self.query_one("#field-wanted").focus()
            self.repaint()
            return
        new = NewCase(
            call_id=self._call.id if self._call is not None else None,
            resident_id=self._resident.id if self._resident is not None else None,
            service=service.code,
            words=form.value("words"),
            priority=priority(form),
            wanted_at=when,
            place=form.value("place") or None,
        )
        self.give(self._opened, new, service, form)

    async def _opened(self, new: NewCase, service: ServiceView, form: Form) -> None:
        case = await self.desk.client.open_case(new)
        form.forget()
        self.desk.world.put_case(case)
        self.app.post_message(CaseOpened(case.number, needs_visit=service.needs_visit))
