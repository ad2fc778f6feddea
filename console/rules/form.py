"""One rule, to be changed: its values as fields, what the service refuses said beside them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from console.ask.complaints import complaints
from console.ask.form import Form
from console.desk import Desk
from console.errors import Refused
from console.keys import key
from console.messages import Told
from console.plain import plain
from console.room import Room
from console.rules import fields
from dispatch.wire.rules import RuleChange, RuleView


class RuleForm(Room[RuleView | None]):
    """Answers the new version. What was typed stays until the service has taken it, or the form is left."""

    BINDINGS: ClassVar[list[BindingType]] = [key("ctrl+s", "save", "rules.save", priority=True)]

    def __init__(self, desk: Desk, rule: RuleView, begin: str = "") -> None:
        """`begin`: how the name of the field begins at which the cursor stands at first."""
        super().__init__(desk)
        self._rule = rule
        self._begin = begin
        self._fields = fields.fields_of(rule.kind, rule.body)
        self._draft = f"rule:{rule.kind}:{rule.version}"
        self._said = ""
        desk.drafts.setdefault(self._draft, fields.as_typed(rule.body))

    def furnish(self) -> ComposeResult:
        yield Static(classes="panel--title", markup=False)
        yield Static(id="rule-about", markup=False)
        with VerticalScroll(id="rule-form", can_focus=False):
            yield Form(self.desk, self._draft, self._fields, says=True)
        yield Static(id="rule-said", markup=False)

    def on_mount(self) -> None:
        first = next((each for each in self._fields if each.name.startswith(self._begin)), self._fields[0])
        self.query_one(f"#field-{first.name}").focus()

    def paint(self) -> None:
        speech, rule = self.desk.speech, self._rule
        author = plain(rule.author, 40) or speech.say("rules.seeded")
        name = speech.word("rule_kind", rule.kind)
        title = speech.say("rules.form_title", rule=name, number=rule.version, author=author)
        self.query_one(".panel--title", Static).update(title)
        about = f"rule.{rule.kind}.about"
        self.query_one("#rule-about", Static).update(speech.say(about) if speech.knows(about) else "")
        self.query_one(Form).paint()
        self.query_one("#rule-said", Static).update(self._said)

    def action_leave(self) -> None:
        self.query_one(Form).forget()
        self.dismiss(None)

    @on(Form.Submitted)
    def action_save(self) -> None:
        form = self.query_one(Form)
        typed = {field.name: form.value(field.name) for field in self._fields}
        body = fields.changed(self._rule.body, typed)
        self._complain({}, typed)
        if body:
            self.give(self._save, body, typed)
        else:
            self._said = self.desk.speech.say("rules.nothing_changed")
            self.repaint()

    async def _save(self, body: dict[str, Any], typed: Mapping[str, str]) -> None:
        change = RuleChange(version=self._rule.version, body=body)
        try:
            rule = await self.desk.client.change_rule(self._rule.kind, change)
        except Refused as refused:
            if not (wrong := complaints(refused.problem, self.desk.speech)):
                raise
            self._complain(wrong, typed)
            return
        self.desk.drafts.pop(self._draft, None)
        name = self.desk.speech.word("rule_kind", rule.kind)
        self.app.post_message(Told("told.rule_changed", rule=name, number=rule.version))
        if self.is_attached:
            self.dismiss(rule)

    def _complain(self, wrong: Mapping[str, str], typed: Mapping[str, str]) -> None:
        """Each at its field; what belongs to none stands below them."""
        at_fields = {fields.field_at(path, typed): said for path, said in wrong.items() if path}
        known = {field.name for field in self._fields}
        rest = [said for field, said in at_fields.items() if field not in known]
        self._said = "  ".join(filter(None, (*rest, wrong.get("", ""))))
        self.query_one(Form).complain({field: said for field, said in at_fields.items() if field in known})
        self.repaint()
