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
    ABANDONED = "abandoned"
    TIMED_OUT = "timed_out"
    CUT_OFF = "cut_off"  # the exchange itself went away
    CALL_BACK = "call_back"  # these three by a key pressed while waiting: she asked to be called back
    MESSAGE = "message"  # left a message, also where nobody answered
    ORDERED = "ordered"  # ordered a service by its digit
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
class CallRecord(BridgeEvent):
    """Everything CEL knows of one incoming call; `at` is its arrival. It fills what AMI missed.

    A record may be older than what AMI said meanwhile: None here never takes back what is known already.
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
    outgoing: bool = False  # an operator's own call, known by the id that went out with it
    choice: Choice | None = None
    digit: str = ""
    file: str = ""
    recording: str = ""


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
    """Up to where CEL has been read: the file's generation and the highest row of it."""

    generation: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CelRead(BridgeEvent):
    """One reading of CEL: what it says of calls that changed, and the position to keep in the same transaction."""

    position: CelPosition
    calls: tuple[CallRecord, ...]
    outgoing: tuple[CallOut, ...]
