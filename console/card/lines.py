"""Her telephone numbers and emergency buttons. One that is taken away ends; that it was hers is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import BindingType

from console.ask.form import Field, OneOf, Text
from console.card.record_form import Typed
from console.card.record_list import RecordList
from console.keys import key
from console.ledger import Column, Ledger, Row
from console.plain import plain, reading
from dispatch.wire.people import LineEntry, LineView, ResidentCard

_NUMBER = Text("number", "lines.number", 64)
_DEVICE = Text("device_id", "lines.device", 64)
_KIND = OneOf("kind", "lines.kind", "line", ("landline", "mobile", "button"))


class Lines(RecordList):
    """A call from one of them is hers; from a button it is an emergency."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("n", "add", "lines.add"),
        key("b", "add_button", "lines.add_button"),
        key("x", "take_away", "lines.take_away"),
    ]
    enter = "lines.change"
    asks = "lines"
    columns = (Column(18), Column(10), Column(10, share=1))

    def rows(self) -> list[Row]:
        return [self._row(line) for line in self.card.lines]

    def _row(self, line: LineView) -> Row:
        kind = self.desk.speech.word("line", line.kind)
        device = plain(line.device_id or "", 64)
        tone = "late" if is_button(line) else ""
        return Row(str(line.id), ((reading(line.number), "strong"), (kind, tone), (device, "quiet")))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "take_away":
            return bool(self.card.lines)
        return super().check_action(action, parameters)

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        self.ask(self.open, OneLine(int(event.row), (_NUMBER, _KIND, _DEVICE)))

    def action_add(self) -> None:
        self.ask(self.open, OneLine(None, (_NUMBER,)))

    def action_add_button(self) -> None:
        self.ask(self.open, OneLine(None, (_NUMBER, _DEVICE)))

    def action_take_away(self) -> None:
        line = next((each for each in self.card.lines if str(each.id) == self.marked), None)
        if line is not None:
            sure = "lines.sure_button" if is_button(line) else "lines.sure"
            others = [each for each in self.card.lines if each is not line]
            self.ask(self.take_away, sure, reading(line.number), _entries(others))


@dataclass(frozen=True, slots=True)
class OneLine:
    """The line of that id. Without one a new number, which is a button where its device is asked for."""

    id: int | None
    fields: Sequence[Field]

    @property
    def name(self) -> str:
        return f"line-{self.id or ('button' if self._is_new_button else 'new')}"

    @property
    def title(self) -> str:
        if self.id is not None:
            return "lines.change_title"
        return "lines.new_button" if self._is_new_button else "lines.new_title"

    @property
    def _is_new_button(self) -> bool:
        return self.id is None and _DEVICE in self.fields

    def typed(self, card: ResidentCard) -> dict[str, str] | None:
        if self.id is None:
            return {field.name: "" for field in self.fields}
        line = self._line(card)
        if line is None:
            return None
        return {"number": reading(line.number), "kind": line.kind, "device_id": plain(line.device_id or "", 64)}

    def wrong(self, card: ResidentCard, typed: Typed) -> dict[str, str]:
        """The service takes the same number given twice as one line: the second would undo what the first is."""
        if not typed["number"]:
            return {"number": "refused.required"}
        others = [line for line in card.lines if line.id != self.id]
        return {"number": "lines.hers_already"} if any(_is_it(typed["number"], line) for line in others) else {}

    def doubt(self, card: ResidentCard, typed: Typed) -> str:
        """Her button would be none any more."""
        line = self._line(card)
        if line is None or not is_button(line):
            return ""
        stays = typed["number"] == reading(line.number) and typed["kind"] == line.kind
        return "" if stays else "lines.sure_button"

    def change(self, card: ResidentCard, typed: Typed) -> dict[str, Any]:
        """Whether another number is a landline or a mobile the service tells; an unchanged one goes as it is kept."""
        line = self._line(card)
        same = line is not None and typed["number"] == reading(line.number)
        kind = "button" if self._is_new_button else typed.get("kind")
        if line is not None and not same and kind == line.kind != "button":
            kind = None
        entry = LineEntry.model_validate(
            {
                "number": line.number if same and line is not None else typed["number"],
                "kind": kind,
                "device_id": typed.get("device_id") or None,
            }
        )
        place = card.lines.index(line) if line is not None else len(card.lines)
        return _entries([*card.lines[:place], entry, *card.lines[place + 1 :]])

    def field_at(self, path: str) -> str:
        return path.rpartition(".")[2]

    def _line(self, card: ResidentCard) -> LineView | None:
        return next((line for line in card.lines if line.id == self.id), None)


def is_button(line: LineView) -> bool:
    return line.kind == "button" or line.device_id is not None


def _is_it(typed: str, line: LineView) -> bool:
    """Whether it is that line's number, in one of the ways in which people write it."""
    return _digits(typed) in (_digits(line.number), _digits(reading(line.number)))


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _entries(lines: Sequence[LineView | LineEntry]) -> dict[str, Any]:
    """The whole list, as it is sent."""
    return {"lines": [each.model_dump(include={"number", "kind", "device_id"}) for each in lines]}
