"""Who may stand in the register twice, the surest first."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from console.desk import Desk
from console.doubles.pair import PairScreen
from console.ledger import Column, Ledger, Row
from console.plain import plain
from console.room import Room
from dispatch.wire.pages import Doubles
from dispatch.wire.people import DoubleView

_COLUMNS = (Column(16, share=1), Column(16, share=1), Column(14, share=1), Column(16, share=1))


class DoublesScreen(Room[None]):
    """Enter opens the pair under the cursor; one that is settled is gone when this is seen again."""

    enter = "doubles.open"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: Doubles | None = None

    @property
    def may_be_left(self) -> bool:
        return True

    def furnish(self) -> ComposeResult:
        with Container(id="doubles"):
            yield Static(id="doubles-title", markup=False)
            yield Ledger(_COLUMNS, id="doubles-list")

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()
        self.load(self._read)

    async def _read(self) -> None:
        self._found = await self.desk.client.doubles()
        self.repaint()

    def paint(self) -> None:
        say, found = self.desk.speech.say, self._found
        title = say("doubles.title", total=found.total) if found is not None else say("doubles.reading")
        self.query_one("#doubles-title", Static).update(title)
        empty = say("doubles.nobody" if found is not None else "doubles.reading")
        self.query_one(Ledger).show([self._row(each) for each in found.items] if found is not None else [], empty)

    def _row(self, each: DoubleView) -> Row:
        speech = self.desk.speech
        alike = speech.say("doubles.and").join(speech.word("alike", one) for one in each.alike)
        people = (f"{plain(one.name, 40)} {plain(one.address)}" for one in (each.one, each.other))
        same = speech.say("doubles.same", alike=alike)
        return Row(_key(each), (*people, same, (speech.word("doubt", each.doubt), "warn")))

    @on(Ledger.Chosen)
    def _chosen(self, event: Ledger.Chosen) -> None:
        for each in self._found.items if self._found is not None else []:
            if _key(each) == event.row:
                self.app.push_screen(PairScreen(self.desk, each), self._settled_pair)

    def _settled_pair(self, settled: bool | None) -> None:
        if settled:
            self.load(self._read)


def _key(each: DoubleView) -> str:
    return f"{each.one.id}-{each.other.id}"
