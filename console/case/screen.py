"""A case: where it stands, whom we asked, every step; and the keys that move it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar, cast, get_args

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.board.panel import Panel
from console.case.candidates import CandidatesScreen
from console.case.closing import closing
from console.case.edit import Edit
from console.case.rows import OFFER_COLUMNS, case_head, offer_row
from console.case.timeline import COLUMNS, timeline_rows
from console.desk import Desk
from console.keys import key
from console.messages import OpenResident, Told
from console.plain import plain
from console.room import Room
from dispatch.wire.words import Answer, CaseState, VisitStep
from dispatch.wire.work import (
    Acknowledge,
    Cancel,
    CaseCard,
    CaseLine,
    OfferAnswer,
    OfferEnd,
    OfferView,
    Remind,
    Reopen,
    TimelineEntry,
    VisitReport,
)

_PAUSE = 0.2  # seconds between two readings
_UNDER_WAY = ("accepted", "on_the_way", "on_site")
_VISIT_STEPS: dict[CaseState, tuple[VisitStep, ...]] = {
    "accepted": ("on_the_way", "at_the_door", "done"),
    "on_the_way": ("at_the_door", "done"),
    "on_site": ("done",),
}


class CaseScreen(Room[None]):
    """Follows the case while it is open here: every event of it is read anew, with its timeline."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("d,f5", "candidates", "case.dispatch"),
        key("p", "answer", "case.answer"),
        key("v", "visit", "case.visit"),
        key("c", "close", "case.close"),
        key("a", "acknowledge", "case.acknowledge"),
        key("m,f6", "remind", "case.remind"),
        key("e", "edit", "case.edit"),
        key("z", "end_offer", "case.end_offer"),
        key("x", "cancel", "case.cancel"),
        key("o", "reopen", "case.reopen"),
        key("u", "resident", "case.resident"),
    ]

    def __init__(self, desk: Desk, number: str, then: str = "") -> None:
        """`then`: an action to begin with, `candidates` or `close`."""
        super().__init__(desk)
        self.number = number
        self._then = then
        self._card: CaseCard | None = None
        self._timeline: list[TimelineEntry] = []
        self._read = -1  # which of the case's changes has been read
        self._reading = False

    @property
    def may_be_left(self) -> bool:
        return True

    @property
    def case(self) -> CaseLine | None:
        """As the stream said last, or as it was read: whichever is newer."""
        line, card = self.desk.world.cases.get(self.number), self._card
        if line is None or (card is not None and card.version > line.version):
            return card
        return line

    def furnish(self) -> ComposeResult:
        with Container(id="case"):
            with Vertical(id="case-left"):
                with VerticalScroll(id="case-head-scroll", can_focus=False):
                    yield Static(id="case-head", markup=False)
                yield Panel(OFFER_COLUMNS, id="case-offers")
            yield Panel(COLUMNS, id="case-timeline")

    def on_mount(self) -> None:
        self.query_one("#case-timeline", Panel).ledger.focus()
        if self._then:
            self.call_later(self.run_action, self._then)

    @property
    def _touched(self) -> int:
        return self.desk.world.touched.get(f"case:{self.number}", 0)

    async def _follow(self) -> None:
        """Reads the case until nothing has happened meanwhile: a burst of events is two readings, not fifty."""
        self._reading, client = True, self.desk.client
        try:
            while self._read != self._touched:
                self._read = self._touched
                card, timeline = await client.case(self.number), await client.timeline(self.number)
                ledger = self.query_one("#case-timeline", Panel).ledger
                at_the_end = ledger.cursor >= len(ledger.rows) - 1
                self._card, self._timeline = card, timeline
                self.repaint()
                if at_the_end:  # somebody who is reading further up goes on reading
                    ledger.action_edge(-1)
                await asyncio.sleep(_PAUSE)
        finally:
            self._reading = False

    def paint(self) -> None:
        world, speech, case = self.desk.world, self.desk.speech, self.case
        head = self.query_one("#case-head", Static)
        head.update(case_head(case, self._card, world, speech) if case else speech.say("case.opening"))
        offers = self._card.offers if self._card is not None else []
        self.query_one("#case-offers", Panel).show(
            speech.say("case.offers", count=len(offers)),
            [offer_row(offer, world, speech) for offer in offers],
            speech.say("case.no_offers"),
        )
        rows = timeline_rows(self._timeline, self._card, world, speech) if self._card is not None else []
        self.query_one("#case-timeline", Panel).show(speech.say("case.timeline", count=len(rows)), rows)
        if self.is_current and not self._reading and self._touched != self._read:
            self.load(self._follow)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        case = self.case
        state = case.state if case is not None else None
        match action:
            case "candidates":
                return state in ("open", "offering")
            case "answer":
                return self._offer("pending", "sent") is not None
            case "end_offer":
                return self._offer("pending", "sent", "accepted") is not None
            case "visit":
                return state in _UNDER_WAY
            case "close":
                return state in ("open", "served")
            case "cancel":
                return state in ("open", "offering", *_UNDER_WAY)
            case "reopen":
                return state in ("closed", "cancelled")
            case "acknowledge":
                return case is not None and case.needs_since is not None
            case "remind" | "edit":
                return state is not None and state not in ("closed", "cancelled")
            case "resident":
                return case is not None and case.resident is not None
            case _:
                return True

    def _offer(self, *states: str) -> OfferView | None:
        """The newest offer in one of these states."""
        offers = self._card.offers if self._card is not None else []
        return next((offer for offer in reversed(offers) if offer.state in states), None)

    @property
    def _now(self) -> CaseState:
        """The state that is on the screen: what a verb expects."""
        case = self.case
        assert case is not None
        return case.state

    def _move(self, command: Callable[[], Awaitable[CaseCard]], told: str = "") -> None:
        self.give(self._done, command, told)

    async def _done(self, command: Callable[[], Awaitable[CaseCard]], told: str) -> None:
        case = await command()
        self._card = case
        self.desk.world.put_case(case)
        if told:
            self.app.post_message(Told(told, number=case.number, count=case.reminders))
        if self.is_attached:
            self.repaint()

    # What the keys do

    def action_candidates(self) -> None:
        if (case := self.case) is not None:
            self.app.push_screen(CandidatesScreen(self.desk, case))

    def action_answer(self) -> None:
        """The merchant said it on the telephone: 1 and 2 as the merchant itself would press."""
        if (offer := self._offer("pending", "sent")) is None:
            return
        name = plain(offer.merchant.name, 80)
        choices = [Choice(each, self.desk.speech.word("answer", each), name) for each in get_args(Answer)]

        def answered(answer: str | None) -> None:
            if answer is not None:
                told = OfferAnswer(expects=offer.state, answer=cast("Answer", answer))
                self._move(partial(self.desk.client.answer_offer, self.number, offer.id, told))

        self.app.push_screen(Pick(self.desk, "case.answer_title", choices), answered)

    def action_visit(self) -> None:
        """How far the merchant is, told by telephone."""
        state = self._now
        choices = [Choice(step, self.desk.speech.word("step", step)) for step in _VISIT_STEPS.get(state, ())]

        def reported(step: str | None) -> None:
            if step is not None:
                report = VisitReport(expects=state, step=cast("VisitStep", step))
                self._move(partial(self.desk.client.report_visit, self.number, report))

        self.app.push_screen(Pick(self.desk, "case.visit_title", choices), reported)

    def action_end_offer(self) -> None:
        """An open offer is withdrawn; an accepted one given back (their wish) or revoked (ours)."""
        if (offer := self._offer("accepted", "pending", "sent")) is None:
            return
        ways = ("give_back", "revoke") if offer.state == "accepted" else ("withdraw",)
        name = plain(offer.merchant.name, 80)
        choices = [Choice(way, self.desk.speech.word("offer_end", way), name) for way in ways]

        def chosen(way: str | None) -> None:
            if way is not None:
                end = OfferEnd(expects=offer.state, how=way)
                self._move(partial(self.desk.client.end_offer, self.number, offer.id, end))

        self.app.push_screen(Pick(self.desk, "case.end_offer_title", choices), chosen)

    def action_close(self) -> None:
        self.ask(self._decide_and_close, self._now)

    async def _decide_and_close(self, state: CaseState) -> None:
        decided = await closing(self.desk, state, self.app.push_screen_wait)
        if decided is not None:
            self._move(partial(self.desk.client.close_case, self.number, decided), "told.closed")

    def action_cancel(self) -> None:
        state = self._now

        def noted(note: str | None) -> None:
            if note is not None:
                self._move(partial(self.desk.client.cancel_case, self.number, Cancel(expects=state, note=note)))

        self.app.push_screen(Line(self.desk, "case.cancel_title", "case.cancel_hint"), noted)

    def action_reopen(self) -> None:
        state = self._now

        def noted(note: str | None) -> None:
            if note is not None:
                self._move(partial(self.desk.client.reopen_case, self.number, Reopen(expects=state, note=note)))

        self.app.push_screen(Line(self.desk, "case.reopen_title", "case.reopen_hint"), noted)

    def action_acknowledge(self) -> None:
        if (case := self.case) is not None:
            seen = Acknowledge(needs_since=case.needs_since)
            self._move(partial(self.desk.client.acknowledge, self.number, seen))

    def action_remind(self) -> None:
        call = self.desk.world.my_call()
        reminder = Remind(call_id=call.id if call is not None else None)
        self._move(partial(self.desk.client.remind, self.number, reminder), "told.reminded")

    def action_edit(self) -> None:
        if (case := self.case) is not None:
            self.app.push_screen(Edit(self.desk, case))

    def action_resident(self) -> None:
        if (case := self.case) is not None and case.resident is not None:
            self.post_message(OpenResident(case.resident.id))
