"""Callers who wait and are read a menu, as `extensions_menu.conf` does it."""

from datetime import timedelta

from callbridge.exchange.configuration import ANSWER_SECONDS
from callbridge.menu import CONTEXT
from callbridge.standin.agenda import Agenda
from callbridge.standin.ami import Pairs, Received
from callbridge.standin.callers import Callers
from callbridge.standin.channel import Chronicle

RUNS_OUT = timedelta(seconds=40)  # both readings and the silence behind each
PHRASE = timedelta(seconds=2)


class Menus:
    """What a redirected caller hears and does; left alone she is in the queue again."""

    def __init__(self, chronicle: Chronicle, agenda: Agenda, callers: Callers) -> None:
        self.read: list[tuple[str, str]] = []  # the call and the file of what was read, without its ending
        self._chronicle = chronicle
        self._agenda = agenda
        self._callers = callers
        self._variables: dict[str, dict[str, str]] = {}  # by channel
        self._turns: dict[str, int] = {}  # by call: how often she has gone somewhere

    def set_variable(self, action: Received) -> Pairs:
        [channel], [name], [value] = action["Channel"], action["Variable"], action["Value"]
        if not any(channel in (each.uniqueid, each.name) for each in self._chronicle.channels.values()):
            return {"Response": "Error", "Message": "No such channel"}
        self._variables.setdefault(channel, {})[name] = value
        return {"Response": "Success", "Message": "Variable Set"}

    def redirect(self, action: Received) -> Pairs:
        """A waiting caller into a menu; whatever else is redirected is not seen here."""
        [name], [context] = action["Channel"], action["Context"]
        call = next((each for each, waits in self._callers.here.items() if waits.channel.name == name), None)
        if call is None or context != CONTEXT:
            return {"Response": "Error", "Message": "No such channel"}
        self._agenda.at_once(lambda: self._begin(call))
        return {"Response": "Success", "Message": "Redirect successful"}

    async def press(self, call: str, digits: str) -> None:
        """The caller presses these digits; those that mean nothing in her menu do nothing."""
        asked = self._variables[call]
        wants_us = len(digits) == 1 and digits in asked["TL_OUT"]
        if not wants_us and (set(digits) - set(asked["TL_KEYS"]) or len(digits) != int(asked["TL_DIGITS"])):
            return
        await self._tell(call, digits)
        self._callers.here[call].reported = not wants_us
        turn = self._turn(call)
        wait = PHRASE if wants_us else PHRASE + timedelta(seconds=ANSWER_SECONDS)
        self._agenda.add(wait, lambda: self._back(call, turn))

    async def _begin(self, call: str) -> None:
        if call not in self._callers.here:
            return
        await self._callers.leave_queue(call, CONTEXT)
        self.read.append((call, self._variables[call]["TL_PROMPT"]))
        turn = self._turn(call)
        self._agenda.add(RUNS_OUT, lambda: self._run_out(call, turn))

    async def _run_out(self, call: str, turn: int) -> None:
        if self._turns[call] == turn and call in self._callers.here:
            await self._tell(call, "")
            await self._back(call, turn)

    async def _back(self, call: str, turn: int) -> None:
        if self._turns[call] == turn and call in self._callers.here:
            self._callers.here[call].reported = False
            await self._callers.join_queue(call)

    async def _tell(self, call: str, digits: str) -> None:
        channel, menu = self._callers.here[call].channel, self._variables[call]["TL_MENU"]
        tell, context = self._chronicle, "townline-pressed"
        await tell.say_own("TownlinePressed", channel, context, Call=call, Menu=menu, Key=digits)
        tell.write_own("TOWNLINE_PRESSED", channel, context, menu=menu, key=digits)

    def _turn(self, call: str) -> int:
        """What was about to happen to her will not."""
        self._turns[call] = self._turns.get(call, 0) + 1
        return self._turns[call]
