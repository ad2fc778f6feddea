"""One of several, by its digit."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Static

from console.desk import Desk
from console.keys import digit, digit_of
from console.ledger import Column, Ledger, Row
from console.room import Question


@dataclass(frozen=True, slots=True)
class Choice:
    """`label` and `detail` are already in the reader's language, and harmless."""

    value: str
    label: str
    detail: str = ""


class Pick(Question[str | None]):
    """Answers the value of the choice. A digit decides at once; arrows and Enter do as well."""

    enter = "pick.choose"

    def __init__(
        self, desk: Desk, title: str, choices: Sequence[Choice], default: str | None = None, *, about: str = ""
    ) -> None:
        """`title` is a message key; the cursor begins on the choice `default`. `about` stands above the choices in
        full, however long it is: harmless text that is asked about.
        """
        super().__init__(desk)
        self._about = about
        self._title = title
        self._choices = tuple(choices)
        self._default = default

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        if self._about:
            yield Static(self._about, classes="question--about", markup=False)
        yield Ledger([Column(1), Column(20, share=1), Column(10, share=1)])

    def on_mount(self) -> None:
        self.repaint()  # the rows have to be there before the cursor can go to one
        if self._default is not None:
            self.query_one(Ledger).jump(self._default)
        self.query_one(Ledger).focus()

    def paint(self) -> None:
        self.query_one(".question--title", Static).update(self.desk.speech.say(self._title))
        rows = [
            Row(choice.value, ((digit_of(index), "strong"), choice.label, (choice.detail, "quiet")))
            for index, choice in enumerate(self._choices)
        ]
        self.query_one(Ledger).show(rows)

    def on_key(self, event: Key) -> None:
        if (index := digit(event)) is not None and index < len(self._choices):
            event.stop()
            self.dismiss(self._choices[index].value)

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        self.dismiss(event.row)
