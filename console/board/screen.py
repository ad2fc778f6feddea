"""The board: what needs me now, who is on the line, which cases are open."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Key

from console.board.panel import Panel
from console.board.rows import CALL_COLUMNS, CASE_COLUMNS, NEED_COLUMNS, call_row, case_row, need_rows
from console.board.sms import OPEN_CASE, Sms
from console.keys import digit, key
from console.ledger import Ledger
from console.messages import OpenCall, OpenCase
from console.room import Room
from console.world import Need
from dispatch.wire.work import Acknowledge, InboundLine


class BoardScreen(Room[None]):
    """A digit opens what needs me; Enter opens any row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("1", "nothing", "board.need", shown="1-9"),
        key("a", "acknowledge", "board.acknowledge"),
        key("tab", "app.focus_next", "board.next"),
        key("escape", "nothing", "room.leave", show=False),
    ]
    enter = "board.open"
    strip = False

    @property
    def may_be_left(self) -> bool:
        return True

    def furnish(self) -> ComposeResult:
        with Container(id="board"):
            yield Panel(NEED_COLUMNS, id="needs")
            yield Panel(CALL_COLUMNS, id="calls")
            yield Panel(CASE_COLUMNS, id="cases")

    def on_mount(self) -> None:
        self.query_one("#calls", Panel).ledger.focus()

    def paint(self) -> None:
        world, speech = self.desk.world, self.desk.speech
        needs = world.needs()
        self.query_one("#needs", Panel).show(
            f"{speech.say('board.needs')} ({len(needs)})",
            need_rows(world, speech),
            speech.say("board.no_needs"),
            "alarm" if any(need.alarm for need in needs) else "",
        )
        waiting = world.waiting()
        self.query_one("#calls", Panel).show(
            speech.say("board.calls", waiting=len(waiting), talking=len(world.talking())),
            [call_row(call, world, speech) for call in (*waiting, *world.talking())],
            speech.say("board.no_calls"),
            "ringing" if world.ringing_here() is not None else "",
        )
        cases = world.open_cases()
        self.query_one("#cases", Panel).show(
            speech.say("board.cases", count=len(cases), late=len(world.late())),
            [case_row(case, world, speech) for case in cases],
            speech.say("board.no_cases"),
        )

    def asking(self) -> Need | None:
        """What can be acknowledged: the need under the cursor when it is in the top panel, else the first one."""
        needs = self.desk.world.needs()
        ledger = self.query_one("#needs", Panel).ledger
        if ledger.has_focus:
            needs = [need for need in needs if need.key == ledger.current]
        return next((need for need in needs if need.sort in ("case", "sms")), None)

    def open_need(self, need: Need) -> None:
        if need.case is not None:
            self.post_message(OpenCase(need.case.number))
        elif (sms := need.inbound) is not None:
            self.app.push_screen(Sms(self.desk, sms), partial(self._sms_read, sms))

    def _sms_read(self, sms: InboundLine, answer: str | None) -> None:
        if answer is not None:
            self.give(self.desk.client.seen, sms.id)
        if answer == OPEN_CASE and sms.case_number is not None:
            self.post_message(OpenCase(sms.case_number))

    def on_key(self, event: Key) -> None:
        needs = self.desk.world.needs()
        if (index := digit(event)) is not None and index < len(needs):
            event.stop()
            self.open_need(needs[index])

    @on(Ledger.Chosen, "#needs-rows")
    def _need_chosen(self, event: Ledger.Chosen) -> None:
        if (need := next((need for need in self.desk.world.needs() if need.key == event.row), None)) is not None:
            self.open_need(need)

    @on(Ledger.Chosen, "#calls-rows")
    def _call_chosen(self, event: Ledger.Chosen) -> None:
        self.post_message(OpenCall(int(event.row)))

    @on(Ledger.Chosen, "#cases-rows")
    def _case_chosen(self, event: Ledger.Chosen) -> None:
        self.post_message(OpenCase(event.row))

    def action_acknowledge(self) -> None:
        """I have seen it and take its turn: a case, a call nobody answered, an SMS."""
        if (need := self.asking()) is not None:
            self.give(self._acknowledge, need)

    async def _acknowledge(self, need: Need) -> None:
        client, world = self.desk.client, self.desk.world
        if need.case is not None:
            seen = Acknowledge(needs_since=need.case.needs_since)
            world.put_case(await client.acknowledge(need.case.number, seen))
        elif need.inbound is not None:
            await client.seen(need.inbound.id)
        self.repaint()
