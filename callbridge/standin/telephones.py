"""The telephones that we call: what each does when it rings, and what the exchange then tells of the call.

An answered call runs through our dialplan (`townline-ask`): one result, with the key or without one.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from callbridge.standin.agenda import Agenda
from callbridge.standin.ami import Pairs, Received
from callbridge.standin.channel import NORMAL, RINGING, UP, Channel, Chronicle

NO_ANSWER = 19  # Q.850
NOTHING, RINGS_OUT, ANSWERED = "0", "3", "4"  # an OriginateResponse's Reason; busy and refused say NOTHING too
GOODBYE = timedelta(seconds=3)  # from a key to the end of the phrase that answers it


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """After `rings` it is answered, or ends with the Q.850 `cause` that the network gives; neither: it rings on.

    Who has answered presses `key` after `thinks`, or lets the call run out by then.
    """

    rings: timedelta
    answers: bool = False
    key: str = ""
    thinks: timedelta = timedelta(seconds=12)
    cause: int = 0


def presses(key: str, *, rings: float = 6, thinks: float = 12) -> Habit:
    """Seconds until it is answered, and from then until the key."""
    return Habit(rings=timedelta(seconds=rings), answers=True, key=key, thinks=timedelta(seconds=thinks))


SAYS_NOTHING = Habit(rings=timedelta(seconds=6), answers=True, thinks=timedelta(seconds=60))
BUSY = Habit(rings=timedelta(), cause=17)
UNREACHABLE = Habit(rings=timedelta(), cause=27)
NOBODY = Habit(rings=timedelta(hours=1))


@dataclass(slots=True, kw_only=True)
class Placed:
    """A call that really went out. `prompt` is the file of what is said, without its ending."""

    number: str
    at: datetime
    attempt: str
    prompt: str
    action_id: str
    habit: Habit
    channel: Channel
    answered_at: datetime | None = None
    told: bool = False
    key: str = ""


class Telephones:
    """Every number that we may call; one of which nothing was said rings, and nobody is there."""

    def __init__(self, chronicle: Chronicle, agenda: Agenda) -> None:
        self.placed: list[Placed] = []  # in the order in which they went out
        self._chronicle = chronicle
        self._agenda = agenda
        self._habits: dict[str, deque[Habit]] = {}

    def when_called(self, number: str, *habits: Habit) -> None:
        """What that telephone does the next times; the last one it does from then on."""
        self._habits[number] = deque(habits)

    def originate(self, action: Received) -> Pairs:
        """Call over the trunk; a uniqueid that was used before is refused a moment later, as Asterisk does."""
        self._agenda.at_once(lambda: self._begin(action))
        return {"Response": "Success", "Message": "Originate successfully queued"}

    def hang_up(self, action: Received) -> Pairs:
        """End a call of ours, by its uniqueid."""
        placed = next((each for each in self.placed if each.channel.uniqueid == action["Channel"][0]), None)
        if placed is None or not self._lives(placed):
            return {"Response": "Error", "Message": "No such channel"}
        cause = int(action.get("Cause", [str(NORMAL)])[0])
        self._agenda.at_once(lambda: self._end(placed, cause))
        return {"Response": "Success", "Message": "Channel Hungup"}

    def _lives(self, placed: Placed) -> bool:
        return placed.channel.uniqueid in self._chronicle.channels

    async def _begin(self, action: Received) -> None:
        [target], [uniqueid], [caller_id] = action["Channel"], action["ChannelId"], action["CallerID"]
        if self._chronicle.was_used(uniqueid):
            await self._respond(action["ActionID"][0], target, uniqueid, caller_id, NOTHING)
            return
        variables = dict(each.split("=", 1) for each in action["Variable"])
        number = target.removeprefix("PJSIP/").removesuffix("@trunk")
        channel = self._chronicle.begin("trunk", number="", context="from-trunk", uniqueid=uniqueid)
        channel.number = channel.connected = caller_id
        channel.app, channel.data = "AppDial2", "(Outgoing Line)"
        placed = Placed(
            number=number,
            at=channel.since,
            attempt=variables["TL_ATTEMPT"],
            prompt=variables["TL_PROMPT"],
            action_id=action["ActionID"][0],
            habit=self._habit(number),
            channel=channel,
        )
        self.placed.append(placed)
        patience = timedelta(milliseconds=int(action["Timeout"][0]))
        habit = placed.habit
        if habit.answers or habit.rings:
            channel.state = RINGING
        if habit.rings >= patience or not (habit.answers or habit.cause):
            self._agenda.add(patience, lambda: self._give_up(placed, NO_ANSWER))
        elif habit.answers:
            self._agenda.add(habit.rings, lambda: self._answer(placed))
        else:
            self._agenda.add(habit.rings, lambda: self._give_up(placed, habit.cause, channel.name))

    def _habit(self, number: str) -> Habit:
        habits = self._habits.get(number)
        if not habits:
            return NOBODY
        return habits.popleft() if len(habits) > 1 else habits[0]

    async def _answer(self, placed: Placed) -> None:
        if not self._lives(placed):
            return
        channel = placed.channel
        channel.state, placed.answered_at = UP, self._chronicle.now()
        self._chronicle.write("ANSWER", channel)
        channel.context = "townline-ask"
        await self._respond(placed.action_id, channel.name, channel.uniqueid, channel.number, ANSWERED)
        self._agenda.add(placed.habit.thinks, lambda: self._decide(placed))

    async def _decide(self, placed: Placed) -> None:
        if not self._lives(placed):
            return
        if placed.habit.key:
            placed.key = placed.habit.key
            await self._tell(placed)
            self._agenda.add(GOODBYE, lambda: self._end(placed, NORMAL))
        else:
            await self._end(placed, NORMAL)

    async def _give_up(self, placed: Placed, cause: int, source: str = "") -> None:
        """Nobody has answered; `source` is the channel when the other side has refused."""
        if not self._lives(placed) or placed.answered_at is not None:
            return
        channel = placed.channel
        reason = RINGS_OUT if cause == NO_ANSWER else NOTHING
        await self._respond(
            placed.action_id, f"PJSIP/{placed.number}@trunk", channel.uniqueid, channel.number, reason
        )
        await self._chronicle.end(channel, cause, source)

    async def _end(self, placed: Placed, cause: int) -> None:
        if not self._lives(placed):
            return
        if placed.answered_at is None:
            await self._give_up(placed, cause)
            return
        await self._tell(placed)
        await self._chronicle.end(placed.channel, cause, "dialplan/builtin" if cause == NORMAL else "")

    async def _tell(self, placed: Placed) -> None:
        """The call's one result."""
        if placed.told or placed.answered_at is None:
            return
        placed.told = True
        result, answered = "key" if placed.key else "no_key", str(int(placed.answered_at.timestamp()))
        facts = {"Attempt": placed.attempt, "Result": result, "Key": placed.key, "Answered": answered}
        await self._chronicle.say_own("TownlineKey", placed.channel, "townline-asked", **facts)
        small = {name.lower(): value for name, value in facts.items()}
        self._chronicle.write_own("TOWNLINE_KEY", placed.channel, "townline-asked", **small)

    async def _respond(self, action_id: str, channel: str, uniqueid: str, caller_id: str, reason: str) -> None:
        await self._chronicle.say(
            "OriginateResponse",
            ActionID=action_id,
            Response="Success" if reason == ANSWERED else "Failure",
            Channel=channel,
            Context="townline-ask",
            Exten="s",
            Reason=reason,
            Uniqueid=uniqueid,
            CallerIDNum=caller_id,
            CallerIDName="<unknown>",
        )
