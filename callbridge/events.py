"""What the telephone side reports, as it happened: past tense, one class for each kind of fact.

Every event names its exchange and the channel it is about by Asterisk's `uniqueid`; the pair (exchange, uniqueid) is
the key of a leg, `linkedid` is a hint only. AMI reports at once (`Source.AMI`); what is read back from the exchange's
own event log (`Source.CEL`) is the truth and may repeat what AMI said, so whoever listens must be idempotent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Source(StrEnum):
    AMI = "ami"
    CEL = "cel"


class CallEnd(StrEnum):
    """How a resident's call ended."""

    ANSWERED = "answered"
    TOO_SHORT = "too_short"  # answered, and over before anything could be said
    ABANDONED = "abandoned"
    TIMED_OUT = "timed_out"
    CUT_OFF = "cut_off"  # the exchange itself went away
    FORWARDED = "forwarded"  # no operator answered, and somebody outside did whom the exchange had called
    CALL_BACK = "call_back"  # these three by a key pressed while waiting: she asked to be called back
    MESSAGE = "message"  # left a message, also where nobody answered
    ORDERED = "ordered"  # ordered a service by its digit
    REPORTED = "reported"  # a merchant heard its jobs and reported by key
    NOT_REACHED = "not_reached"  # an operator called somebody, who did not answer


class Party(StrEnum):
    """Who hung up."""

    CALLER = "caller"
    OPERATOR = "operator"
    EXCHANGE = "exchange"


class Choice(StrEnum):
    """What a waiting caller decided by key."""

    CALL_BACK = "call_back"
    MESSAGE = "message"
    ORDER = "order"


class PhonePresence(StrEnum):
    """Whether calls ring at an operator's telephone."""

    READY = "ready"
    BREAK = "break"  # buttons ring all the same
    AFTER_CALL = "after_call"
    REFUSES = "refuses"  # ready, and the telephone rejects every ring: buttons ring all the same
    OFF = "off"


class Outcome(StrEnum):
    """What became of one outgoing call; the causes are ITU-T Q.850's, as Asterisk's Hangup and CEL give them."""

    KEY = "key"  # answered and a valid key pressed
    NO_KEY = "no_key"  # answered, nothing valid pressed
    BUSY = "busy"  # 17
    NO_ANSWER = "no_answer"  # 18, 19
    UNREACHABLE = "unreachable"  # 20, 27
    REJECTED = "rejected"  # 21
    INVALID = "invalid"  # 1, 28
    CONGESTED = "congested"  # 34, 38, 42, 44
    FAILED = "failed"  # anything else, and an exchange that died during the call


class ProofKind(StrEnum):
    """What is proven to work."""

    TRUNK = "trunk"
    TELEPHONE = "telephone"


class ProofWay(StrEnum):
    """How it is proven."""

    CALL = "call"  # out by the trunk, in again by its test number, through a queue, until a tone is heard
    AUTO_ANSWER = "auto_answer"  # a telephone that answers our call by itself
    QUALIFY = "qualify"  # a telephone that answers SIP OPTIONS


class ProofProblem(StrEnum):
    """Why something could not be proven."""

    BUSY = "busy"  # these seven: how our call ended before anybody answered, as `Outcome` has it
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    INVALID = "invalid"
    CONGESTED = "congested"
    FAILED = "failed"
    NOT_BACK = "not_back"  # somebody answered, and it did not come in by the trunk
    NOT_QUEUED = "not_queued"  # it came in, and nobody answered it in the queue
    NOT_HEARD = "not_heard"  # it was answered there, and the tone did not come back
    NOT_REGISTERED = "not_registered"  # a telephone in the ring that the exchange does not know where to find
    NO_RESULT = "no_result"  # the exchange did not say how it ended


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeEvent:
    exchange: str
    at: datetime  # aware, UTC: the exchange's own stamp
    source: Source = Source.AMI


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUp(BridgeEvent):
    """The link stands and the state has been rebuilt; `away_since` is when it was last alive, None at the first."""

    away_since: datetime | None
    exchange_restarted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown(BridgeEvent):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(BridgeEvent):
    """A call came in over the trunk. `number` and `name` are outside text: any length, any character, or empty."""

    uniqueid: str
    linkedid: str
    channel: str
    number: str
    name: str
    dialled: str
    emergency: bool  # came in on a number that only buttons dial, or from a mirrored emergency number


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDialled(BridgeEvent):
    """Somebody has dialled an outside number on an operator's telephone: a call of its own."""

    uniqueid: str
    linkedid: str
    channel: str
    extension: str
    number: str  # as dialled


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(BridgeEvent):
    uniqueid: str
    queue: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRinging(BridgeEvent):
    """An operator's telephone rings for this call."""

    uniqueid: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRangOut(BridgeEvent):
    """That telephone no longer rings and was not answered."""

    uniqueid: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(BridgeEvent):
    """`extension` is empty when it was somebody outside, whom the exchange had called as no operator answered."""

    uniqueid: str
    extension: str
    operator_uniqueid: str
    waited: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerChose(BridgeEvent):
    """A waiting caller decided: reported once. `digit` is the service's, `file` the message in the recordings."""

    uniqueid: str
    choice: Choice
    digit: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPressed(BridgeEvent):
    """A caller's answer to a menu of ours, by the name that we gave it; `key` is empty when she let it run out.

    Reported at least once.
    """

    uniqueid: str
    menu: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReached(BridgeEvent):
    """Whom an operator called has answered; `called` is the other side's channel."""

    uniqueid: str
    called: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(BridgeEvent):
    """The other side hears music; whoever talked to her waits in the call's room."""

    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(BridgeEvent):
    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyJoined(BridgeEvent):
    """One whom we called into a call has answered and is in it; `leg` is her channel's uniqueid."""

    uniqueid: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLeft(BridgeEvent):
    """A leg has hung up, or was never reached."""

    leg: str
    cause: int  # Q.850; 0 when nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParties(BridgeEvent):
    """After a gap: who is in a call now, by uniqueid, and whether the other side is on hold."""

    uniqueid: str
    legs: tuple[str, ...]
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSilent(BridgeEvent):
    """Answered some seconds ago, and not a word from the caller since."""

    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(BridgeEvent):
    uniqueid: str
    end: CallEnd
    hung_up_by: Party
    cause: int  # Q.850
    recording: str = ""  # the conversation's file in the recordings, empty when there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What was pressed in a menu, as in `CallerPressed`."""

    menu: str
    key: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord(BridgeEvent):
    """Everything CEL knows of one call that came in, or that an operator made. It fills what AMI missed.

    `at` is when it began. A record may be older than what AMI said meanwhile: None here never takes back what is
    known already. Answered and without an extension: by somebody outside, as in `CallAnswered`.
    """

    uniqueid: str
    linkedid: str
    channel: str
    number: str
    name: str
    dialled: str
    emergency: bool
    queued_at: datetime | None
    answered_at: datetime | None
    extension: str | None
    operator_uniqueid: str | None
    ended_at: datetime | None
    end: CallEnd | None
    hung_up_by: Party | None
    cause: int | None
    outgoing: bool = False  # an operator's own: with a `number` dialled by hand, else known by the id sent with it
    choice: Choice | None = None
    digit: str = ""
    file: str = ""
    recording: str = ""
    pressed: tuple[Pressed, ...] = ()  # in menus, in their order


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOut(BridgeEvent):
    """An outgoing call of ours ended. `attempt` is the id that went out with it; reported at least once."""

    attempt: str
    outcome: Outcome
    key: str  # the digit, empty unless outcome is KEY
    answered_at: datetime | None
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneReached(BridgeEvent):
    """An operator's telephone became reachable (registered and answering) or unreachable."""

    extension: str
    reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRefuses(BridgeEvent):
    """An operator's telephone rejects every ring at once: busy, do not disturb, or broken."""

    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneTaken(BridgeEvent):
    """An operator's telephone that refused is in use: it works."""

    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceDialled(BridgeEvent):
    """An operator has dialled on her telephone that she is there, on a break, or leaves."""

    extension: str
    presence: PhonePresence


@dataclass(frozen=True, slots=True, kw_only=True)
class RingSurveyed(BridgeEvent):
    """After a gap: what the exchange's queues hold of every telephone; OFF is one that is in none."""

    presences: dict[str, PhonePresence]


@dataclass(frozen=True, slots=True, kw_only=True)
class CelPosition:
    """Up to where CEL has been read: the file's generation and the highest row of it.

    `stamp` is that row's own time in seconds since 1970 (0: not known), by which it is known again when row numbers
    have been used a second time.
    """

    generation: str
    row: int
    stamp: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CelState(BridgeEvent):
    """Whether CEL can be read, told at the first reading and whenever it changes; `problem` is empty when it can."""

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CelRead(BridgeEvent):
    """One reading of CEL: what it says of calls that changed, and the position to keep in the same transaction."""

    position: CelPosition
    calls: tuple[CallRecord, ...]
    outgoing: tuple[CallOut, ...]
