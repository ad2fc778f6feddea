"""Whose move a case is: acknowledged, handed to a colleague, called back, a silence cleared."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from console.ask.pick import Choice, Pick
from console.case.room import CaseRoom
from console.keys import key
from console.messages import Told
from console.phone.team import state_of
from console.plain import plain
from console.world import is_silent
from dispatch.wire.cases import Acknowledge, CaseLine, HandTurn

_ANYBODY = "anybody"


class TurnKeys(CaseRoom):
    """The keys by which an operator says that it is hers, or somebody else's, or done with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("a", "acknowledge", "case.acknowledge"),
        key("n", "clear", "case.clear"),
        key("s", "settle", "case.settle"),
        key("w", "hand_turn", "case.hand_turn"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        case = self.case
        match action:
            case "acknowledge":
                return case is not None and case.needs_since is not None
            case "clear":
                return case is not None and is_silent(case)
            case "settle":
                return case is not None and case.call_back and self.is_open and case.last_call is not None
            case "hand_turn":
                return case is not None and case.turn in ("operator", "supervisor") and self.is_open
            case _:
                return super().check_action(action, parameters)

    def action_acknowledge(self) -> None:
        """I have seen what it needs and take its turn; an emergency's ladder stops."""
        if (case := self.case) is not None:
            seen = Acknowledge(needs_since=case.needs_since)
            self.move(partial(self.desk.client.acknowledge, self.number, seen))

    def action_clear(self) -> None:
        """Nobody speaks, and it is no emergency."""
        if (case := self.case) is not None and case.last_call is not None:
            self.give(self._clear, case.last_call.id)

    async def _clear(self, call_id: int) -> None:
        self.desk.world.put_call(await self.desk.client.clear_silence(call_id))
        self.app.post_message(Told("told.cleared", number=self.number))

    def action_settle(self) -> None:
        """She has been called back, or needs nothing any more."""
        if (case := self.case) is not None and case.last_call is not None:
            self.give(self._settle, case.last_call.id)

    async def _settle(self, call_id: int) -> None:
        self.desk.world.put_call(await self.desk.client.settle_call(call_id))
        self.app.post_message(Told("told.called_back", number=self.number))

    def action_hand_turn(self) -> None:
        """To a colleague who is there, to whoever is there, or to myself; who took it first stays its owner."""
        if (case := self.case) is not None:
            self.app.push_screen(Pick(self.desk, "case.hand_turn_title", self._hands(case)), self._handed)

    def _hands(self, case: CaseLine) -> list[Choice]:
        world, speech, me = self.desk.world, self.desk.speech, self.desk.world.me
        holder = case.turn_operator.id if case.turn_operator is not None else None
        choices = [
            Choice(str(each.id), plain(each.name, 40), state_of(each, world, speech))
            for each in world.colleagues()
            if each.id != holder
        ]
        if me is not None and me.id != holder:
            choices.insert(0, Choice(str(me.id), speech.say("turn.me"), plain(me.name, 40)))
        if holder is not None:
            choices.append(Choice(_ANYBODY, speech.word("turn", "operator")))
        return choices

    def _handed(self, to: str | None) -> None:
        if to is not None:
            order = HandTurn(expects=self.now, operator_id=None if to == _ANYBODY else int(to))
            self.move(partial(self.desk.client.hand_turn, self.number, order), "told.turn_handed")
