"""A list out of a resident's record: her contacts, her lines, her usual merchants. Each change goes out at once."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from console.card.record_form import Part, RecordForm, sure, written
from console.desk import Desk
from console.errors import Refused
from console.ledger import Column, Ledger, Row
from console.plain import plain
from console.room import Question
from dispatch.wire.people import ResidentCard


class RecordList(Question[ResidentCard | None]):
    """Answers her card as it is after the changes; None when there were none.

    Where somebody else has changed the record meanwhile nothing is written: it says so and shows what is now.
    `asks` is the prefix of its sentences: `<asks>.title`, `.empty`, `.hint`.
    """

    asks = ""
    columns: ClassVar[Sequence[Column]] = ()

    def __init__(self, desk: Desk, card: ResidentCard) -> None:
        super().__init__(desk)
        self._at_first = self.card = card

    def rows(self) -> list[Row]:
        """One for each, by a key that no other one has."""
        raise NotImplementedError

    def furnish(self) -> ComposeResult:
        yield Static(classes="question--title", markup=False)
        yield Ledger(self.columns)
        yield Static(classes="question--hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()

    @property
    def marked(self) -> str | None:
        """The key of the row under the cursor."""
        ledgers = self.query(Ledger)  # none before the box is there: its keys are looked at before
        return ledgers.first().current if ledgers else None

    def paint(self) -> None:
        say = self.desk.speech.say
        title = f"{say(f'{self.asks}.title')}  {plain(self.card.name, 80)}"
        self.query_one(".question--title", Static).update(title)
        self.query_one(Ledger).show(self.rows(), say(f"{self.asks}.empty"))
        self.query_one(".question--hint", Static).update(say(f"{self.asks}.hint"))
        self.refresh_bindings()

    def action_leave(self) -> None:
        self.dismiss(self.card if self.card is not self._at_first else None)

    async def open(self, part: Part) -> None:
        """The form of one of them."""
        before = {row.key for row in self.rows()}
        if (card := await self.app.push_screen_wait(RecordForm(self.desk, self.card, part))) is not None:
            self._take(card)
            if new := next((row.key for row in self.rows() if row.key not in before), None):
                self.query_one(Ledger).jump(new)

    async def take_away(self, title: str, hint: str, change: Mapping[str, Any]) -> None:
        """Asked once; `title` is a message key."""
        if await self.app.push_screen_wait(sure(self.desk, title, "record.take_away", hint)) == "yes":
            self.give(self.write, change)

    async def write(self, change: Mapping[str, Any]) -> None:
        try:
            self._take(await written(self.desk, self.card, change))
        except Refused as refused:
            if refused.problem.key == "stale_version":
                self._take(await self.desk.client.resident(self.card.id))
            raise

    def _take(self, card: ResidentCard) -> None:
        self.card = card
        self.repaint()
