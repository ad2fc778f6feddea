"""Who could come to somebody at a time, before there is a case: nothing is kept and nobody is asked."""

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from console import times
from console.ask.pick import Choice, Pick
from console.board.panel import Panel
from console.card.find import Find
from console.desk import Desk
from console.keys import key
from console.match.asked import ask_moment
from console.match.lists import MatchLists
from console.merchant.screen import MerchantScreen
from console.people import person
from console.plain import plain
from console.room import Room
from dispatch.wire.offers import Matching
from dispatch.wire.people import ResidentLine, ServiceView


class MatchScreen(Room[None]):
    """Asks what is needed and for whom, at first now; each can be asked anew."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("s", "service", "match.service"),
        key("b", "resident", "match.resident"),
        key("e", "time", "match.time"),
        key("r", "merchant", "match.merchant"),
        key("tab", "app.focus_next", "match.next"),
    ]

    def __init__(self, desk: Desk, resident: ResidentLine | None = None) -> None:
        super().__init__(desk)
        self._service: ServiceView | None = None
        self._resident = resident
        self._at: datetime | None = None  # None: now
        self._found: Matching | None = None

    def furnish(self) -> ComposeResult:
        with Vertical(id="match"):
            yield Static(id="match-asked", markup=False)
            yield MatchLists(id="match-lists")

    def on_mount(self) -> None:
        self.query_one("#able", Panel).ledger.focus()
        self.ask(self._begin)

    async def _begin(self) -> None:
        """The two questions without which there is nothing to answer; Escape at one leads back."""
        await self._ask_service()
        if self._service is not None and self._resident is None:
            self._resident = await self.app.push_screen_wait(Find(self.desk))
        if self._service is None or self._resident is None:
            self.dismiss(None)
        else:
            self.load(self._match)

    async def _ask_service(self) -> None:
        speech = self.desk.speech
        choices = [
            Choice(each.code, speech.service_name(each), speech.word("priority", each.priority))
            for each in self.desk.services
            if each.needs_visit
        ]
        now = self._service.code if self._service is not None else None
        code = await self.app.push_screen_wait(Pick(self.desk, "match.which_service", choices, now))
        self._service = self.desk.service(code or "") or self._service

    async def _match(self) -> None:
        if self._service is not None and self._resident is not None:
            self._found = await self.desk.client.match(self._service.code, self._resident.id, self._at)
            self.repaint()

    def paint(self) -> None:
        speech, found = self.desk.speech, self._found
        self.query_one("#match-asked", Static).update(self._asked())
        lists = self.query_one(MatchLists)
        if found is None:
            lists.show([], [], speech, empty="match.nothing_asked")
        else:
            more = (found.more_candidates, found.more_excluded)
            way = speech.word("way", found.way)
            lists.show(found.candidates, found.excluded, speech, way=way, more=more, why=found.more_excluded_by)

    def _asked(self) -> str:
        """送药上门  王秀英奶奶 82岁  青石里 5栋 2单元 502  02-17 21:30."""
        speech, world = self.desk.speech, self.desk.world
        if self._service is None or self._resident is None:
            return speech.say("match.nothing_asked")
        who = f"{person(self._resident, speech)}  {plain(self._resident.address, 120)}"
        at = self._found.at if self._found is not None else self._at
        when = times.full(at, world.zone) if at is not None else speech.say("match.now")
        return "  ".join((speech.service_name(self._service), who, when))

    def action_service(self) -> None:
        self.ask(self._other_service)

    async def _other_service(self) -> None:
        await self._ask_service()
        self.load(self._match)

    def action_resident(self) -> None:
        def found(resident: ResidentLine | None) -> None:
            if resident is not None:
                self._resident = resident
                self.load(self._match)

        self.app.push_screen(Find(self.desk), found)

    def action_time(self) -> None:
        def asked(at: datetime | None) -> None:
            self._at = at
            self.load(self._match)

        ask_moment(self, self.desk.world.now(), asked, title="match.time_title", hint="match.time_hint")

    def action_merchant(self) -> None:
        """The record of the one under the cursor."""
        if (found := self._found) is None:
            return
        merchant = self.query_one(MatchLists).merchant(found.candidates, found.excluded)
        if merchant is not None:
            self.app.push_screen(MerchantScreen(self.desk, merchant))
