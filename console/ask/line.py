"""One line of text."""

from textual.app import ComposeResult
from textual.widgets import Input, Static

from console.desk import Desk
from console.room import Question


class Line(Question[str | None]):
    """Answers what was typed, perhaps nothing at all; None when it was left with Escape."""

    def __init__(self, desk: Desk, title: str, hint: str, value: str = "", longest: int = 1000) -> None:
        """`title` and `hint` are message keys."""
        super().__init__(desk)
        self._title = title
        self._hint = hint
        self._value = value
        self._longest = longest

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Input(self._value, max_length=self._longest, select_on_focus=False)
        yield Static(classes="question--hint", markup=False)

    def paint(self) -> None:
        self.query_one(".question--title", Static).update(self.desk.speech.say(self._title))
        self.query_one(".question--hint", Static).update(self.desk.speech.say(self._hint))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
