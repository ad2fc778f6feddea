"""Two records that may be of one person: one of them is kept, or they are two people."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from console.ask.pick import Choice, Pick
from console.desk import Desk
from console.doubles.sides import sides
from console.errors import Refused
from console.keys import key
from console.ledger import Column, Ledger
from console.messages import Told
from console.plain import plain
from console.room import Room
from dispatch.wire.base import Problem
from dispatch.wire.people import Apart, DoubleView, MergePeople, ResidentCard

_COLUMNS = (Column(12), Column(20, share=1), Column(20, share=1))


class PairScreen(Room[bool | None]):
    """Answers whether the pair is settled. To look at it opens both records: both are in the access log."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("1,left", "keep(0)", "pair.keep_left"),
        key("2,right", "keep(1)", "pair.keep_right"),
        key("3", "apart", "pair.apart"),
    ]

    def __init__(self, desk: Desk, pair: DoubleView) -> None:
        super().__init__(desk)
        self._pair = pair
        self._cards: tuple[ResidentCard, ResidentCard] | None = None

    def furnish(self) -> ComposeResult:
        with Container(id="pair"):
            yield Static(id="pair-title", markup=False)
            both = Ledger(_COLUMNS, id="pair-sides", marker=False)
            both.can_focus = False
            yield both

    def on_mount(self) -> None:
        self.load(self._open)

    async def _open(self) -> None:
        """A record that another supervisor has merged meanwhile leads to the one it went into: nothing is left."""
        client = self.desk.client
        left, right = await client.resident(self._pair.one.id), await client.resident(self._pair.other.id)
        if left.id == right.id:
            self.app.post_message(Told("told.merged_before"))
            self.dismiss(True)
            return
        self._cards = left, right
        self.repaint()

    def paint(self) -> None:
        speech = self.desk.speech
        doubt = speech.word("doubt", self._pair.doubt)
        self.query_one("#pair-title", Static).update(speech.say("pair.title") + (f"  {doubt}" if doubt else ""))
        rows = sides(*self._cards, speech) if self._cards is not None else []
        self.query_one(Ledger).show(rows, speech.say("card.opening"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("keep", "apart"):
            return self._cards is not None
        return super().check_action(action, parameters)

    def action_keep(self, place: int) -> None:
        if self._cards is not None:
            keep, other = self._cards[place], self._cards[1 - place]
            self.ask(self._merge, keep, other)

    async def _merge(self, keep: ResidentCard, other: ResidentCard) -> None:
        """The first choice changes nothing: a merge is not taken back."""
        say = self.desk.speech.say
        merged = say("pair.merge", keep=keep.id, other=other.id, name=plain(keep.name, 40))
        choices = [Choice("nothing", say("pair.nothing")), Choice("merge", merged, say("pair.merge_hint"))]
        if await self.app.push_screen_wait(Pick(self.desk, "pair.sure", choices)) == "merge":
            self.give(self._merged, keep, other)

    async def _merged(self, keep: ResidentCard, other: ResidentCard) -> None:
        try:
            await self.desk.client.merge(keep.id, MergePeople(other_id=other.id))
        except Refused as error:
            if (why := _why(error.problem)) is None:
                raise
            cases = ", ".join(map(str, error.problem.values.get("cases") or ()))
            self.app.post_message(Told(why, warns=True, cases=cases))
            return
        self.app.post_message(Told("told.merged", keep=keep.id, other=other.id))
        self._done()

    def action_apart(self) -> None:
        if self._cards is not None:
            self.give(self._apart, *self._cards)

    async def _apart(self, one: ResidentCard, other: ResidentCard) -> None:
        await self.desk.client.two_people(one.id, Apart(other_id=other.id))
        self.app.post_message(Told("told.apart"))
        self._done()

    def _done(self) -> None:
        if self.is_attached:
            self.dismiss(True)


def _why(problem: Problem) -> str | None:
    """The sentence of what is in the way of a merge; None where the service's own says enough."""
    match problem.key:
        case "conflict" if problem.values.get("cases"):
            return "pair.emergency_open"
        case "conflict" if problem.values.get("now") == "going_on":
            return "pair.on_the_line"
        case "bad_value":
            return "pair.has_ended"
        case _:
            return None
