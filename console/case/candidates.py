"""Who could come, and why; who not, and why not."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.widgets import Static

from console.board.panel import Panel
from console.board.rows import case_text
from console.case.candidate_rows import ABLE, UNABLE, able_row, unable_row
from console.desk import Desk
from console.keys import digit, key
from console.ledger import Ledger, Row
from console.merchant.screen import MerchantScreen
from console.plain import plain
from console.room import Room
from console.speech import Speech
from dispatch.wire.cases import CaseCard, CaseLine
from dispatch.wire.offers import Candidate, Candidates, Dispatch

UNDECIDED = ("open", "offering")
_CARES = frozenset({"pharmacy", "clinic", "hospital"})  # who may give her something that she must not have
_NO_CLINIC = "no-clinic"  # the row's key


class CandidatesScreen(Room[CaseCard | None]):
    """Enter sends the case to the one under the cursor, at first the best; a digit to that one. Answers the case."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("1", "nothing", "candidates.pick", shown="1-9"),
        key("tab", "app.focus_next", "candidates.next"),
        key("r", "merchant", "candidates.merchant"),
    ]
    enter = "candidates.send"

    def __init__(self, desk: Desk, case: CaseLine) -> None:
        super().__init__(desk)
        self._case = case
        self._found: Candidates | None = None
        self._allergies = ""

    @property
    def case(self) -> CaseLine:
        return self.desk.world.cases.get(self._case.number, self._case)

    def furnish(self) -> ComposeResult:
        with Vertical(id="candidates"):
            yield Static(id="candidates-case", markup=False)
            yield Panel(ABLE, id="able")
            yield Panel(UNABLE, id="unable")

    def on_mount(self) -> None:
        self.query_one("#able", Panel).ledger.focus()
        self.load(self._match)

    async def _match(self) -> None:
        self._found = await self.desk.client.candidates(self._case.number)
        self.repaint()
        her, service = self.case.resident, self.desk.service(self.case.service_code)
        if her is not None and service is not None and not _CARES.isdisjoint(service.merchant_kinds):
            self._allergies = (await self.desk.client.resident(her.id)).allergies
            self.repaint()

    def paint(self) -> None:
        speech, case, found = self.desk.speech, self.case, self._found
        state = speech.word("case", case.state)
        self.query_one("#candidates-case", Static).update(
            Content.assemble(
                f"{case_text(case, speech)}  {state}\n",
                "  ".join(filter(None, (plain(case.words), plain(case.place)))),
                (self._warning(), "bold $text-error"),
            )
        )
        able, unable = (found.candidates, found.excluded) if found is not None else ([], [])
        nobody = speech.say("candidates.asking" if found is None else "candidates.nobody")
        self.query_one("#able", Panel).show(
            "  ".join(filter(None, (speech.say("candidates.able", count=len(able)), self._way()))),
            [able_row(index, candidate, speech) for index, candidate in enumerate(able)] or self._without(speech),
            nobody,
        )
        self.query_one("#unable", Panel).show(
            speech.say("candidates.unable", count=len(unable)),
            [unable_row(excluded, speech) for excluded in unable],
            "" if found is None else speech.say("candidates.nobody_out"),
        )

    def _warning(self) -> str:
        """What must not be brought her."""
        text = plain(self._allergies, 200)
        return f"\n{self.desk.speech.say('card.allergies')} {text}" if text else ""

    def _without(self, speech: Speech) -> list[Row]:
        """An emergency for which everybody is called at once goes out without a clinic too."""
        service = self.desk.service(self.case.service_code)
        if self._found is None or self.case.state not in UNDECIDED or service is None:
            return []
        if service.priority != "emergency":
            return []
        cells = ("", (speech.say("candidates.no_clinic"), "late"), "", "", "", speech.say("candidates.all_the_same"))
        return [Row(_NO_CLINIC, cells)]

    def _way(self) -> str:
        """How the first is asked, and how many with it."""
        if self._found is None:
            return ""
        way = self.desk.speech.word("way", self._found.way)
        if self._found.at_once > 1:
            return self.desk.speech.say("way.at_once", way=way, count=self._found.at_once)
        return way

    def on_key(self, event: Key) -> None:
        index = digit(event)
        if index is not None and self._found is not None and index < len(self._found.candidates):
            event.stop()
            self._send(self._found.candidates[index])

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        if event.row == _NO_CLINIC:
            self._send(None)
            return
        candidates = self._found.candidates if self._found is not None else []
        chosen = next((each for each in candidates if str(each.merchant.id) == event.row), None)
        if event.ledger.id == "able-rows" and chosen is not None:
            self._send(chosen)

    def action_merchant(self) -> None:
        """The record of the one under the cursor, who could come or not."""
        row = self.focused.current if isinstance(self.focused, Ledger) else None
        if self._found is None or row is None:
            return
        everybody = [each.merchant for each in self._found.candidates]
        everybody += [each.merchant for each in self._found.excluded]
        if merchant := next((each for each in everybody if str(each.id) == row), None):
            self.app.push_screen(MerchantScreen(self.desk, merchant))

    def _send(self, chosen: Candidate | None) -> None:
        assert self._found is not None
        # The first as the service ranked it, or the operator's own choice, which is kept as such.
        asked = self._case.state in UNDECIDED
        best = asked and chosen in self._found.candidates[:1]
        # What somebody has accepted meanwhile is not taken away unseen: she hears who was first.
        expects = self.case.state if not asked or self.case.state in UNDECIDED else self._case.state
        picked = None if chosen is None or best else chosen.merchant.id
        order = Dispatch(expects=expects, sheet_id=self._found.sheet_id, merchant_id=picked)
        self.give(self._dispatch, order)

    async def _dispatch(self, order: Dispatch) -> None:
        case = await self.desk.client.dispatch(self._case.number, order)
        self.desk.world.put_case(case)
        if self.is_attached:
            self.dismiss(case)
