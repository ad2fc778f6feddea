"""The board: what needs me now, who is on the line, which cases are open."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Key
from textual.widgets import Static

from console.board.needs import NEED_COLUMNS, need_rows
from console.board.notes import notes
from console.board.panel import Panel
from console.board.rows import CALL_COLUMNS, CASE_COLUMNS, call_row, case_row
from console.board.sms import OPEN_CASE, Sms
from console.case.find import FindCase
from console.doubles.screen import DoublesScreen
from console.keys import digit, key
from console.ledger import Ledger
from console.match.screen import MatchScreen
from console.messages import OpenCall, OpenCase, Told
from console.phone import team
from console.phone.in_call import About
from console.phone.room import PhoneRoom
from console.report.screen import ReportScreen
from console.rules.screen import RulesScreen
from console.rules.services import ServicesScreen
from console.visits.screen import VisitsScreen
from console.world import Need
from dispatch.wire.board import HoldLine, InboundLine, Release
from dispatch.wire.cases import Acknowledge, CaseLine, KeepApart


class BoardScreen(PhoneRoom):
    """A digit opens what needs me; Enter opens any row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("1", "nothing", "board.need", shown="1-9"),
        key("a", "acknowledge", "board.acknowledge"),
        key("ctrl+r", "release", "board.release"),
        key("r", "rules", "board.rules"),
        key("s", "services", "board.services"),
        key("m", "match", "board.match"),
        key("p", "report", "board.report"),
        key("d", "doubles", "board.doubles"),
        key("v", "visits", "board.visits"),
        key("c", "find_case", "board.find_case"),
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
            yield Static(id="notes", markup=False)
            yield Panel(NEED_COLUMNS, id="needs")
            yield Static(id="team", markup=False)
            yield Panel(CALL_COLUMNS, id="calls")
            yield Panel(CASE_COLUMNS, id="cases")

    @property
    def about(self) -> About:
        """The call under the cursor."""
        if not self.is_mounted:
            return About()
        row = self.query_one("#calls", Panel).ledger.current
        call = self.desk.world.calls.get(int(row)) if row is not None else None
        return About(call=call, resident=call.resident) if call is not None else About()

    def on_mount(self) -> None:
        self.query_one("#calls", Panel).ledger.focus()

    def paint(self) -> None:
        world, speech = self.desk.world, self.desk.speech
        said, needs = notes(world, speech), world.needs()
        self.query_one("#notes", Static).update(said)
        self.query_one("#notes", Static).display = bool(said)
        self.query_one("#needs", Panel).show(
            f"{speech.say('board.needs')} ({len(needs)})",
            need_rows(world, speech),
            speech.say("board.no_needs"),
            "alarm" if any(need.alarm for need in needs) else "",
        )
        self.query_one("#team", Static).update(team.colleagues(world, speech))
        waiting = world.waiting()
        self.query_one("#calls", Panel).show(
            speech.say("board.calls", waiting=len(waiting), talking=len(world.talking())),
            [call_row(call, world, speech) for call in (*waiting, *world.talking())],
            speech.say("board.no_calls"),
            "good" if world.ringing_here() is not None else "",
        )
        cases = world.open_cases()
        self.query_one("#cases", Panel).show(
            speech.say("board.cases", count=len(cases), late=len(world.late())),
            [case_row(case, world, speech) for case in cases],
            speech.say("board.no_cases"),
        )
        self.refresh_bindings()

    def asking(self) -> Need | None:
        """What can be acknowledged: the need under the cursor when it is in the top panel, else the first one that is
        nobody's; that many are alike is never dismissed unseen.
        """
        needs = self.desk.world.needs()
        ledger = self.query_one("#needs", Panel).ledger
        if ledger.has_focus:
            needs = [need for need in needs if need.key == ledger.current]
        sorts = ("case", "sms", "proof", "alike") if ledger.has_focus else ("case", "sms", "proof")
        return next((need for need in needs if need.sort in sorts), None)

    def open_need(self, need: Need) -> None:
        if need.case is not None:
            self.post_message(OpenCase(need.case.number))
        elif (sms := need.inbound) is not None:
            self.app.push_screen(Sms(self.desk, sms), partial(self._sms_read, sms))
        elif need.proof is not None:
            self.post_message(Told("proof.how"))

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

    def action_release(self) -> None:
        """Whatever is held after a restore goes, and the ladders climb."""
        if (held := self.desk.world.hold) is not None:
            self.give(self._release, held)

    async def _release(self, held: HoldLine) -> None:
        released = await self.desk.client.release(Release(since=held.since))
        self.post_message(Told("hold.released", messages=released.messages, ladders=released.ladders))

    def action_acknowledge(self) -> None:
        """I have seen it and take its turn: a case, a call nobody answered, an SMS."""
        if (need := self.asking()) is not None:
            self.give(self._acknowledge, need)

    async def _acknowledge(self, need: Need) -> None:
        client, world = self.desk.client, self.desk.world
        if need.case is not None and need.sort == "alike":
            world.put_case(await client.keep_apart(need.case.number, KeepApart(expects=need.case.state)))
            self.post_message(Told("told.kept_apart"))
        elif need.case is not None:
            seen = Acknowledge(needs_since=need.case.needs_since)
            world.put_case(await client.acknowledge(need.case.number, seen))
        elif need.inbound is not None:
            await client.seen(need.inbound.id)
        elif need.proof is not None:
            seen = Acknowledge(needs_since=need.proof.needs_since)
            world.put_proof(await client.acknowledge_proof(need.proof.id, seen))
        self.repaint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The rules, and what is held after a restore, are for those who may change that."""
        world = self.desk.world
        match action:
            case "rules" | "services" | "report" | "doubles" | "visits":
                return world.me is not None and world.me.role != "operator"
            case "release":
                return world.may_release()
            case _:
                return super().check_action(action, parameters)

    def action_rules(self) -> None:
        self.app.push_screen(RulesScreen(self.desk))

    def action_report(self) -> None:
        self.app.push_screen(ReportScreen(self.desk))

    def action_doubles(self) -> None:
        """Who may stand in the register twice."""
        self.app.push_screen(DoublesScreen(self.desk))

    def action_visits(self) -> None:
        """To whose door the survey is due."""
        self.app.push_screen(VisitsScreen(self.desk))

    def action_match(self) -> None:
        """Who could come to somebody, without a case."""
        self.app.push_screen(MatchScreen(self.desk))

    def action_find_case(self) -> None:
        """Also one that is over."""

        def found(case: CaseLine | None) -> None:
            if case is not None:
                self.post_message(OpenCase(case.number))

        self.app.push_screen(FindCase(self.desk), found)

    def action_services(self) -> None:
        self.app.push_screen(ServicesScreen(self.desk))
