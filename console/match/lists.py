"""Who could come and who not, below one another."""

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from console.board.panel import Panel
from console.case.candidate_rows import ABLE, UNABLE, able_row, unable_row
from console.ledger import Ledger, Row
from console.speech import Speech
from dispatch.wire.offers import Candidate, Excluded
from dispatch.wire.people import MerchantLine


class MatchLists(Vertical):
    """Two lists with a line each for those who are not listed one by one."""

    def compose(self) -> ComposeResult:
        yield Panel(ABLE, id="able")
        yield Panel(UNABLE, id="unable")
        yield Static(id="match-more", markup=False)

    def show(
        self,
        able: Sequence[Candidate],
        unable: Sequence[Excluded],
        speech: Speech,
        *,
        way: str = "",
        more: tuple[int, int] = (0, 0),
        why: Mapping[str, int] | None = None,
        empty: str = "",
    ) -> None:
        """`way` stands beside the title, `more` is how many there are beside those listed, `why` of the latter by the
        key of a reason, `empty` a message key.
        """
        say = speech.say
        title = say("match.could_come", count=len(able) + more[0])
        self.query_one("#able", Panel).show(
            "  ".join(filter(None, (title, way))),
            [able_row(index, one, speech) for index, one in enumerate(able)],
            say(empty or "candidates.nobody"),
        )
        rows: list[Row] = [unable_row(out, speech) for out in unable]
        nobody = "" if empty else say("candidates.nobody_out")
        self.query_one("#unable", Panel).show(say("match.could_not_come", count=len(unable) + more[1]), rows, nobody)
        rest = self.query_one("#match-more", Static)
        rest.display = any(more)
        counted = [f"{say(f'out.{key}')} {count}" for key, count in (why or {}).items()]
        rest.update("  ".join([say("match.not_listed", able=more[0], unable=more[1]), *counted]))

    def merchant(self, able: Sequence[Candidate], unable: Sequence[Excluded]) -> MerchantLine | None:
        """The one under the cursor of the list that has the focus."""
        focused = self.screen.focused
        row = focused.current if isinstance(focused, Ledger) else None
        lines = [*(one.merchant for one in able), *(out.merchant for out in unable)]
        return next((line for line in lines if str(line.id) == row), None)
