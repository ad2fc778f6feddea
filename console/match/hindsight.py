"""Why a case was decided so, and what if: a supervisor asks of any case, open or over.

The answer is the service's: from the sheet kept with the case and the merchants as they were then.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, get_args

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console import times
from console.ask.pick import Choice, Pick
from console.board.panel import Panel
from console.board.rows import case_text
from console.card.find import Find
from console.desk import Desk
from console.keys import key
from console.match.asked import ask_moment
from console.match.lists import MatchLists
from console.merchant.find import FindMerchant
from console.merchant.screen import MerchantScreen
from console.people import called
from console.plain import plain
from console.room import Room
from dispatch.wire.cases import CaseLine
from dispatch.wire.offers import Hindsight, SheetLine, WhyNot
from dispatch.wire.people import MerchantLine, ResidentLine
from dispatch.wire.words import Priority

_AS_IT_WAS = "as_it_was"


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What is asked otherwise than it was."""

    at: datetime | None = None
    priority: Priority | None = None
    home_of: ResidentLine | None = None


class HindsightScreen(Room[None]):
    """Begins with the last decision as it was; each key asks one thing otherwise."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("w", "why_not", "hindsight.why_not"),
        key("e", "time", "hindsight.time"),
        key("p", "priority", "hindsight.priority"),
        key("b", "place", "hindsight.place"),
        key("o", "as_it_was", "hindsight.as_it_was"),
        key("n", "older(1)", "hindsight.older"),
        key("v", "older(-1)", "hindsight.newer"),
        key("r", "merchant", "hindsight.merchant"),
        key("tab", "app.focus_next", "match.next"),
    ]

    def __init__(self, desk: Desk, case: CaseLine) -> None:
        super().__init__(desk)
        self._case = case
        self._sheets: list[SheetLine] | None = None
        self._which = 0  # of the sheets, the last one first
        self._otherwise = Otherwise()
        self._merchant: MerchantLine | None = None  # why not this one?
        self._found: Hindsight | None = None

    def furnish(self) -> ComposeResult:
        with Vertical(id="match"):
            yield Static(id="match-asked", markup=False)
            yield Static(id="match-why", markup=False)
            yield MatchLists(id="match-lists")

    def on_mount(self) -> None:
        self.query_one("#able", Panel).ledger.focus()
        self.load(self._open)

    async def _open(self) -> None:
        self._sheets = await self.desk.client.sheets(self._case.number)
        await self._look_back()

    async def _look_back(self) -> None:
        if self._sheets:
            asked = self._otherwise
            self._found = await self.desk.client.hindsight(
                self._case.number,
                sheet_id=self._sheets[self._which].id,
                merchant_id=self._merchant.id if self._merchant is not None else None,
                at=asked.at.isoformat() if asked.at is not None else None,
                priority=asked.priority,
                home_of=asked.home_of.id if asked.home_of is not None else None,
            )
        self.repaint()

    def paint(self) -> None:
        speech, found = self.desk.speech, self._found
        self.query_one("#match-asked", Static).update(self._decided())
        why = self.query_one("#match-why", Static)
        why.display = self._merchant is not None
        why.update(self._why())
        lists = self.query_one(MatchLists)
        if found is None:
            nothing = self._sheets is not None and not self._sheets
            lists.show([], [], speech, empty="hindsight.no_sheet" if nothing else "candidates.asking")
        else:
            more = (found.more_candidates, found.more_excluded)
            by = found.more_excluded_by
            lists.show(found.candidates, found.excluded, speech, way=self._way(found), more=more, why=by)
        self.refresh_bindings()

    def _way(self, found: Hindsight) -> str:
        speech = self.desk.speech
        way = speech.word("way", found.way)
        if found.at_once > 1:
            way = speech.say("way.at_once", way=way, count=found.at_once)
        return speech.say("way.minutes", way=way, count=found.minutes)

    def _decided(self) -> Content:
        """The case; when it was decided and who was asked; what is asked otherwise."""
        say, found = self.desk.speech.say, self._found
        head = case_text(self._case, self.desk.speech)
        if found is None or not self._sheets:
            return Content.styled(head, "bold")
        sheet, zone = self._sheets[self._which], self.desk.world.zone
        asked = ", ".join(plain(each.name, 40) for each in sheet.asked) or say("hindsight.nobody_asked")
        decided = say(
            "hindsight.decided",
            nth=len(self._sheets) - self._which,
            count=len(self._sheets),
            at=times.full(found.decided_at, zone),
            asked=asked,
        )
        assumed = (self._assumed(found), "bold $text-warning" if found.changed else "")
        return Content.assemble((head, "bold"), "\n", (decided, "$text-muted"), "\n", assumed)

    def _assumed(self, found: Hindsight) -> str:
        """As it was, or what if; and when, how urgent and where that is."""
        speech, zone = self.desk.speech, self.desk.world.zone
        home = self._otherwise.home_of
        place = speech.say("hindsight.home_of", who=called(home)) if home is not None else plain(self._case.place, 80)
        values = {"at": times.full(found.at, zone), "priority": speech.word("priority", found.priority)}
        return speech.say("hindsight.what_if" if found.changed else "hindsight.as_it_was", place=place, **values)

    def _why(self) -> str:
        """为什么不是 白日药房：已打烊, 08:00 开门."""
        speech, merchant = self.desk.speech, self._merchant
        if merchant is None:
            return ""
        name, why = plain(merchant.name, 80), self._found.why if self._found is not None else None
        if why is None:
            return speech.say("hindsight.not_there_yet", merchant=name)
        return self._reasons(name, why)

    def _reasons(self, name: str, why: WhyNot) -> str:
        speech = self.desk.speech
        reasons = "; ".join(speech.said(reason) for reason in why.reasons)
        if why.place is not None:
            said = speech.say("hindsight.was_able", merchant=name, nth=why.place, reasons=reasons)
        else:
            said = speech.say("hindsight.why_not", merchant=name, reasons=reasons)
        return f"{said}  {speech.say('hindsight.changed_since')}" if why.changed_since else said

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "older":
                step = parameters[0]
                return isinstance(step, int) and 0 <= self._which + step < len(self._sheets or [])
            case "as_it_was":
                return self._otherwise != Otherwise() or self._merchant is not None
            case "why_not" | "time" | "priority" | "place" | "merchant":
                return self._found is not None
            case _:
                return super().check_action(action, parameters)

    # What the keys ask

    def action_why_not(self) -> None:
        """The one under the cursor of the lists, or any other: found by its name."""

        def found(merchant: MerchantLine | None) -> None:
            if merchant is not None:
                self._merchant = merchant
                self.load(self._look_back)

        self.app.push_screen(FindMerchant(self.desk), found)

    def action_time(self) -> None:
        base = self._found.at if self._found is not None else self.desk.world.now()

        def asked(at: datetime | None) -> None:
            self._ask(replace(self._otherwise, at=at))

        ask_moment(self, base, asked, title="hindsight.time_title", hint="hindsight.time_hint")

    def action_priority(self) -> None:
        speech = self.desk.speech
        choices = [Choice(each, speech.word("priority", each)) for each in get_args(Priority)]
        choices.append(Choice(_AS_IT_WAS, speech.say("hindsight.same")))

        def chosen(picked: str | None) -> None:
            if picked is not None:
                wanted = next((each for each in get_args(Priority) if each == picked), None)
                self._ask(replace(self._otherwise, priority=wanted))

        self.app.push_screen(Pick(self.desk, "hindsight.priority_title", choices, self._case.priority), chosen)

    def action_place(self) -> None:
        """At another resident's home."""

        def found(resident: ResidentLine | None) -> None:
            if resident is not None:
                self._ask(replace(self._otherwise, home_of=resident))

        self.app.push_screen(Find(self.desk), found)

    def action_as_it_was(self) -> None:
        self._merchant = None
        self._ask(Otherwise())

    def action_older(self, step: int) -> None:
        self._which += step
        self.load(self._look_back)

    def _ask(self, otherwise: Otherwise) -> None:
        self._otherwise = otherwise
        self.load(self._look_back)

    def action_merchant(self) -> None:
        """The record of the one under the cursor, as it is today."""
        if (found := self._found) is None:
            return
        merchant = self.query_one(MatchLists).merchant(found.candidates, found.excluded)
        if merchant is not None:
            self.app.push_screen(MerchantScreen(self.desk, merchant))
