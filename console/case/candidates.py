"""Who could come, and why; who not, and why not."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Static

from console.board.panel import Panel
from console.board.rows import case_text
from console.desk import Desk
from console.keys import digit, digit_of, key
from console.ledger import Column, Ledger, Row
from console.plain import plain
from console.room import Room
from console.speech import Speech
from dispatch.wire.work import Candidate, Candidates, CaseCard, CaseLine, Dispatch, Excluded

_ABLE = (Column(1), Column(16, share=1), Column(6), Column(14), Column(5), Column(24, share=2))
_UNABLE = (Column(1), Column(16, share=1), Column(6), Column(14), Column(30, share=2))


class CandidatesScreen(Room[CaseCard | None]):
    """Enter sends the case to the one under the cursor, at first the best; a digit to that one. Answers the case."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("1", "nothing", "candidates.pick", shown="1-9"),
        key("tab", "app.focus_next", "candidates.next"),
    ]
    enter = "candidates.send"

    def __init__(self, desk: Desk, case: CaseLine) -> None:
        super().__init__(desk)
        self._case = case
        self._found: Candidates | None = None

    @property
    def case(self) -> CaseLine:
        return self.desk.world.cases.get(self._case.number, self._case)

    def furnish(self) -> ComposeResult:
        with Vertical(id="candidates"):
            yield Static(id="candidates-case", markup=False)
            yield Panel(_ABLE, id="able")
            yield Panel(_UNABLE, id="unable")

    def on_mount(self) -> None:
        self.query_one("#able", Panel).ledger.focus()
        self.load(self._match)

    async def _match(self) -> None:
        self._found = await self.desk.client.candidates(self._case.number)
        self.repaint()

    def paint(self) -> None:
        speech, case, found = self.desk.speech, self.case, self._found
        state = speech.word("case", case.state)
        self.query_one("#candidates-case", Static).update(
            f"{case_text(case, speech)}  {state}\n" + "  ".join(filter(None, (plain(case.words), plain(case.place))))
        )
        able, unable = (found.candidates, found.excluded) if found is not None else ([], [])
        nobody = speech.say("candidates.asking" if found is None else "candidates.nobody")
        self.query_one("#able", Panel).show(
            speech.say("candidates.able", count=len(able)),
            [_able_row(index, candidate, speech) for index, candidate in enumerate(able)],
            nobody,
        )
        self.query_one("#unable", Panel).show(
            speech.say("candidates.unable", count=len(unable)),
            [_unable_row(excluded, speech) for excluded in unable],
            "" if found is None else speech.say("candidates.nobody_out"),
        )

    def on_key(self, event: Key) -> None:
        index = digit(event)
        if index is not None and self._found is not None and index < len(self._found.candidates):
            event.stop()
            self._send(self._found.candidates[index])

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        candidates = self._found.candidates if self._found is not None else []
        chosen = next((each for each in candidates if str(each.merchant.id) == event.row), None)
        if event.ledger.id == "able-rows" and chosen is not None:
            self._send(chosen)

    def _send(self, chosen: Candidate) -> None:
        assert self._found is not None
        # The first as the service ranked it, or the operator's own choice, which is kept as such.
        best = chosen is self._found.candidates[0]
        order = Dispatch(
            expects=self.case.state, sheet_id=self._found.sheet_id, merchant_id=None if best else chosen.merchant.id
        )
        self.give(self._dispatch, order)

    async def _dispatch(self, order: Dispatch) -> None:
        case = await self.desk.client.dispatch(self._case.number, order)
        self.desk.world.put_case(case)
        if self.is_attached:
            self.dismiss(case)


def _able_row(index: int, candidate: Candidate, speech: Speech) -> Row:
    merchant = candidate.merchant
    reasons = " ".join(speech.said(reason) for reason in candidate.reasons if reason.key != "reason.distance")
    cells = (
        (digit_of(index), "strong"),
        (plain(merchant.name, 80), "strong"),
        speech.word("merchant", merchant.kind),
        metres(candidate.distance, speech),
        speech.word("channel", candidate.channel),
        (reasons, "good" if candidate.usual else ""),
    )
    return Row(str(merchant.id), cells)


def _unable_row(excluded: Excluded, speech: Speech) -> Row:
    merchant = excluded.merchant
    reasons = "; ".join(speech.said(reason) for reason in excluded.reasons)
    kind = speech.word("merchant", merchant.kind)
    cells = ("", plain(merchant.name, 80), kind, metres(excluded.distance, speech), (reasons, "warn"))
    return Row(str(merchant.id), cells, "quiet")


def metres(distance: int | None, speech: Speech) -> str:
    """Straight-line metres, and named so."""
    return speech.say("distance.unknown") if distance is None else speech.say("distance.straight", metres=distance)
