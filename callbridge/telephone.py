"""What an operator does with a call from her keyboard: take, hold, hand over, bring in, drop, dial, listen; and what
we do by ourselves: read a menu to somebody who waits.

Nothing is remembered here: before each command the exchange is asked who is in the call, so it works as well after
any gap. A call of two is a bridge until it is held or a third comes in; then it is a room, a ConfBridge of the call's
name (extensions_telephone.conf). Legs of ours carry ids that we chose, `<exchange>-leg-…`, an operator's own call
`<exchange>-dial-…`.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from callbridge.calls import LiveCall, LiveCalls
from callbridge.errors import ActionRefused, NotLinked, UnsafeValue
from callbridge.events import PhonePresence
from callbridge.link import Link
from callbridge.menu import CONTEXT as MENU
from callbridge.menu import Menu
from callbridge.parties import HELD, ROOM, Parties, parties_of
from callbridge.settings import ExchangeSettings
from callbridge.speech import Speaker
from callbridge.wire import Fields, variable

log = structlog.get_logger(__name__)

RINGS = 30_000  # milliseconds until a telephone that we call counts as not answering
SETTLES = 1.0  # seconds in which what AMI has told shows in the exchange's list of channels, on a busy machine
LOOK_AGAIN = 0.05


class Telephone:
    """Commands about calls, each by the call's uniqueid.

    All raise `NotLinked` and `ActionRefused` when it did not happen, `LinkLost` when nobody knows, `UnsafeValue` for
    an id, extension or number that is none.
    """

    def __init__(
        self,
        settings: ExchangeSettings,
        speech: Speaker,
        calls: LiveCalls,
        link: Callable[[], Link],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._speech = speech
        self._calls = calls
        self._link = link
        self._now = now

    async def take(self, call: str, extension: str) -> None:
        """The waiting caller's call rings at that telephone only; the call comes back when nobody lifts it."""
        caller = _waiting(await self._parties(call))
        await self._redirect((caller, "townline-take", self._extension(extension)))

    async def ask(self, call: str, menu: Menu) -> None:
        """Read a menu to a caller who waits; her answer comes as `CallerPressed`. Raises `SpeechFailed` too."""
        prompt = await self._speech.say(menu.text, menu.language, call=call)
        for name, value in {**menu.variables, "TL_PROMPT": str(prompt.absolute().with_suffix(""))}.items():
            await self._link().act({"Action": "Setvar", "Channel": _id(call), "Variable": name, "Value": value})
        caller = _waiting(await self._parties(call, _is_waiting))
        await self._redirect((caller, MENU, "s"))

    async def hold(self, call: str, extension: str) -> None:
        """Music for the caller; who talked to her is in the call's room, alone or with those brought in."""
        parties = await self._parties(call, lambda now: now.has(extension))
        caller, operator = parties.caller(), parties.operator(extension)
        if parties.held:
            return
        if parties.is_room:
            await self._redirect((caller, HELD, "s"))
        else:
            await self._redirect((caller, HELD, "s"), (operator, ROOM, "operator"))

    async def resume(self, call: str) -> None:
        parties = await self._parties(call, lambda now: now.held)
        if not parties.held:
            raise ActionRefused("the call is not on hold")
        await self._redirect((parties.caller(), ROOM, "caller"))

    async def bring_in(self, call: str, leg: str, *, number: str | None = None, extension: str | None = None) -> None:
        """Call somebody, a number outside or a colleague, into the call; `PartyJoined` or `PartyLeft` follow."""
        await self._make_room(await self._parties(call, lambda now: bool(now.operators)))
        if extension is not None:
            await self._originate(call, leg, f"PJSIP/{self._extension(extension)}", role="operator")
        else:
            await self._originate(call, leg, f"PJSIP/{_number(number or '')}@trunk", role="party")

    async def hand_over(self, call: str, leg: str, *, by: str, extension: str) -> None:
        """To a colleague: as soon as she answers, `by` is out of the call."""
        parties = await self._parties(call, lambda now: now.has(by))
        operator = parties.operator(by)
        await self._make_room(parties)
        replaces = variable("TL_REPLACES", operator.get("channel", ""))
        await self._originate(call, leg, f"PJSIP/{self._extension(extension)}", replaces, role="operator")

    async def drop(self, leg: str) -> None:
        """Hang up one leg, by its uniqueid; one that has gone is no error."""
        try:
            await self._link().act({"Action": "Hangup", "Channel": _id(leg), "Cause": "16"})
        except NotLinked:
            raise
        except ActionRefused:
            log.info("leg.gone", leg=leg)

    async def hang_up_call(self, call: str, ringing: Sequence[str] = ()) -> None:
        """End a call, for everybody in it and at every telephone that still rings to be in it, by uniqueid."""
        parties = await self._parties(call)
        if parties.outside is not None and parties.outside.get("uniqueid") == call:
            for name, value in (("TL_END", "answered"), ("TL_BY", "operator")):
                await self._link().act({"Action": "Setvar", "Channel": call, "Variable": name, "Value": value})
        for each in dict.fromkeys([*(party.get("uniqueid", "") for party in parties.everybody), *ringing]):
            await self.drop(each)

    async def dial(self, call: str, extension: str, number: str) -> None:
        """The operator's telephone rings; when she lifts it, the number is called. `call` is a new `…-dial-…` id."""
        channel, number = f"PJSIP/{self._extension(extension)}", _number(number)
        action = self._origination(call, call, channel, "townline-dial", number)
        link = self._link()
        self._calls.add(LiveCall(call, call, "", self._now(), outgoing=True))
        try:
            await link.act(action)
        except (ActionRefused, UnsafeValue):
            self._calls.forget(call)
            raise

    async def listen(self, call: str, leg: str, extension: str, *, to: str | None, whisper: bool) -> None:
        """A supervisor's telephone rings and hears the call; whispering, the operator at `to` alone hears her."""
        parties = await self._parties(call, lambda now: now.has(to) if to is not None else bool(now.operators))
        operator = parties.operator(to) if to is not None else next(iter(parties.operators), None)
        if operator is None:
            raise ActionRefused("no operator is in this call")
        more = [
            variable("TL_SPIES_ON", operator.get("channel", "")),
            variable("TL_SPY", "qwE" if whisper else "qE"),
        ]
        channel = f"PJSIP/{self._extension(extension)}"
        action = self._origination(call, leg, channel, "townline-listen", "s", *more)
        await self._link().act(action)

    async def set_presence(self, extension: str, presence: PhonePresence, seconds: int = 0) -> None:
        """Add the telephone to the queues, pause it there, or take it out; the exchange remembers it.

        After-call work ends there after `seconds` and a few more, should nobody end it before.
        """
        action: dict[str, str | list[str]] = {
            "Action": "Originate",
            "Channel": "Local/set@townline-presence",
            "Context": "townline-presence",
            "Exten": "done",
            "Priority": "1",
            "Async": "true",
            "Variable": [
                variable("TL_EXTENSION", self._extension(extension)),
                variable("TL_PRESENCE", str(presence)),
                variable("TL_SECONDS", str(seconds)),
            ],
        }
        await self._link().act(action)

    async def _parties(self, call: str, there: Callable[[Parties], bool] = lambda now: True) -> Parties:
        """Who is in the call, as soon as it is as it should be, or as it is after a moment."""
        until = asyncio.get_running_loop().time() + SETTLES
        while True:
            channels = await self._link().list({"Action": "CoreShowChannels"})
            parties = parties_of(_id(call), channels, self._settings.name)
            if parties.outside is None or there(parties) or asyncio.get_running_loop().time() > until:
                return parties
            await asyncio.sleep(LOOK_AGAIN)

    async def _make_room(self, parties: Parties) -> None:
        """A call of two, in a bridge, goes on as a room; one that is a room already stays."""
        caller = parties.caller()
        if parties.is_room or parties.held:
            return
        operator = next((each for each in parties.operators if each.get("bridgeid") == caller.get("bridgeid")), None)
        if operator is None or not caller.get("bridgeid"):
            raise ActionRefused("nobody talks to the caller yet")
        await self._redirect((caller, ROOM, "caller"), (operator, ROOM, "operator"))

    async def _redirect(self, *moves: tuple[Fields, str, str]) -> None:
        """Both at once where there are two: redirected alone, one leg of a bridge ends the other."""
        action: dict[str, str | list[str]] = {"Action": "Redirect"}
        for prefix, (channel, context, extension) in zip(("", "Extra"), moves, strict=False):
            action |= {
                f"{prefix}Channel": channel.get("channel", ""),
                f"{prefix}Context": context,
                f"{prefix}Exten": extension,
                f"{prefix}Priority": "1",
            }
        await self._link().act(action)

    async def _originate(self, call: str, leg: str, channel: str, *more: str, role: str) -> None:
        action = self._origination(call, leg, channel, ROOM, "joins", variable("TL_ROLE", role), *more)
        await self._link().act(action)

    def _origination(
        self, call: str, leg: str, channel: str, context: str, extension: str, *more: str
    ) -> dict[str, str | list[str]]:
        return {
            "Action": "Originate",
            "ActionID": _id(leg),
            "Channel": channel,
            "ChannelId": leg,
            "Context": context,
            "Exten": extension,
            "Priority": "1",
            "Timeout": str(RINGS),
            "CallerID": self._settings.trunk.caller_id,
            "Account": call,
            "Async": "true",
            "Variable": [variable("__TL_CALL", _id(call)), *more],
        }

    def _extension(self, extension: str) -> str:
        if extension not in self._settings.extensions:
            raise UnsafeValue("extension must be one of this exchange's")
        return extension


def _is_waiting(parties: Parties) -> bool:
    """In the queue, which its telephones ring for, or in a menu; nobody has answered."""
    caller = parties.outside
    if caller is None or caller.get("bridgeid"):
        return False
    return caller.get("application") == "Queue" or caller.get("context") == MENU


def _waiting(parties: Parties) -> Fields:
    if not _is_waiting(parties):
        raise ActionRefused("the caller no longer waits")
    return parties.caller()


def _id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", text):
        raise UnsafeValue("an id must be 1 to 80 letters, digits, dots, dashes")
    return text


def _number(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9*#]{2,40}", text):
        raise UnsafeValue("number must be digits, with a plus sign at most before them")
    return text
