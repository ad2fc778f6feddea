"""What the keys do, on the screen from which it was asked."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Static

from console.desk import Desk
from console.keys import LiveKey
from console.ledger import Column, Ledger, Row
from console.room import Question


class Help(Question[None]):
    """Every key that works there, with what it does."""

    def __init__(self, desk: Desk, keys: Sequence[LiveKey]) -> None:
        super().__init__(desk)
        self._keys = tuple(keys)

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Ledger([Column(10), Column(12), Column(30, share=1)])

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()

    def paint(self) -> None:
        say = self.desk.speech.say
        self.query_one(".question--title", Static).update(say("help.title"))
        self.query_one(Ledger).show(
            [
                Row(each.name, ((each.keys, "strong"), say(f"key.{each.name}"), (say(f"tip.{each.name}"), "quiet")))
                for each in self._keys
            ]
        )
