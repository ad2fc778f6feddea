"""What is on the board at one moment, and the events that keep it so."""

from datetime import date
from typing import Any

from dispatch.wire.base import Command, Moment, Wire
from dispatch.wire.calls import CallLine, LegLine
from dispatch.wire.cases import CaseLine
from dispatch.wire.ladders import ActorLine
from dispatch.wire.operators import OperatorLine
from dispatch.wire.people import MerchantLine
from dispatch.wire.words import Channel, Finding, InboundReading, ProofKind, ProofProblem, ProofWay, Term


class InboundLine(Wire):
    """An SMS that an operator should see."""

    id: int
    number: str
    merchant: MerchantLine | None = None
    case_number: str | None = None
    body: str
    reading: InboundReading
    received_at: Moment
    needs_operator: bool


class LinkLine(Wire):
    """The link to an exchange; `since` is when it came up or went away."""

    exchange: str
    up: bool
    since: Moment | None = None
    reason: str = ""
    recording_stopped_at: Moment | None = None  # its disk is nearly full; None: conversations are recorded
    log_problem: str = ""  # why its own log cannot be read, from which calls come back after a gap


class GatewayLine(Wire):
    """How an SMS gateway does. `problem` is in English, for whoever runs the machine."""

    name: str
    worked_at: Moment | None = None
    failing_since: Moment | None = None
    problem: str = ""
    under_way: int = 0  # handed over, and nobody knows yet whether they were sent


class WrongNumberLine(Wire):
    """A merchant's number that does not exist: not used again until somebody writes the merchant's numbers anew."""

    merchant: MerchantLine
    channel: Channel
    number: str
    since: Moment


class ExpiryLine(Wire):
    """A merchant's licence or contract that ends soon or has ended; `last` is the last day on which it holds."""

    merchant: MerchantLine
    term: Term
    last: date
    told_from: date  # shown from this day on


class GapLine(Wire):
    """A time in which the exchange was not heard; what came in it has been read back."""

    id: int
    exchange: str
    began_at: Moment
    until: Moment
    calls: int
    to_call_back: int


class ProofLine(Wire):
    """When a trunk or an operator's telephone last worked, as the daily proof has tried it; the newest try of each.

    From `needs_since` on a failure needs somebody, as a case does: until an operator has acknowledged it
    (`POST /proofs/{id}/acknowledge`) or a later try worked.
    """

    id: int
    exchange: str
    kind: ProofKind
    name: str  # `trunk`, or the telephone's extension
    way: ProofWay
    at: Moment
    worked: bool
    problem: ProofProblem | None = None
    took_ms: int
    worked_at: Moment | None = None  # None: never yet
    needs_since: Moment | None = None


class FindingLine(Wire):
    """What the auditor has found not to move as it should, how many of them, and since when there have been any."""

    kind: Finding
    count: int
    since: Moment


class HoldLine(Wire):
    """After a restore nothing is sent and nobody is called until a supervisor releases it. The database is from
    `backup_at`; `messages` wait in the outbox, and the `ladders` of that many emergencies stand still.
    """

    backup_at: Moment
    since: Moment
    messages: int
    ladders: int


class Release(Command):
    """Lets everything go that has been held since `since`."""

    since: Moment


class Released(Wire):
    """How much was held until now."""

    messages: int
    ladders: int


class TimelineEntry(Wire):
    """One row of the journal, rendered for its reader."""

    id: str  # epoch-seq
    at: Moment
    what: str  # offer.accepted
    subject: str
    subject_id: int
    actor: ActorLine
    data: dict[str, Any] = {}
    party: LegLine | None = None  # in a case's timeline: who joined a call, left it or was asked to


class Board(Wire):
    """Everything on the board at one moment; `last_event_id` is where the stream goes on."""

    at: Moment
    last_event_id: str
    centre_name: str
    time_zone: str
    calls: list[CallLine]
    cases: list[CaseLine]
    inbound: list[InboundLine]
    operators: list[OperatorLine]
    links: list[LinkLine]
    gaps: list[GapLine] = []  # of the last hours, the newest first
    proofs: list[ProofLine] = []  # one for each trunk and telephone
    gateways: list[GatewayLine] = []
    findings: list[FindingLine] = []
    wrong_numbers: list[WrongNumberLine] = []  # the oldest first
    more_wrong_numbers: int = 0  # that are not listed
    expiries: list[ExpiryLine] = []  # of licences and contracts, the first to end first
    more_expiries: int = 0  # that are told of and not listed
    hold: HoldLine | None = None


class Event(TimelineEntry):
    """What goes down the stream: a journal row and the present state of what it is about.

    A client replaces the line of that id; a line in a state that no board shows takes it away.
    """

    call: CallLine | None = None
    case: CaseLine | None = None
    inbound: InboundLine | None = None
    operator: OperatorLine | None = None
    link: LinkLine | None = None
    gap: GapLine | None = None
    proof: ProofLine | None = None  # it takes the place of that exchange's, kind's and name's
    gateway: GatewayLine | None = None
    findings: list[FindingLine] | None = None  # all of them, when one has come, changed or gone
    wrong_numbers: list[WrongNumberLine] | None = None  # those of the merchant that it is about, as they are now
    expiries: list[ExpiryLine] | None = None  # those of the merchant that it is about, as they are now
    hold: HoldLine | None = None  # as it is now; one about the `centre` without it: released
