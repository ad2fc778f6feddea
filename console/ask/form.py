"""Labelled fields that keep what was typed: leaving the form, an error or an outage loses nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from console.desk import Desk
from console.keys import digit, digit_of, key


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text. `label` is a message key, which may count (`{number}`); `<label>.hint` says what it is for."""

    name: str
    label: str
    longest: int = 200
    number: int = 0


@dataclass(frozen=True, slots=True)
class OneOf:
    """One word of several, changed with left and right. `words` is the prefix of their message keys. `narrow`: only
    the one that is on is shown.
    """

    name: str
    label: str
    words: str
    values: tuple[str, ...]
    number: int = 0
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any number of words, each switched on and off by its digit."""

    name: str
    label: str
    words: str
    values: tuple[str, ...]
    number: int = 0


Field = Text | OneOf | AnyOf


class Switches(Static, can_focus=True):
    """The field of a OneOf or AnyOf. Its value is the words that are on, separated by commas."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("left", "turn(-1)", "form.left", show=False),
        key("right,space", "turn(1)", "form.right", show=False),
    ]

    class Changed(Message):
        """Another value."""

    def __init__(self, desk: Desk, field: OneOf | AnyOf, value: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._desk = desk
        self._field = field
        self.value = value

    def paint(self) -> None:
        word, on = self._desk.speech.word, self.value.split(",")
        parts: list[str | tuple[str, str]] = []
        if isinstance(self._field, OneOf) and self._field.narrow:
            shown = word(self._field.words, self.value)
            self.update(Content.assemble("< ", (f" {shown} ", "bold $text on $primary"), " >"))
            return
        for index, value in enumerate(self._field.values):
            style = "bold $text on $primary" if value in on else "$text-muted"
            digits = f"{digit_of(index)} " if isinstance(self._field, AnyOf) else ""
            parts += [(f" {digits}{word(self._field.words, value)} ", style), " "]
        self.update(Content.assemble(*parts))

    def action_turn(self, by: int) -> None:
        if isinstance(self._field, OneOf):
            values = self._field.values
            here = values.index(self.value) if self.value in values else 0
            self._set(values[(here + by) % len(values)])

    def on_key(self, event: Key) -> None:
        index = digit(event)
        if index is None or index >= len(self._field.values):
            return
        event.stop()
        value = self._field.values[index]
        if isinstance(self._field, OneOf):
            self._set(value)
            return
        on = set(filter(None, self.value.split(","))) ^ {value}
        self._set(",".join(each for each in self._field.values if each in on))

    def _set(self, value: str) -> None:
        self.value = value
        self.paint()
        self.post_message(self.Changed())


class Form(Widget):
    """The fields below one another. What stands in them is the desk's draft of that name until it is `forget`ted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("down", "app.focus_next", "form.down", show=False),
        key("up", "app.focus_previous", "form.up", show=False),
    ]

    class Submitted(Message):
        """Enter, where it leads to no further field."""

    def __init__(
        self,
        desk: Desk,
        draft: str,
        fields: Sequence[Field],
        *,
        submit_anywhere: bool = False,
        says: bool = False,
    ) -> None:
        """`submit_anywhere`: Enter submits from every field, else it leads to the next one. `says`: beside each field
        stands what it is for, or what is wrong with it; else the hint stands in the empty field.
        """
        super().__init__(classes="-says" if says else "")
        self._submit_anywhere = submit_anywhere
        self._says = says
        self._wrong: dict[str, str] = {}
        self._desk = desk
        self._draft = draft
        self._fields = tuple(fields)

    def compose(self) -> ComposeResult:
        kept = self._desk.drafts.setdefault(self._draft, {})
        for field in self._fields:
            yield Static(classes="form--label", markup=False)
            value = kept.get(field.name, "")
            if isinstance(field, Text):
                yield Input(value, max_length=field.longest, select_on_focus=False, id=f"field-{field.name}")
            else:
                yield Switches(self._desk, field, value or _first(field), id=f"field-{field.name}")
            if self._says:
                yield Static(classes="form--said", markup=False)

    def paint(self) -> None:
        speech = self._desk.speech
        for label, field in zip(self.query(".form--label").results(Static), self._fields, strict=True):
            label.update(speech.say(field.label, number=field.number))
            hint = f"{field.label}.hint"
            if isinstance(field, Text) and not self._says:
                said = speech.say(hint) if speech.knows(hint) else ""
                self.query_one(f"#field-{field.name}", Input).placeholder = said
        for said_of, field in zip(self.query(".form--said").results(Static), self._fields, strict=False):
            hint, wrong = f"{field.label}.hint", self._wrong.get(field.name, "")
            said_of.set_class(bool(wrong), "-wrong")
            said_of.update(wrong or (speech.say(hint) if speech.knows(hint) else ""))
        for switches in self.query(Switches):
            switches.paint()

    def complain(self, wrong: Mapping[str, str]) -> None:
        """Says beside the fields what is wrong with them, and goes to the first; an empty mapping takes it back."""
        self._wrong = dict(wrong)
        self.paint()
        if first := next((field for field in self._fields if field.name in wrong), None):
            self.query_one(f"#field-{first.name}").focus()

    def value(self, name: str) -> str:
        """What stands in the field, without the spaces around it."""
        return self.query_one(f"#field-{name}", Input | Switches).value.strip()  # type: ignore[arg-type]

    def put(self, name: str, value: str) -> None:
        """Another value in the field, in the place of what stands there."""
        field = self.query_one(f"#field-{name}", Input | Switches)  # type: ignore[arg-type]
        field.value = value
        self._keep(name, value)
        self.paint()

    def forget(self) -> None:
        """It was sent: the next form begins empty."""
        self._desk.drafts.pop(self._draft, None)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._keep(event.input.id, event.value)

    def on_switches_changed(self) -> None:
        for switches in self.query(Switches):
            self._keep(switches.id, switches.value)

    def _keep(self, field: str | None, value: str) -> None:
        self._desk.drafts.setdefault(self._draft, {})[(field or "").removeprefix("field-")] = value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._submit_anywhere or event.input.id == f"field-{self._fields[-1].name}":
            self.post_message(self.Submitted())
        else:
            self.screen.focus_next()


def _first(field: OneOf | AnyOf) -> str:
    return field.values[0] if isinstance(field, OneOf) else ""
