"""A screen from which one telephones: taking what waits, calling somebody, listening; what a wrong key is told."""

from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Key

from console.ask.pick import Choice, Pick
from console.keys import key
from console.messages import OpenCall, Told
from console.phone import choices
from console.phone.in_call import About, InCall
from console.phone.recordings import Recordings
from dispatch.wire.calls import CallLine, LegLine
from dispatch.wire.telephone import CallVerb, Dial, DropLeg, Listen

# What is said when a key means nothing at the moment.
WRONG = {
    "t": "phone.nothing_to_take",
    "h": "phone.no_call",
    "j": "phone.no_call",
    "q": "phone.nobody_to_drop",
    "y": "phone.no_call",
    "g": "phone.no_call",
    "l": "phone.nobody_to_call",
    "f": "phone.no_recordings",
}
_NEEDS_A_FREE_TELEPHONE = frozenset({"t", "l"})


class PhoneRoom(InCall):
    """`about` says what these keys are for: the call, the resident, the case on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("t", "take", "phone.take"),
        key("l", "call_back", "phone.call_back"),
        key("l", "call", "phone.call"),
        key("i", "listen", "phone.listen"),
        key("f", "recordings", "phone.recordings"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        about, free = self.about, self.mine is None
        call = about.call
        match action:
            case "take":
                return free and call is not None and call.state == "queued" and call.direction == "in"
            case "call_back":
                return free and about.call_back
            case "call":
                somebody = call is not None or about.resident is not None or bool(about.merchants)
                return free and not about.call_back and somebody
            case "listen":
                return call is not None and self._may_listen(call)
            case "recordings":
                return bool(about.calls)
            case _:
                return super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """A key of the telephone that means nothing now is not swallowed in silence."""
        if (why := WRONG.get(event.key)) is not None and event.key not in self.active_bindings:
            event.stop()
            talks = event.key in _NEEDS_A_FREE_TELEPHONE and self.mine is not None
            self.post_message(Told("phone.you_talk" if talks else why))

    def action_take(self) -> None:
        """The chosen call rings at my telephone only. Who was faster is said."""
        if (call := self.about.call) is not None:
            self.command(partial(self.desk.client.take, call.id, CallVerb(expects=call.state)))

    # Calling somebody

    def action_call_back(self) -> None:
        """At the number from which she called last."""
        about = self.about
        resident_id = about.resident.id if about.resident is not None else None
        wish = Dial(call_id=about.last_call, resident_id=resident_id, case_number=about.case_number)
        self.give(self.dialled, wish)

    def action_call(self) -> None:
        self.ask(self._choose_and_call, self.about)

    async def _choose_and_call(self, about: About) -> None:
        speech, card = self.desk.speech, await self.card_of(about.call, about.resident)
        offered = [
            *choices.lines(about.call, card, speech),
            *choices.contacts(card, speech),
            *choices.merchants(about.merchants, card, speech),
            choices.any_number(speech),
        ]
        if (chosen := await self.whom("phone.call_title", offered)) is not None:
            resident_id = about.resident.id if about.resident is not None else None
            self.give(self.dialled, choices.dial(chosen, resident_id, about.case_number))

    async def dialled(self, wish: Dial) -> None:
        """My telephone rings; its card shows how far it is."""
        call = await self.desk.client.dial(wish)
        self.desk.world.put_call(call)
        self.app.post_message(OpenCall(call.id))

    # A supervisor

    def action_listen(self) -> None:
        """Hears the call, or whispers to its operator; a second time ends it."""
        if (call := self.about.call) is None:
            return
        if (leg := self._my_ear(call)) is not None:
            self.command(partial(self.desk.client.drop, call.id, DropLeg(expects=call.state, leg_id=leg.id)))
            return
        ways = [Choice(how, self.desk.speech.word("listen", how)) for how in ("listen", "whisper")]

        def chosen(how: str | None) -> None:
            if how is not None:
                wish = Listen(expects=call.state, how="whisper" if how == "whisper" else "listen")
                self.command(partial(self.desk.client.listen, call.id, wish))

        self.app.push_screen(Pick(self.desk, "phone.listen_title", ways), chosen)

    def _may_listen(self, call: CallLine) -> bool:
        world = self.desk.world
        return (
            world.me is not None
            and world.me.role != "operator"
            and call.state == "talking"
            and not world.is_mine(call)
        )

    def _my_ear(self, call: CallLine) -> LegLine | None:
        me = self.desk.world.me
        ears = (leg for leg in call.legs if leg.role == "supervisor")
        return next((leg for leg in ears if me is not None and leg.operator and leg.operator.id == me.id), None)

    def action_recordings(self) -> None:
        self.app.push_screen(Recordings(self.desk, self.about.calls))
