"""Proving that the line works: calls of our own that count nowhere, by the trunk and at operators' telephones.

What happens in such a call is the dialplan's (extensions_proof.conf); here it is begun, and its steps are added up.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import randbelow, token_hex
from typing import Any

import structlog

from callbridge.calls import Token, extension_of, number_of
from callbridge.errors import AmiRefused, BridgeError, NotLinked, SomebodyWaits
from callbridge.events import Outcome, ProofKind, ProofProblem, ProofWay
from callbridge.link import USER, Link, Pace
from callbridge.outcomes import Causes
from callbridge.secrets import Secrets
from callbridge.settings import ExchangeSettings
from callbridge.wire import Fields, variable

log = structlog.get_logger(__name__)

TRUNK = "trunk"  # the name of the only one there is
QUEUE = "proof"
LONGEST_CALL = 60.0  # seconds; the dialplan gives up before
LONGEST_QUALIFY = 4.0  # the exchange itself gives up after 3
BETWEEN_LOOKS = 0.2
NOT_NOW = "NOTNOW"  # the dialplan's own: the telephone is used, or somebody waits

_BY_STATUS = {  # Dial's word, where the cause says nothing
    "BUSY": ProofProblem.BUSY,
    "NOANSWER": ProofProblem.NO_ANSWER,
    "CONGESTION": ProofProblem.CONGESTED,
    "CHANUNAVAIL": ProofProblem.UNREACHABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """One try; `name` is `TRUNK` or a telephone's extension, `problem` is None when it worked."""

    kind: ProofKind
    name: str
    way: ProofWay
    at: datetime  # when it was begun
    took: timedelta
    problem: ProofProblem | None

    @property
    def worked(self) -> bool:
        return self.problem is None


@dataclass(slots=True)
class _Call:
    """One under way; `over` has the dialplan's last word."""

    channel: str
    telephone: bool
    over: "asyncio.Future[Fields]"
    steps: set[str] = field(default_factory=set)


class Prover:
    """Tries the trunk and the telephones of one exchange, one after the other.

    All commands raise `NotLinked`, `ActionRefused` and `LinkLost`: then nothing is known.
    """

    def __init__(
        self, settings: ExchangeSettings, token: Token, link: Callable[[], Link], now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._token = token
        self._link = link
        self._now = now
        self._calls: dict[str, _Call] = {}  # by code
        self._errands: set[asyncio.Task[None]] = set()

    def hear_at_once(self, fields: Fields) -> None:
        """The steps of calls under way; a telephone is let go as soon as somebody calls who has to wait."""
        match fields.get("event"):
            case "UserEvent" if fields.get("userevent") == "TownlineProof" and self._token.vouches_for(fields):
                call = self._calls.get(fields.get("code", ""))
                if call is None:
                    return
                call.steps.add(fields.get("step", ""))
                if fields.get("step") == "over" and not call.over.done():
                    call.over.set_result(fields)
            case "QueueCallerJoin" if fields.get("queue") != QUEUE:
                for call in self._calls.values():
                    if call.telephone:
                        errand = asyncio.create_task(self._let_go(call))
                        self._errands.add(errand)
                        errand.add_done_callback(self._errands.discard)

    async def everything(self) -> list[Proven]:
        """Tries the trunk, if it has a test number, and every telephone that is registered or in the ring.

        Raises `SomebodyWaits` when that would be in a caller's way.
        """
        queues = await self._link().list({"Action": "QueueStatus"})
        if waiting := [each for each in queues if each.get("event") == "QueueEntry" and each.get("queue") != QUEUE]:
            raise SomebodyWaits(f"{len(waiting)} in the queue: nothing was tried")
        ring = {extension_of(each.get("stateinterface", "")) for each in queues if each.get("event") == "QueueMember"}
        tried = [await self.trunk()]
        tried += [await self.telephone(each, in_ring=each in ring) for each in self._settings.extensions]
        return [each for each in tried if each is not None]

    async def trunk(self) -> Proven | None:
        """Out by the trunk, in again by its test number, through a queue; None without a test number."""
        if not self._settings.trunk.test_number:
            return None
        began = self._now()
        steps, over = await self._call("trunk")
        problem = _trouble_on_the_way(steps, over)
        return self._proven(ProofKind.TRUNK, TRUNK, ProofWay.CALL, began, problem)

    async def telephone(self, extension: str, *, in_ring: bool) -> Proven | None:
        """Asked whether it is there, and called if it answers by itself; None when nobody expects it to be there."""
        began = self._now()
        problem, way = await self._qualify(extension), ProofWay.QUALIFY
        if problem is ProofProblem.NOT_REGISTERED and not in_ring:
            return None
        if problem is None and extension in self._settings.auto_answer:
            steps, over = await self._call("telephone", variable("TL_EXTENSION", extension))
            if "let_go" not in steps and over.get("status") != NOT_NOW:
                way = ProofWay.AUTO_ANSWER
                problem = None if "heard" in steps else _trouble_on_the_way(steps, over)
        return self._proven(ProofKind.TELEPHONE, extension, way, began, problem)

    def _proven(
        self, kind: ProofKind, name: str, way: ProofWay, began: datetime, problem: ProofProblem | None
    ) -> Proven:
        took = self._now() - began
        log.info("proof.made", kind=str(kind), name=name, way=str(way), problem=problem and str(problem))
        return Proven(kind=kind, name=name, way=way, at=began, took=took, problem=problem)

    async def _call(self, what: str, *more: str) -> tuple[set[str], Fields]:
        """One call to its end: the steps it came through, and the dialplan's last word, empty when there was none."""
        link, code = self._link(), f"{randbelow(10**8):08}"
        channel = f"{self._settings.name}-proof-{code}-{token_hex(4)}"
        over: asyncio.Future[Fields] = asyncio.get_running_loop().create_future()
        call = self._calls[code] = _Call(channel, what == "telephone", over)
        try:
            await link.act(
                {
                    "Action": "Originate",
                    "Channel": f"Local/{what}@townline-prove",
                    "ChannelId": channel,
                    "OtherChannelId": f"{channel}-2",
                    "Context": "townline-prove",
                    "Exten": "done",
                    "Priority": "1",
                    "Async": "true",
                    "Variable": [variable("TL_CODE", code), *more],
                }
            )
            either: list[asyncio.Future[Any]] = [over, link.lost]
            await asyncio.wait(either, timeout=LONGEST_CALL, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._calls[code]
        if link.lost.done():
            raise NotLinked(link.lost.result())
        return call.steps, over.result() if over.done() else {}

    async def _let_go(self, call: _Call) -> None:
        call.steps.add("let_go")
        with suppress(BridgeError):  # it is over by itself
            await self._link().act({"Action": "Hangup", "Channel": call.channel, "Cause": "16"})

    async def _qualify(self, extension: str) -> ProofProblem | None:
        """Has the exchange ask the telephone (SIP OPTIONS), and waits for what comes of it."""
        contact = (await self._value(f"PJSIP_AOR({extension},contact)")).partition(",")[0]
        if not contact:
            return ProofProblem.NOT_REGISTERED
        before = now = await self._contact(contact)
        await self._link().act({"Action": "PJSIPQualify", "Endpoint": extension})
        until = asyncio.get_running_loop().time() + LONGEST_QUALIFY
        while now == before and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(BETWEEN_LOOKS)
            now = await self._contact(contact)
        return None if now[0] == "Reachable" else ProofProblem.UNREACHABLE

    async def _contact(self, contact: str) -> tuple[str, str]:
        """Its status, and how long its last answer took, in microseconds: another one takes another time."""
        return await self._value(f"PJSIP_CONTACT({contact},status)"), await self._value(
            f"PJSIP_CONTACT({contact},rtt)"
        )

    async def _value(self, function: str) -> str:
        return (await self._link().act({"Action": "Getvar", "Variable": function})).get("value", "")


def _trouble_on_the_way(steps: set[str], over: Fields) -> ProofProblem | None:
    """Why the call did not come to its end, None when it did."""
    if not over:
        return ProofProblem.NO_RESULT
    for step, problem in (("heard", None), ("answered", ProofProblem.NOT_HEARD), ("came", ProofProblem.NOT_QUEUED)):
        if step in steps:
            return problem
    if over.get("status") == "ANSWER":
        return ProofProblem.NOT_BACK
    outcome = Causes().outcome(number_of(over.get("cause")))
    if outcome is not Outcome.FAILED:
        return ProofProblem(outcome.value)
    return _BY_STATUS.get(over.get("status", ""), ProofProblem.FAILED)


async def prove(settings: ExchangeSettings, secrets: Secrets) -> list[Proven]:
    """Everything that can be proven of an exchange, over a link of its own, whether the service runs or not.

    Raises what `Link.open` and `Prover.everything` raise.
    """
    if (secret := secrets.get("AMI")) is None:
        raise AmiRefused("there is no secret AMI")
    opened: list[Link] = []
    token = Token(secrets.get_or_make("AMI_EVENTS"))
    prover = Prover(settings, token, lambda: opened[0], lambda: datetime.now(UTC))
    address, port = str(settings.ami_address), settings.ami_port
    opened.append(await Link.open(address, port, USER, secret, prover.hear_at_once, Pace()))
    try:
        return await prover.everything()
    finally:
        await opened[0].close()
