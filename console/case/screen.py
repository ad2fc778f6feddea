"""A case: where it stands, whom we asked, every step; and the keys that move it."""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from console.ask.line import Line
from console.board.panel import Panel
from console.case import ladder
from console.case.closing import closing
from console.case.edit import Edit
from console.case.rows import OFFER_COLUMNS, case_head, offer_row
from console.case.timeline import COLUMNS, timeline_rows
from console.case.visit_keys import UNDER_WAY
from console.case.writing import WritingKeys
from console.desk import Desk
from console.keys import key
from console.messages import OpenCase, OpenResident, Told
from dispatch.wire.cases import Cancel, Gather, KeepApart, Remind, Reopen
from dispatch.wire.words import CaseState


class CaseScreen(WritingKeys):
    """Follows the case while it is open here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("c", "close", "case.close"),
        key("m,f6", "remind", "case.remind"),
        key("e", "edit", "case.edit"),
        key("x", "cancel", "case.cancel"),
        key("o", "reopen", "case.reopen"),
        key("u", "resident", "case.resident"),
        key("j", "gather", "case.gather"),
        key("J", "keep_apart", "case.keep_apart"),
    ]

    def __init__(self, desk: Desk, number: str, then: str = "") -> None:
        """`then`: an action to begin with, `candidates` or `close`."""
        super().__init__(desk, number)
        self._then = then

    @property
    def may_be_left(self) -> bool:
        return True

    def furnish(self) -> ComposeResult:
        with Container(id="case"):
            with Vertical(id="case-left"):
                with VerticalScroll(id="case-head-scroll", can_focus=False):
                    yield Static(id="case-head", markup=False)
                yield Panel(ladder.COLUMNS, id="case-ladder")
                yield Panel(OFFER_COLUMNS, id="case-offers")
            yield Panel(COLUMNS, id="case-timeline")

    def on_mount(self) -> None:
        self.query_one("#case-timeline", Panel).ledger.focus()
        if self._then:
            self.call_later(self.run_action, self._then)

    def paint(self) -> None:
        world, speech, case = self.desk.world, self.desk.speech, self.case
        head = self.query_one("#case-head", Static)
        head.update(case_head(case, self.card, world, speech) if case else speech.say("case.opening"))
        self._paint_ladder()
        offers = self.card.offers if self.card is not None else []
        panel = self.query_one("#case-offers", Panel)
        panel.display = bool(offers) or case is None or not (case.call_back or case.ladder)
        panel.show(
            speech.say("case.offers", count=len(offers)),
            [offer_row(offer, world, speech) for offer in offers],
            speech.say("case.no_offers"),
        )
        self._paint_timeline()
        self.follow()
        self.refresh_bindings()

    def _paint_ladder(self) -> None:
        """As the stream said last how far it is; whom it has asked, as it was read."""
        world, speech, case, panel = (
            self.desk.world,
            self.desk.speech,
            self.case,
            self.query_one("#case-ladder", Panel),
        )
        read = self.card.ladder if self.card is not None else None
        known = (case.ladder if case is not None else None) or read
        panel.display = known is not None
        if known is not None:
            title, tone = ladder.headline(known, world, speech)
            calls = ladder.rows(read, world, speech) if read is not None else []
            panel.show(title, calls, speech.say("ladder.nobody_asked"), tone)

    def _paint_timeline(self) -> None:
        """Who reads the end goes on reading the end; somebody who is reading further up stays there."""
        world, speech, panel = self.desk.world, self.desk.speech, self.query_one("#case-timeline", Panel)
        at_the_end = panel.ledger.cursor >= len(panel.ledger.rows) - 1
        rows = timeline_rows(self.timeline, self.card, world, speech) if self.card is not None else []
        panel.show(speech.say("case.timeline", count=len(rows)), rows)
        if at_the_end:
            panel.ledger.action_edge(-1)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        case = self.case
        state = case.state if case is not None else None
        match action:
            case "close":
                return state in ("open", "served")
            case "cancel":
                return state in ("open", "offering", *UNDER_WAY)
            case "reopen":
                return state in ("closed", "cancelled")
            case "remind" | "edit":
                return self.is_open
            case "resident":
                return case is not None and case.resident is not None
            case "gather" | "keep_apart":
                return case is not None and case.many is not None and case.many.alike > 0
            case _:
                return super().check_action(action, parameters)

    # What the keys do

    def action_close(self) -> None:
        self.ask(self._decide_and_close, self.now)

    async def _decide_and_close(self, state: CaseState) -> None:
        decided = await closing(self.desk, state, self.app.push_screen_wait)
        if decided is not None:
            self.move(partial(self.desk.client.close_case, self.number, decided), "told.closed")

    def action_cancel(self) -> None:
        state = self.now

        def noted(note: str | None) -> None:
            if note is not None:
                self.move(partial(self.desk.client.cancel_case, self.number, Cancel(expects=state, note=note)))

        self.app.push_screen(Line(self.desk, "case.cancel_title", "case.cancel_hint"), noted)

    def action_reopen(self) -> None:
        state = self.now

        def noted(note: str | None) -> None:
            if note is not None:
                self.move(partial(self.desk.client.reopen_case, self.number, Reopen(expects=state, note=note)))

        self.app.push_screen(Line(self.desk, "case.reopen_title", "case.reopen_hint"), noted)

    def action_remind(self) -> None:
        call = self.desk.world.my_call()
        reminder = Remind(call_id=call.id if call is not None else None)
        self.move(partial(self.desk.client.remind, self.number, reminder), "told.reminded")

    def action_edit(self) -> None:
        if (case := self.case) is not None:
            self.app.push_screen(Edit(self.desk, case))

    def action_gather(self) -> None:
        self.give(self._gather, self.now)

    async def _gather(self, state: CaseState) -> None:
        incident = await self.desk.client.gather(self.number, Gather(expects=state))
        self.desk.world.put_case(incident)
        self.app.post_message(Told("told.gathered"))
        self.post_message(OpenCase(incident.number))

    def action_keep_apart(self) -> None:
        """They are alike by chance: the line goes away until another one comes."""
        order = KeepApart(expects=self.now)
        self.move(partial(self.desk.client.keep_apart, self.number, order), "told.kept_apart")

    def action_resident(self) -> None:
        if (case := self.case) is not None and case.resident is not None:
            self.post_message(OpenResident(case.resident.id))
