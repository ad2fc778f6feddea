"""What we ask of the exchange: a caller's priority and name, calls of ours, facts it keeps for when we are away."""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from callbridge.calls import LiveCall, LiveCalls
from callbridge.emergency import is_emergency_service
from callbridge.errors import ActionRefused, LinkLost, NotLinked, UnsafeValue
from callbridge.events import CallOut
from callbridge.ledger import Ledger
from callbridge.link import Link
from callbridge.outgoing import CallsOut
from callbridge.settings import ExchangeSettings
from callbridge.speech import Language, Speaker
from callbridge.wire import Fields, variable

log = structlog.get_logger(__name__)

ANSWERED_ELSEWHERE = "26"  # Q.850: the telephone does not note a missed call
SHORT_WAIT = 0.05  # seconds between two Hangups of a channel that is not there yet
LOOKS = 3  # before something is said never to have happened: CEL's row follows its event by 0.05 s, seldom by more
BETWEEN_LOOKS = 0.5
KEYS_AT_ONCE = 24  # of up to 40 signs: a line of AMI has 1022 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCall:
    """A call of ours that says a text and asks for one digit.

    `attempt` is its own id, never used for another call. `keys` are the digits that answer, `repeat` the one that
    asks to hear it again, `tries` how often the text is said, `ring_seconds` how long the telephone rings, `reply`
    which of the exchange's phrases answer a key (`<reply>-<digit>`).
    """

    attempt: str
    number: str
    text: str
    language: Language
    keys: str = "12"
    repeat: str = "3"
    tries: int = 3
    ring_seconds: int = 30
    reply: str = "key"

    def __post_init__(self) -> None:
        """Raises `UnsafeValue` for what the exchange would read as something else, and for 110, 119, 120.

        This is the last door of everything automatic: a robot never rings there.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.attempt):
            raise UnsafeValue("attempt must be 1 to 64 letters, digits, dashes")
        if not re.fullmatch(r"\+?[0-9*#]{1,40}", self.number):
            raise UnsafeValue("number must be digits, with a plus sign at most before them")
        if is_emergency_service(self.number):
            raise UnsafeValue("number must not be an emergency service's: only people dial those")
        if not re.fullmatch(r"[0-9]{1,10}", self.keys) or not re.fullmatch(r"[0-9]?", self.repeat):
            raise UnsafeValue("keys and repeat must be digits")
        if not re.fullmatch(r"[a-z]{1,16}", self.reply):
            raise UnsafeValue("reply must be small letters")


class Fate(StrEnum):
    """What is known of an outgoing call that has no end yet."""

    NEVER_SEEN = "never_seen"  # the exchange has not seen it
    UNDER_WAY = "under_way"


class Control:
    """Commands to the exchange. All of them raise `NotLinked` when there is no link: then nothing happened."""

    def __init__(
        self,
        settings: ExchangeSettings,
        speech: Speaker,
        calls: LiveCalls,
        calls_out: CallsOut,
        cel_of: Callable[[str], Awaitable[Ledger]],
        link: Callable[[], Link],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._speech = speech
        self._calls = calls
        self._calls_out = calls_out
        self._cel_of = cel_of
        self._link = link
        self._preparing: dict[str, bool] = {}  # attempts whose prompt is being made: still wanted?
        self._now = now
        self._originated: dict[str, asyncio.Future[Fields]] = {}

    def hear_at_once(self, fields: Fields) -> None:
        """Answers that a command waits for; past the queue of events, whose listener may wait for the command."""
        waiting = self._originated.get(fields.get("actionid", ""))
        if waiting is not None and fields.get("event") == "OriginateResponse" and not waiting.done():
            waiting.set_result(fields)

    async def recognise(self, uniqueid: str, *, priority: int | None, name: str | None) -> None:
        """Show a name on the operators' telephones and move the caller in the queue, also in one joined later."""
        call = self._calls.get(uniqueid)
        if call is None:
            return
        link = self._link()
        if priority is not None:
            call.priority = priority
            await self.prioritise(call)
        if name is not None:
            await self._change(
                link, call, {"Action": "Setvar", "Channel": call.channel, "Variable": "CALLERID(name)", "Value": name}
            )

    async def prioritise(self, call: LiveCall) -> None:
        """Give the caller the priority wanted for her in the queue she waits in."""
        if call.queue is None or call.priority is None:
            return
        await self._change(
            self._link(),
            call,
            {
                "Action": "QueueChangePriorityCaller",
                "Queue": call.queue,
                "Caller": call.channel,
                "Priority": str(call.priority),
                "Immediate": "yes",
            },
        )

    async def _change(self, link: Link, call: LiveCall, action: dict[str, str]) -> None:
        try:
            await link.act(action)
        except NotLinked:
            raise
        except ActionRefused as refusal:  # she has hung up or left the queue meanwhile
            log.info("call.not_changed", call=call.uniqueid, reason=str(refusal))

    async def call_out(self, order: OutgoingCall) -> None:
        """Have the exchange dial; returns when it has accepted the order.

        Raises `SpeechFailed`, `UnsafeValue`, `ActionRefused`: it did not happen; `LinkLost`: ask `fate`.
        """
        attempt = order.attempt
        if attempt in self._preparing or attempt in self._calls_out:
            raise ActionRefused(f"attempt {attempt} is under way already")
        self._preparing[attempt] = True
        try:
            self._link()
            prompt = await self._speech.say(order.text, order.language, call=attempt)
            if not self._preparing[attempt]:
                self._speech.unsay(attempt)
                raise ActionRefused(f"attempt {attempt} was withdrawn before it began")
        finally:
            del self._preparing[attempt]
        action_id = uuid.uuid4().hex
        action = {
            "Action": "Originate",
            "ActionID": action_id,
            "Channel": f"PJSIP/{order.number}@trunk",
            "ChannelId": self._calls_out.uniqueid_of(attempt),
            "Context": "townline-ask",
            "Exten": "s",
            "Priority": "1",
            "Timeout": str(order.ring_seconds * 1000),
            "CallerID": self._settings.trunk.caller_id,
            "Async": "true",
            "Variable": [
                variable("TL_ATTEMPT", attempt),
                variable("TL_PROMPT", str(prompt.absolute().with_suffix(""))),
                variable("TL_KEYS", order.keys),
                variable("TL_REPEAT", order.repeat),
                variable("TL_TRIES", str(order.tries)),
                variable("TL_REPLY", order.reply),
            ],
        }
        self._calls_out.place(attempt, action_id)
        try:
            await self._link().act(action)
        except (ActionRefused, UnsafeValue):
            self._calls_out.forget(attempt)
            raise

    async def hang_up(self, attempt: str) -> None:
        """Withdraw a call of ours; one that has ended or has not begun yet is no error."""
        if attempt in self._preparing:
            self._preparing[attempt] = False
            return
        hangup = {
            "Action": "Hangup",
            "Channel": self._calls_out.uniqueid_of(attempt),
            "Cause": ANSWERED_ELSEWHERE,
        }
        link = self._link()
        for _ in range(int(2 / SHORT_WAIT)):
            try:
                await link.act(hangup)
            except NotLinked:
                raise
            except ActionRefused:  # no such channel: over, or ordered a moment ago and not made yet
                if attempt not in self._calls_out:
                    return
                await asyncio.sleep(SHORT_WAIT)
            else:
                return

    async def fate(self, attempt: str) -> Fate | CallOut:
        """What became of a call of ours, from CEL and the exchange's list of channels.

        Takes about a second before it says NEVER_SEEN. Raises `NotLinked`, `LinkLost`, `CelUnreadable` when that
        cannot be known now.
        """
        uniqueid = self._calls_out.uniqueid_of(attempt)
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(BETWEEN_LOOKS)
            ledger = await self._cel_of(uniqueid)
            if outcome := ledger.news().outgoing:
                return outcome[0]
            channels = await self._link().list({"Action": "CoreShowChannels"})
            if uniqueid in {each.get("uniqueid") for each in channels}:
                return Fate.UNDER_WAY
        self._calls_out.forget(attempt)
        ledger.close(uniqueid, booted_at=self._now(), alive_until=None)  # begun, gone, never ended: its exchange died
        return next(iter(ledger.news().outgoing), Fate.NEVER_SEEN)

    async def play(self, extension: str, file: str) -> None:
        """Ring an operator's telephone and play her that recording, once she has answered.

        Raises `UnsafeValue`, `ActionRefused`: it does not ring; `LinkLost` when nobody knows.
        """
        name, _, ending = file.rpartition(".")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,150}", name) or ending != "wav":
            raise UnsafeValue("file must be the name of a recording")
        if extension not in self._settings.extensions:
            raise UnsafeValue("extension must be one of this exchange's")
        await self._link().act(
            {
                "Action": "Originate",
                "Channel": f"PJSIP/{extension}",
                "Context": "townline-play",
                "Exten": "s",
                "Priority": "1",
                "Timeout": "20000",
                "CallerID": self._settings.trunk.caller_id,
                "Async": "true",
                "Variable": [variable("TL_PLAY", name)],
            }
        )

    async def mirror(self, family: str, keys: Sequence[str], value: str) -> None:
        """Keep a fact under each of these keys in the exchange's own database; an empty value deletes it.

        Raises `UnsafeValue` before any is written, `ActionRefused` when the exchange did not store them, `LinkLost`
        when nobody knows; doing it again does no harm.
        """
        if not all(re.fullmatch(r"[0-9+*#]{1,40}", key) for key in keys):
            raise UnsafeValue("a key must be digits, plus, star or hash")
        for start in range(0, len(keys), KEYS_AT_ONCE):
            await self._store(family, keys[start : start + KEYS_AT_ONCE], value)

    async def _store(self, family: str, keys: Sequence[str], value: str) -> None:
        action_id = uuid.uuid4().hex
        stored = self._originated[action_id] = asyncio.get_running_loop().create_future()
        facts = {"TL_FAMILY": family, "TL_KEYS": "-".join(keys), "TL_VALUE": value}
        action = {
            "Action": "Originate",
            "ActionID": action_id,
            "Channel": "Local/put@townline-put",
            "Context": "townline-put",
            "Exten": "done",
            "Priority": "1",
            "Async": "true",
            "Variable": [variable(name, fact) for name, fact in facts.items()],
        }
        link = self._link()
        try:
            await link.act(action)
            await asyncio.wait([stored, link.lost], timeout=5, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._originated[action_id]
        if not stored.done():
            raise LinkLost(f"the exchange did not say whether it stored {family}")
        if stored.result().get("response") != "Success":
            raise ActionRefused(f"the exchange did not store {family}")

    async def mirrored(self, family: str) -> dict[str, str]:
        """What the exchange's own database has there, by key. Raises `NotLinked`, `LinkLost`."""
        try:
            rows = await self._link().list({"Action": "DBGetTree", "Family": family})
        except NotLinked:
            raise
        except ActionRefused:  # there is nothing
            return {}
        return {row.get("key", "").removeprefix(f"/{family}/"): row.get("val", "") for row in rows}
