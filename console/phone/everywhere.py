"""The telephone's keys that work on every screen: how present I am, help from 120, 110 or 119, going home."""

import asyncio
from contextlib import suppress
from typing import cast, get_args

from textual.app import App

from console.ask.pick import Choice, Pick
from console.board.rows import case_text
from console.desk import Desk
from console.errors import ConsoleError, Refused, SignedOut
from console.messages import Failed, OpenCall, OpenCase, Told
from console.phone import choices, emergency
from console.phone.in_call import About
from console.phone.room import PhoneRoom
from console.room import Room
from dispatch.wire.telephone import PresenceChange
from dispatch.wire.words import BreakReason

_FAREWELL = 2.0  # seconds


class Services(Pick):
    """Which of the three."""

    def __init__(self, desk: Desk) -> None:
        word = desk.speech.word
        choices = [Choice(number, f"{number}  {word('emergency', number)}") for number in emergency.SERVICES]
        super().__init__(desk, "emergency.title", choices)


class Everywhere:
    def __init__(self, app: App[None], desk: Desk) -> None:
        self._app = app
        self._desk = desk

    # Presence

    def presence(self) -> None:
        speech = self._desk.speech
        word = speech.word("presence", "break")
        breaks = [Choice(reason, f"{word} {speech.word('break', reason)}") for reason in _BREAKS]
        ready = Choice("ready", speech.word("presence", "ready"), speech.say("presence.ready.hint"))
        self._app.push_screen(Pick(self._desk, "presence.title", [ready, *breaks]), self._present)

    def ready(self) -> None:
        self._present("ready")

    def _present(self, choice: str | None) -> None:
        if choice == "ready":
            wish = PresenceChange(presence="ready")
        elif choice is not None:
            wish = PresenceChange(presence="break", reason=cast("BreakReason", choice))
        else:
            return
        self._room.give(self._change, wish)

    async def _change(self, wish: PresenceChange) -> None:
        self._desk.world.put_operator(await self._desk.client.change_presence(wish))

    # Help

    def emergency(self) -> None:
        if not isinstance(self._app.screen, Services):
            self._app.push_screen(Services(self._desk), self._call_for_help)

    def _call_for_help(self, number: str | None) -> None:
        """Into my call, or from my telephone when I am in none."""
        call = self._desk.world.my_call()
        if number is None:
            return
        if call is None:
            about = self._about
            resident_id = about.resident.id if about.resident is not None else None
            self._room.give(self._dial, number, resident_id, about.case_number)
        elif call.state == "talking":
            self._room.give(self._bring_in, number, call.id)
        else:
            self._app.post_message(Told("phone.you_talk"))

    async def _bring_in(self, number: str, call_id: int) -> None:
        wish = choices.bring_in(f"{choices.LINE}:{number}")
        self._desk.world.put_call(await self._desk.client.bring_in(call_id, wish))

    async def _dial(self, number: str, resident_id: int | None, case_number: str | None) -> None:
        wish = choices.dial(f"{choices.LINE}:{number}", resident_id, case_number)
        call = await self._desk.client.dial(wish)
        self._desk.world.put_call(call)
        self._app.post_message(OpenCall(call.id))

    # Going home

    def leave(self) -> None:
        say, world = self._desk.speech.say, self._desk.world
        me = world.me.id if world.me is not None else None
        turns = sum(
            case.turn == "operator" and case.turn_operator is not None and case.turn_operator.id == me
            for case in world.open_cases()
        )
        handed = say("quit.turns", count=turns) if turns else ""
        answers = [Choice("leave", say("quit.leave"), handed), Choice("stay", say("quit.stay"))]
        self._app.push_screen(Pick(self._desk, "quit.title", answers), self._left)

    async def _left(self, answer: str | None) -> None:
        """The service is told that nobody sits here any more, if it can be told. It may say that somebody has to."""
        if answer != "leave":
            return
        with suppress(ConsoleError, TimeoutError):
            try:
                async with asyncio.timeout(_FAREWELL):
                    await self._desk.client.log_out()
            except SignedOut:
                pass
            except Refused as refused:
                self._refused(refused)
                return
        self._app.exit()

    def _refused(self, refused: Refused) -> None:
        """Nobody is there to take my open turns: here they are."""
        cases, speech = self._desk.world.cases, self._desk.speech
        numbers = refused.problem.values.get("cases")
        if not isinstance(numbers, list):
            self._app.post_message(Failed(refused))
            return
        turns = [
            Choice(number, case_text(cases[number], speech) if number in cases else number)
            for number in map(str, numbers)
        ]
        self._app.push_screen(Pick(self._desk, "quit.open_turns", turns), self._open_case)

    def _open_case(self, number: str | None) -> None:
        if number is not None:
            self._app.post_message(OpenCase(number))

    # Where it is asked from

    @property
    def _room(self) -> Room[object]:
        screen = self._app.screen
        assert isinstance(screen, Room)
        return screen

    @property
    def _about(self) -> About:
        screen = self._app.screen
        return screen.about if isinstance(screen, PhoneRoom) else About()


_BREAKS: tuple[BreakReason, ...] = get_args(BreakReason)
