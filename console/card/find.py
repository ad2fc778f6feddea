"""Finding a resident by name, pinyin, number or door, while typing."""

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from console.desk import Desk
from console.keys import key
from console.ledger import Column, Ledger, Row
from console.people import flags, person
from console.plain import plain
from console.room import Question
from dispatch.wire.people import ResidentLine

_SETTLED = 0.15  # seconds without a key before the service is asked


class Find(Question[ResidentLine | None]):
    """Answers the resident under the cursor; the arrows move it while the field keeps the typing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("up", "step(-1)", "find.up", show=False, priority=True),
        key("down", "step(1)", "find.down", show=False, priority=True),
    ]
    enter = "find.choose"

    def __init__(self, desk: Desk, words: str = "") -> None:
        super().__init__(desk)
        self._words = words
        self._found: list[ResidentLine] = []
        self._total = 0
        self._asked = ""  # what the rows answer; empty: nothing was asked yet

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Input(self._words, max_length=80, select_on_focus=False)
        yield Ledger([Column(16, share=1), Column(20, share=2), Column(12, share=1)])
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.query_one(Ledger).can_focus = False

    def paint(self) -> None:
        speech = self.desk.speech
        self.query_one(".question--title", Static).update(speech.say("find.title"))
        rows = [
            Row(str(found.id), (person(found, speech), plain(found.address), (flags(found, speech), "warn")))
            for found in self._found
        ]
        nothing = speech.say("find.nothing", words=self._asked) if self._asked else speech.say("find.hint")
        self.query_one(Ledger).show(rows, nothing)
        more = self._total - len(self._found)
        self.query_one(".question--hint", Static).update(speech.say("find.more", count=more) if more > 0 else "")

    def on_input_changed(self, event: Input.Changed) -> None:
        self.load(self._search, event.value.strip())

    async def _search(self, words: str) -> None:
        await asyncio.sleep(_SETTLED)
        if words:
            found = await self.desk.client.find_residents(words)
            self._found, self._total = found.items, found.total
        else:
            self._found, self._total = [], 0
        self._asked = words
        self.repaint()

    def action_step(self, by: int) -> None:
        self.query_one(Ledger).action_step(by)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter waits for the answer to what stands in the field: never somebody found for half the name."""
        chosen = self.query_one(Ledger).current
        if event.value.strip() == self._asked and chosen is not None:
            self.dismiss(next(found for found in self._found if str(found.id) == chosen))
