"""To whose door the survey is due, where it has been due for longest first."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import ScreenResume
from textual.widgets import Static

from console.desk import Desk
from console.ledger import Column, Ledger, Row
from console.messages import OpenResident
from console.plain import plain
from console.room import Room
from dispatch.wire.pages import DueVisits
from dispatch.wire.people import DueVisit

_COLUMNS = (Column(10, share=1), Column(18, share=3), Column(8, share=2), Column(18, share=1), Column(17, right=True))


class VisitsScreen(Room[None]):
    """Enter opens the card of the resident under the cursor; at the last row more are read. Who has been visited
    meanwhile is gone when this is seen again.
    """

    enter = "visits.open"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: DueVisits | None = None

    @property
    def may_be_left(self) -> bool:
        return True

    def furnish(self) -> ComposeResult:
        with Container(id="visits"):
            yield Static(id="visits-title", markup=False)
            yield Ledger(_COLUMNS, id="visits-list")

    def on_mount(self) -> None:
        self.query_one(Ledger).focus()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        self.load(self._read, [], max(len(self._items), 1))

    @property
    def _items(self) -> Sequence[DueVisit]:
        return self._found.items if self._found is not None else []

    async def _read(self, known: Sequence[DueVisit], wanted: int) -> None:
        """Goes on after those that are `known` until there are as many as `wanted`, or no more."""
        items = list(known)
        while True:
            page = await self.desk.client.due_visits(len(items))
            there = {each.resident.id for each in items}
            new = [each for each in page.items if each.resident.id not in there]
            items += new
            if not new or len(items) >= wanted:
                break
        self._found = page.model_copy(update={"items": items})
        self.repaint()

    def paint(self) -> None:
        say, found = self.desk.speech.say, self._found
        title = say("visits.title", total=found.total) if found is not None else say("visits.reading")
        self.query_one("#visits-title", Static).update(title)
        empty = say("visits.nobody" if found is not None else "visits.reading")
        self.query_one(Ledger).show([self._row(each) for each in self._items], empty)

    def _row(self, each: DueVisit) -> Row:
        say, who = self.desk.speech.say, each.resident
        on = each.visited_on
        last = say("card.never_visited") if on is None else f"{on.isoformat()} {plain(each.visited_by, 40)}".rstrip()
        late = say("visits.overdue", days=each.overdue_days) if each.overdue_days else say("visits.today")
        cells = (plain(who.name, 40), plain(who.address), (plain(each.area, 80), "quiet"), last, (late, "warn"))
        return Row(str(who.id), cells)

    @on(Ledger.Chosen)
    def _chosen(self, event: Ledger.Chosen) -> None:
        self.post_message(OpenResident(int(event.row)))

    @on(Ledger.Moved)
    def _moved(self, event: Ledger.Moved) -> None:
        found = self._found
        if found is not None and event.row == str(found.items[-1].resident.id) and len(found.items) < found.total:
            self.load(self._read, found.items, len(found.items) + 1)
