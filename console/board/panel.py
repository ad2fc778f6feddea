"""A titled list, and what is done with its rows."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from console.ledger import Column, Ledger, Row


class Panel(Vertical):
    """A title line above a ledger. The ledger's id is the panel's with `-rows` after it."""

    def __init__(self, columns: Sequence[Column], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._columns = columns

    def compose(self) -> ComposeResult:
        yield Static(classes="panel--title", markup=False)
        yield Ledger(self._columns, id=f"{self.id}-rows", marker=False)

    @property
    def ledger(self) -> Ledger:
        return self.query_one(Ledger)

    def show(self, title: str, rows: Sequence[Row], empty: str = "", tone: str = "") -> None:
        """`tone` colours the title: `alarm`, `good` or nothing."""
        head = self.query_one(".panel--title", Static)
        head.update(title)
        head.set_class(tone == "alarm", "-alarm")
        head.set_class(tone == "good", "-good")
        self.ledger.show(rows, empty)
