"""Where she usually buys and whom she usually calls, one merchant of each kind: it is asked first."""

from typing import Any, ClassVar, get_args

from textual.binding import BindingType

from console.card.record_list import RecordList
from console.desk import Desk
from console.keys import key
from console.ledger import Column, Ledger, Row
from console.merchant.find import FindMerchant
from console.plain import plain
from dispatch.wire.people import MerchantLine, ResidentCard
from dispatch.wire.words import MerchantKind

_KINDS = get_args(MerchantKind)


class Usual(RecordList):
    """Every kind, with hers where she has one."""

    BINDINGS: ClassVar[list[BindingType]] = [key("x", "take_away", "usual.take_away")]
    enter = "usual.choose"
    asks = "usual"
    columns = (Column(12), Column(20, share=1))

    def rows(self) -> list[Row]:
        names = {each.kind: plain(each.name, 80) for each in self.card.usual_merchants}
        word = self.desk.speech.word
        return [Row(kind, (word("merchant", kind), (names.get(kind, ""), "strong"))) for kind in _KINDS]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "take_away":
            return self.marked in _ids(self.card)
        return super().check_action(action, parameters)

    def on_ledger_moved(self) -> None:
        self.refresh_bindings()

    def on_ledger_chosen(self, event: Ledger.Chosen) -> None:
        self.ask(self._choose, event.row)

    async def _choose(self, kind: str) -> None:
        found = await self.app.push_screen_wait(FindOfKind(self.desk, kind))
        if found is not None:
            self.give(self.write, {"usual_merchants": _ids(self.card) | {kind: found.id}})

    def action_take_away(self) -> None:
        """It can be chosen again: nothing is asked."""
        ids: dict[str, Any] = {kind: id_ for kind, id_ in _ids(self.card).items() if kind != self.marked}
        self.give(self.write, {"usual_merchants": ids})


class FindOfKind(FindMerchant):
    """Only merchants of that kind."""

    def __init__(self, desk: Desk, kind: str) -> None:
        super().__init__(desk)
        self._kind = kind

    async def look(self, words: str) -> tuple[int, list[MerchantLine]]:
        found = await self.desk.client.find_merchants(words, self._kind)
        return found.total, found.items


def _ids(card: ResidentCard) -> dict[str, int]:
    return {each.kind: each.merchant_id for each in card.usual_merchants}
