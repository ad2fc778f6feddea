"""Whom one calls about her: in which order, who has the key, when they can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import BindingType

from console.ask.form import OneOf, Text
from console.card.record_form import Typed
from console.card.record_list import RecordList
from console.keys import key
from console.ledger import Column, Ledger, Row
from console.people import contact_text
from console.plain import plain, reading
from dispatch.wire.people import ContactEntry, ContactView, ResidentCard

_FIELDS = (
    Text("name", "contacts.name", 80),
    Text("relation", "contacts.relation", 40),
    Text("number", "contacts.number", 64),
    OneOf("has_key", "contacts.has_key", "answer_yes", ("no", "yes")),
    Text("note", "contacts.note", 200),
)
_NOBODY = {"name": "", "relation": "", "number": "", "has_key": "no", "note": ""}


class Contacts(RecordList):
    """In the order in which they are called."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("n", "add", "contacts.add"),
        key("u", "move(-1)", "contacts.up"),
        key("d", "move(1)", "contacts.down"),
        key("x", "take_away", "contacts.take_away"),
    ]
    enter = "contacts.change"
    asks = "contacts"
    columns = (
        Column(2, right=True),
        Column(12, share=2),
        Column(8, share=1),
        Column(13),
        Column(9),
        Column(8, share=3),
    )

    def rows(self) -> list[Row]:
        return [self._row(place, contact) for place, contact in enumerate(in_order(self.card), 1)]

    def _row(self, place: int, contact: ContactView) -> Row:
        has_key = self.desk.speech.say("card.has_key") if contact.has_key else ""
        who = plain(contact.name, 80), plain(contact.relation, 40), reading(contact.number)
        cells = (str(place), (who[0], "strong"), *who[1:], (has_key, "good"), (plain(contact.note, 200), "quiet"))
        return Row(str(contact.id), cells)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        place, last = self._place, len(self.card.contacts) - 1
        match action:
            case "move":
                return place is not None and (place > 0 if parameters == (-1,) else place < last)
            case "take_away":
                return place is not None
            case _:
                return super().check_action(action, parameters)

    @property
    def _place(self) -> int | None:
        """Of the contact under the cursor."""
        found = [place for place, contact in enumerate(in_order(self.card)) if str(contact.id) == self.marked]
        return found[0] if found else None

    def on_ledger_moved(self) -> None:
        self.refresh_bindings()

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        self.ask(self.open, OneContact(int(event.row)))

    def action_add(self) -> None:
        self.ask(self.open, OneContact(None))

    def action_move(self, by: int) -> None:
        if (place := self._place) is not None:
            contacts = in_order(self.card)
            contacts.insert(place + by, contacts.pop(place))
            self.give(self.write, _entries(contacts))

    def action_take_away(self) -> None:
        if (place := self._place) is not None:
            contacts = in_order(self.card)
            hint = contact_text(contacts.pop(place), self.desk.speech)
            self.ask(self.take_away, "contacts.sure", hint, _entries(contacts))


@dataclass(frozen=True, slots=True)
class OneContact:
    """The contact of that id; without one somebody new, who is called last."""

    id: int | None
    fields = _FIELDS

    @property
    def name(self) -> str:
        return f"contact-{self.id or 'new'}"

    @property
    def title(self) -> str:
        return "contacts.new_title" if self.id is None else "contacts.change_title"

    def typed(self, card: ResidentCard) -> dict[str, str] | None:
        if self.id is None:
            return dict(_NOBODY)
        contact = next((each for each in card.contacts if each.id == self.id), None)
        return _as_typed(contact) if contact is not None else None

    def wrong(self, card: ResidentCard, typed: Typed) -> dict[str, str]:
        return {field: "refused.required" for field in ("name", "number") if not typed[field]}

    def doubt(self, card: ResidentCard, typed: Typed) -> str:
        return ""

    def change(self, card: ResidentCard, typed: Typed) -> dict[str, Any]:
        """A number that was only read and not changed goes back as it is kept."""
        contacts: list[ContactView | ContactEntry] = [*in_order(card)]
        before = next((each for each in contacts if isinstance(each, ContactView) and each.id == self.id), None)
        kept = before is not None and typed["number"] == reading(before.number)
        entry = ContactEntry(
            name=typed["name"],
            relation=typed["relation"],
            number=before.number if kept and before is not None else typed["number"],
            has_key=typed["has_key"] == "yes",
            note=typed["note"],
        )
        place = contacts.index(before) if before is not None else len(contacts)
        return _entries([*contacts[:place], entry, *contacts[place + 1 :]])

    def field_at(self, path: str) -> str:
        return path.rpartition(".")[2]


def in_order(card: ResidentCard) -> list[ContactView]:
    return sorted(card.contacts, key=lambda contact: contact.rank)


def _as_typed(contact: ContactView) -> dict[str, str]:
    return {
        "name": plain(contact.name, 80),
        "relation": plain(contact.relation, 40),
        "number": reading(contact.number),
        "has_key": "yes" if contact.has_key else "no",
        "note": plain(contact.note, 200),
    }


def _entries(contacts: Sequence[ContactView | ContactEntry]) -> dict[str, Any]:
    """The whole list, as it is sent."""
    return {"contacts": [each.model_dump(exclude={"id", "rank"}) for each in contacts]}
