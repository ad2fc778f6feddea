"""A case that is open here: followed as it changes, and the verbs that move it."""

import asyncio
from collections.abc import Awaitable, Callable

from console.desk import Desk
from console.messages import Told
from console.phone.in_call import About
from console.phone.room import PhoneRoom
from console.records import OVER
from dispatch.wire.board import TimelineEntry
from dispatch.wire.cases import CaseCard, CaseLine
from dispatch.wire.words import CaseState

_PAUSE = 0.2  # seconds between two readings


class CaseRoom(PhoneRoom):
    """Every event of the case is read anew, with its timeline."""

    def __init__(self, desk: Desk, number: str) -> None:
        super().__init__(desk)
        self.number = number
        self.card: CaseCard | None = None
        self.timeline: list[TimelineEntry] = []
        self._seen = -1  # which of the case's changes has been read
        self._reading = False

    @property
    def case(self) -> CaseLine | None:
        """As the stream said last, or as it was read: whichever is newer."""
        line, card = self.desk.world.cases.get(self.number), self.card
        if line is None or (card is not None and card.version > line.version):
            return card
        return line

    @property
    def is_open(self) -> bool:
        return self.case is not None and self.case.state not in OVER

    @property
    def about(self) -> About:
        case = self.case
        if case is None:
            return About()
        return About(
            resident=case.resident,
            case_number=case.number,
            call_back=case.call_back and self.is_open,
            last_call=case.last_call.id if case.last_call is not None else None,
            merchants=[case.merchant] if case.merchant is not None else [],
            calls=self.card.calls if self.card is not None else [],
        )

    def follow(self) -> None:
        """Reads the case unless it has been read as it is now; called with each painting."""
        if self.is_current and not self._reading and self._touched != self._seen:
            self.load(self._follow)

    @property
    def _touched(self) -> int:
        return self.desk.world.touched.get(f"case:{self.number}", 0)

    async def _follow(self) -> None:
        """Reads until nothing has happened meanwhile: a burst of events is two readings, not fifty."""
        self._reading, client = True, self.desk.client
        try:
            while self._seen != self._touched:
                self._seen = self._touched
                self.card, self.timeline = await client.case(self.number), await client.timeline(self.number)
                self.repaint()
                await asyncio.sleep(_PAUSE)
        finally:
            self._reading = False

    @property
    def now(self) -> CaseState:
        """The state that is on the screen: what a verb expects."""
        case = self.case
        assert case is not None
        return case.state

    def move(self, command: Callable[[], Awaitable[CaseCard]], told: str = "") -> None:
        """Gives the command, and says `told` (a message key) when it is done."""
        self.give(self._done, command, told)

    async def _done(self, command: Callable[[], Awaitable[CaseCard]], told: str) -> None:
        case = await command()
        self.card = case
        self.desk.world.put_case(case)
        if told:
            self.app.post_message(Told(told, number=case.number, count=case.reminders))
        if self.is_attached:
            self.repaint()
