"""What an operator does in a call of her own, from whatever screen: hold, others in and out of it, the end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from console.ask.line import Line
from console.ask.pick import Choice, Pick
from console.keys import key
from console.messages import Told
from console.phone import choices
from console.phone.parties import name_of
from console.room import Room
from dispatch.wire.calls import CallLine, LegLine
from dispatch.wire.people import MerchantLine, ResidentCard, ResidentLine
from dispatch.wire.telephone import CallVerb, DropLeg, HandOver

Command = Callable[[], Awaitable[CallLine]]

_TWO = 2  # she and I: who hangs up cuts off nobody else


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a screen is about, as far as one telephones for it. `calls` are those whose recordings it can name."""

    call: CallLine | None = None
    resident: ResidentLine | None = None
    card: ResidentCard | None = None
    case_number: str | None = None
    call_back: bool = False  # the case is there for calling somebody back, who called last by `last_call`
    last_call: int | None = None
    merchants: list[MerchantLine] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)


class InCall(Room[None]):
    """The keys of a call in which I am."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("h", "hold", "phone.hold"),
        key("h", "resume", "phone.resume"),
        key("j", "bring_in", "phone.bring_in"),
        key("q", "drop", "phone.drop"),
        key("y", "hand_over", "phone.hand_over"),
        key("g", "hang_up", "phone.hang_up"),
    ]

    @property
    def about(self) -> About:
        return About()

    @property
    def mine(self) -> CallLine | None:
        """The call that is shown, where I am in that one, else the one in which I am."""
        shown, world = self.about.call, self.desk.world
        if shown is not None and shown.state != "ended" and world.is_mine(shown):
            return shown
        return world.my_call()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        mine = self.mine
        talking = mine is not None and mine.state == "talking"
        held = mine is not None and mine.held_since is not None
        match action:
            case "hold":
                return talking and not held
            case "resume":
                return talking and held
            case "bring_in" | "hand_over":
                return talking
            case "drop":
                return mine is not None and bool(self._others(mine))
            case "hang_up":
                return mine is not None
            case _:
                return True

    def action_hold(self) -> None:
        if (call := self.mine) is not None:
            self.command(partial(self.desk.client.hold, call.id, CallVerb(expects=call.state)))

    def action_resume(self) -> None:
        if (call := self.mine) is not None:
            self.command(partial(self.desk.client.resume, call.id, CallVerb(expects=call.state)))

    def action_hang_up(self) -> None:
        """For everybody at once: where others would be cut off, or it is an emergency, it is asked first."""
        if (call := self.mine) is None:
            return
        order = partial(self.desk.client.hang_up, call.id, CallVerb(expects=call.state))
        if len(call.legs) <= _TWO and call.priority != "emergency":
            self.command(order)
            return
        say = self.desk.speech.say
        answers = [Choice("all", say("phone.hang_up_all", count=len(call.legs))), Choice("stay", say("phone.stay"))]

        def answered(answer: str | None) -> None:
            if answer == "all":
                self.command(order)

        self.app.push_screen(Pick(self.desk, "phone.hang_up_title", answers, "stay"), answered)

    def action_hand_over(self) -> None:
        """To a colleague who is there; the call stays mine until she answers."""
        if (call := self.mine) is None:
            return
        there = choices.colleagues(self.desk.world, self.desk.speech, call)
        if not there:
            self.post_message(Told("phone.no_colleague"))
            return

        def chosen(choice: str | None) -> None:
            if choice is not None:
                to = HandOver(expects=call.state, operator_id=int(choice.partition(":")[2]))
                self.command(partial(self.desk.client.hand_over, call.id, to))

        self.app.push_screen(Pick(self.desk, "phone.hand_over_title", there), chosen)

    def action_bring_in(self) -> None:
        if (call := self.mine) is not None:
            self.ask(self._bring_in, call)

    async def _bring_in(self, call: CallLine) -> None:
        world, speech, card = self.desk.world, self.desk.speech, await self.card_of(call, call.resident)
        cases = world.cases_of(call.resident.id) if call.resident is not None else []
        offered = [
            *choices.contacts(card, speech),
            *choices.merchants([*self.about.merchants, *(case.merchant for case in cases)], card, speech),
            *choices.colleagues(world, speech, call),
            choices.any_number(speech),
        ]
        if (chosen := await self.whom("phone.bring_in_title", offered)) is not None:
            self.command(partial(self.desk.client.bring_in, call.id, choices.bring_in(chosen)))

    def action_drop(self) -> None:
        """One of several; the only one goes without asking."""
        if (call := self.mine) is None or not (others := self._others(call)):
            return

        def chosen(leg: str | None) -> None:
            if leg is not None:
                self.command(partial(self.desk.client.drop, call.id, DropLeg(expects=call.state, leg_id=int(leg))))

        if len(others) == 1:
            chosen(str(others[0].id))
            return
        world, speech = self.desk.world, self.desk.speech
        offered = [
            Choice(str(leg.id), name_of(leg, call, world, speech), "" if leg.joined_at else speech.say("phone.rings"))
            for leg in others
        ]
        self.app.push_screen(Pick(self.desk, "phone.drop_title", offered), chosen)

    def _others(self, call: CallLine) -> list[LegLine]:
        """Who can be dropped: those brought in, and I myself where a colleague goes on."""
        me = self.desk.world.me
        brought_in = [leg for leg in call.legs if leg.role == "third"]
        operators = [leg for leg in call.legs if leg.role == "operator"]
        own = [leg for leg in operators if leg.operator is not None and me is not None and leg.operator.id == me.id]
        colleagues = [leg for leg in operators if leg not in own]
        return [*brought_in, *colleagues, *(own if any(leg.joined_at for leg in colleagues) else [])]

    # What the keys share

    def command(self, order: Command) -> None:
        """Gives it, and shows the call as it is answered."""
        self.give(self._ordered, order)

    async def _ordered(self, order: Command) -> None:
        self.desk.world.put_call(await order())
        if self.is_attached:
            self.repaint()

    async def whom(self, title: str, offered: list[Choice]) -> str | None:
        """One of those, or a number that is typed; None for never mind."""
        chosen: str | None = await self.app.push_screen_wait(Pick(self.desk, title, offered))
        while chosen == choices.NUMBER:
            typed = await self.app.push_screen_wait(
                Line(self.desk, "phone.number_title", "phone.number_hint", longest=40)
            )
            if typed is None:
                return None
            if (number := choices.number_in(typed)) is not None:
                return f"{choices.LINE}:{number}"
            self.app.post_message(Told("phone.not_a_number", text=typed))
        return chosen

    async def card_of(self, call: CallLine | None, resident: ResidentLine | None) -> ResidentCard | None:
        """Her card: as it is open on this screen, else opened, through the call where there is one."""
        if resident is None:
            return None
        if (card := self.about.card) is not None and card.id == resident.id:
            return card
        if call is not None:
            return (await self.desk.client.call(call.id)).card
        return await self.desk.client.resident(resident.id)
