"""Changing what is known of a need."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.ask.form import Form, OneOf
from console.case.needs import FIELDS, SERVICE, BadTime, priority, understood, wanted
from console.desk import Desk
from console.keys import key
from console.room import Question
from dispatch.wire.cases import CaseCard, CaseChange, CaseLine

ANSWERS = ("no", "yes")
COMPLEX = OneOf("complex", "case.complex", "answer_yes", ANSWERS)  # asked where working days are the limit


class Edit(Question[CaseCard | None]):
    """Answers the changed case; what was typed stays until the service has taken it."""

    BINDINGS: ClassVar[list[BindingType]] = [key("ctrl+s", "save", "edit.save", priority=True)]

    def __init__(self, desk: Desk, case: CaseLine) -> None:
        super().__init__(desk)
        self._case = case
        self._draft = f"edit:{case.number}"
        self._fields = (*FIELDS, COMPLEX) if case.due_at is not None else FIELDS
        self._bad_time = False
        desk.drafts.setdefault(
            self._draft,
            {"words": case.words, "priority": case.priority, "place": "", "wanted": _as_typed(case, desk)}
            | {"complex": ANSWERS[case.complex]},
        )

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Form(self.desk, self._draft, self._fields)
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one("#field-words").focus()

    def paint(self) -> None:
        say, form = self.desk.speech.say, self.query_one(Form)
        self.query_one(".question--title", Static).update(say("edit.title", number=self._case.number))
        form.paint()
        said = say("case.bad_time") if self._bad_time else understood(form, self.desk)
        self.query_one(".question--hint", Static).update(said)

    def on_input_changed(self) -> None:
        self._bad_time = False

    def action_leave(self) -> None:
        self.query_one(Form).forget()
        self.dismiss(None)

    @on(Form.Submitted)
    def action_save(self) -> None:
        form, case = self.query_one(Form), self._case
        changes: dict[str, object] = {}
        if form.value("words") != case.words:
            changes["words"] = form.value("words")
        if form.value("priority") not in (case.priority, SERVICE):
            changes["priority"] = priority(form)
        if place := form.value("place"):
            changes["place"] = place
        if COMPLEX in self._fields and form.value("complex") != ANSWERS[case.complex]:
            changes["complex"] = not case.complex
        if form.value("wanted") != _as_typed(case, self.desk):
            try:
                changes["wanted_at"] = wanted(form, self.desk)
            except BadTime:
                self._bad_time = True
                self.query_one("#field-wanted").focus()
                self.repaint()
                return
        if changes:
            self.give(self._save, CaseChange.model_validate({"version": case.version, **changes}), form)
        else:
            self.action_leave()

    async def _save(self, change: CaseChange, form: Form) -> None:
        case = await self.desk.client.change_case(self._case.number, change)
        self.desk.world.put_case(case)
        form.forget()
        if self.is_attached:
            self.dismiss(case)


def _as_typed(case: CaseLine, desk: Desk) -> str:
    if case.wanted_at is None:
        return ""
    return case.wanted_at.astimezone(desk.world.zone).strftime("%Y-%m-%d %H:%M")
