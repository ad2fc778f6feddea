"""Finding one of many while typing."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from console.desk import Desk
from console.keys import key
from console.ledger import Column, Ledger, Row
from console.room import Question

_SETTLED = 0.15  # seconds without a key before the service is asked

Found = TypeVar("Found")


class Search(Question[Found | None], Generic[Found]):
    """Answers what is under the cursor; the arrows move it while the field keeps the typing.

    `asks` is the prefix of its sentences: `<asks>.title`, `.hint`, `.nothing`, `.more`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key("up", "step(-1)", "find.up", show=False, priority=True),
        key("down", "step(1)", "find.down", show=False, priority=True),
    ]
    asks = "find"
    columns: ClassVar[Sequence[Column]] = ()

    def __init__(self, desk: Desk, words: str = "") -> None:
        super().__init__(desk)
        self._words = words
        self._found: list[Found] = []
        self._total = 0
        self.answered = ""  # the words that the rows answer; empty: nothing was asked yet

    async def look(self, words: str) -> tuple[int, list[Found]]:
        """How many there are, and the first of them."""
        raise NotImplementedError

    def row(self, found: Found) -> Row:
        """With a key that no other one has."""
        raise NotImplementedError

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Input(self._words, max_length=80, select_on_focus=False)
        yield Ledger(self.columns)
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.query_one(Ledger).can_focus = False

    def paint(self) -> None:
        say = self.desk.speech.say
        self.query_one(".question--title", Static).update(say(f"{self.asks}.title"))
        nothing = say(f"{self.asks}.nothing", words=self.answered) if self.answered else say(f"{self.asks}.hint")
        self.query_one(Ledger).show([self.row(found) for found in self._found], nothing)
        more = self._total - len(self._found)
        self.query_one(".question--hint", Static).update(say("find.more", count=more) if more > 0 else "")

    def on_input_changed(self, event: Input.Changed) -> None:
        self.load(self._search, event.value.strip())

    async def _search(self, words: str) -> None:
        await asyncio.sleep(_SETTLED)
        self._total, self._found = await self.look(words) if words else (0, [])
        self.answered = words
        self.repaint()

    def action_step(self, by: int) -> None:
        self.query_one(Ledger).action_step(by)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter waits for the answer to what stands in the field: never somebody found for half the name."""
        chosen = self.query_one(Ledger).current
        if event.value.strip() == self.answered and chosen is not None:
            self.dismiss(next(found for found in self._found if self.row(found).key == chosen))
