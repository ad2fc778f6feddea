"""The centre's rules: which are in force, since when and by whom; how each became what it is."""

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from console import times
from console.board.panel import Panel
from console.desk import Desk
from console.keys import key
from console.ledger import Cell, Column, Ledger, Row
from console.plain import plain
from console.room import Room
from console.rules import fields
from console.rules.form import RuleForm
from console.speech import Speech
from dispatch.wire.rules import RuleView

_RULES = (Column(16, share=1), Column(8, right=True), Column(12, share=1), Column(11))
_VERSIONS = (Column(8, right=True), Column(11), Column(10), Column(30, share=1))


class RulesScreen(Room[None]):
    """Enter opens the rule under the cursor for changing."""

    BINDINGS: ClassVar[list[BindingType]] = [key("tab", "app.focus_next", "rules.next")]
    enter = "rules.open"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rules: list[RuleView] | None = None
        self._versions: dict[str, list[RuleView]] = {}

    @property
    def may_be_left(self) -> bool:
        return True

    @property
    def rule(self) -> RuleView | None:
        """The one under the cursor."""
        row = self.query_one("#rules", Panel).ledger.current
        return next((rule for rule in self._rules or [] if rule.kind == row), None)

    def furnish(self) -> ComposeResult:
        with Container(id="rules-of-centre"):
            yield Panel(_RULES, id="rules")
            yield Panel(_VERSIONS, id="rule-versions")

    def on_mount(self) -> None:
        self.query_one("#rules", Panel).ledger.focus()
        self.load(self._open)

    async def _open(self) -> None:
        self._rules = await self.desk.client.rules()
        self.repaint()
        await self._read_versions()

    async def _read_versions(self) -> None:
        if (rule := self.rule) is not None and rule.kind not in self._versions:
            self._versions[rule.kind] = await self.desk.client.rule_versions(rule.kind)
            self.repaint()

    def paint(self) -> None:
        speech, rule = self.desk.speech, self.rule
        self.query_one("#rules", Panel).show(
            speech.say("rules.title"),
            [self._rule_row(each) for each in self._rules or []],
            speech.say("rules.reading" if self._rules is None else "rules.nothing"),
        )
        versions = self._versions.get(rule.kind, []) if rule is not None else []
        before = (*versions[1:], None)
        self.query_one("#rule-versions", Panel).show(
            speech.say("rules.versions", rule=name_of(rule.kind, speech) if rule is not None else ""),
            [self._version_row(each, earlier) for each, earlier in zip(versions, before, strict=False)],
            speech.say("rules.reading"),
        )

    def _rule_row(self, rule: RuleView) -> Row:
        return Row(
            rule.kind,
            (
                (name_of(rule.kind, self.desk.speech), "strong"),
                self.desk.speech.say("rules.version", number=rule.version),
                self._author(rule),
                (self._since(rule), "quiet"),
            ),
        )

    def _version_row(self, rule: RuleView, before: RuleView | None) -> Row:
        cells: tuple[Cell, ...] = (
            self.desk.speech.say("rules.version", number=rule.version),
            (self._since(rule), "quiet"),
            self._author(rule),
            what_changed(rule, before, self.desk.speech),
        )
        return Row(str(rule.version), cells)

    def _author(self, rule: RuleView) -> str:
        return plain(rule.author, 40) or self.desk.speech.say("rules.seeded")

    def _since(self, rule: RuleView) -> str:
        return times.day_and_hour(rule.valid_from, self.desk.world.zone, self.desk.world.now())

    @on(Ledger.Moved, "#rules-rows")
    def _other_rule(self) -> None:
        self.repaint()
        self.load(self._read_versions)

    @on(Ledger.Chosen, "#rules-rows")
    def _rule_chosen(self) -> None:
        if (rule := self.rule) is not None:
            self.app.push_screen(RuleForm(self.desk, rule), self._changed)

    def _changed(self, rule: RuleView | None) -> None:
        if rule is not None:
            self._rules = [rule if each.kind == rule.kind else each for each in self._rules or []]
            self._versions.pop(rule.kind, None)
            self.load(self._open)


def name_of(kind: str, speech: Speech) -> str:
    return speech.word("rule_kind", kind)


def what_changed(rule: RuleView, before: RuleView | None, speech: Speech) -> str:
    """Each value that is another one, old and new; nothing of the first version."""
    if before is None:
        return ""
    now, then = fields.as_typed(rule.body), fields.as_typed(before.body)
    found = [
        f"{_label(rule.kind, name, speech)} {_short(name, then, speech)} > {_short(name, now, speech)}"
        for name in dict.fromkeys([*now, *then])
        if now.get(name) != then.get(name)
    ]
    return plain("; ".join(found), 400)


def _label(kind: str, name: str, speech: Speech) -> str:
    """静音从; 第 2 级 等几秒."""
    step, _, of_step = name.removeprefix(f"{fields.STEPS}-").partition("-")
    if not (name.startswith(f"{fields.STEPS}-") and step.isdigit()):
        return speech.say(f"rule.{kind}.{name}", number=0)
    label = f"rule.{kind}.{fields.STEPS}"
    numbered = speech.say(f"{label}.{fields.WHO}", number=int(step) + 1)
    return numbered if of_step == fields.WHO else f"{numbered} {speech.say(f'{label}.{of_step}', number=0)}"


def _short(name: str, values: Mapping[str, str], speech: Speech) -> str:
    value = values.get(name, "")
    if name.endswith(f"-{fields.WHO}"):
        value = speech.word("rung", value)
    return plain(value, 60) or "-"
