"""Calls, cases, offers and visits, as clients see them, and the commands that move them.

A verb carries `expects`, the state its sender saw; an edit of fields carries the `version` it saw. What does not fit
is 409 and says what is now and who was first.
"""

from typing import Any

from pydantic import Field

from dispatch.wire.base import Command, Id, Moment, Said, Version, Wire
from dispatch.wire.people import MerchantLine, ResidentCard, ResidentLine
from dispatch.wire.words import (
    ActorKind,
    Answer,
    BreakReason,
    CallEnd,
    CallState,
    CaseState,
    Channel,
    Direction,
    InboundReading,
    LadderAnswer,
    LadderState,
    LegRole,
    MessageState,
    OfferRole,
    OfferState,
    Party,
    Presence,
    Priority,
    Reason,
    Role,
    Rung,
    Satisfaction,
    Speaker,
    TimerKind,
    Turn,
    VisitState,
    VisitStep,
)


class OperatorLine(Wire):
    id: int
    name: str
    role: Role
    extension: str | None = None
    presence: Presence
    break_reason: BreakReason | None = None
    presence_since: Moment | None = None
    presence_until: Moment | None = None  # when the clock of after-call work makes her ready
    phone_reachable: bool = False
    rings: bool = False  # whether calls ring at her telephone: present, not on a break, reachable


class LegLine(Wire):
    """One party of a call. A `third` and a colleague ring until `joined_at`."""

    id: int
    role: LegRole
    extension: str | None = None
    operator: OperatorLine | None = None
    number: str = ""
    name: str = ""
    started_at: Moment
    joined_at: Moment | None = None


class CallLine(Wire):
    """A call on the board. `who` are the residents on that line: none, one, or several to choose from."""

    id: int
    exchange: str
    state: CallState
    end: CallEnd | None = None
    hung_up_by: Party | None = None
    priority: Priority
    number: str = ""  # for reading; empty when hidden
    number_known: bool = False  # whether it could be read as a number at all
    name_heard: str = ""  # untrusted text of the network
    dialled: str = ""
    who: list[ResidentLine] = []
    resident: ResidentLine | None = None  # whom it is about
    speaker: Speaker = "unknown"
    speaker_name: str | None = None
    merchant: MerchantLine | None = None  # the caller is a merchant
    operator: OperatorLine | None = None
    direction: Direction = "in"
    taken_by: OperatorLine | None = None  # her telephone rings with it now, at nobody else's
    held_since: Moment | None = None
    legs: list[LegLine] = []  # who is in it now, or rings to be
    ringing: list[str] = []  # extensions
    open_cases: list[str] = []  # numbers of the resident's open cases
    arrived_at: Moment
    queued_at: Moment | None = None
    answered_at: Moment | None = None
    ended_at: Moment | None = None
    recovered: bool = False
    call_back: str | None = None  # the number of the open case to call this caller back, which an answer brings up
    version: int


class CallCard(CallLine):
    """A call, opened: with the card of whom it is about (or, of several on that line, none until one is chosen)."""

    card: ResidentCard | None = None
    cases: list["CaseLine"] = []  # opened from or belonging to this call, and the resident's open ones
    merchant_offers: list["OfferView"] = []  # open offers of the merchant who calls


class CallChange(Command):
    """Whom the call is about and who is on the line."""

    version: Version
    resident_id: Id | None = None
    speaker: Speaker | None = None
    speaker_name: str | None = Field(default=None, max_length=80)
    speaker_contact_id: Id | None = None
    remember_line: bool = False  # this number belongs to that resident from now on


class SettleCall(Command):
    """The operator's word about whoever is to be called back: she has been reached, or needs nothing any more."""

    outcome: Reason = "served"
    note: str = Field(default="", max_length=1000)


class ClockView(Wire):
    kind: TimerKind
    due_at: Moment


class OfferView(Wire):
    id: int
    case_number: str
    merchant: MerchantLine
    role: OfferRole
    state: OfferState
    channel: Channel
    code: str
    distance: int | None = None  # straight-line metres
    by_hand: bool = False
    offered_at: Moment
    sent_at: Moment | None = None
    answered_at: Moment | None = None
    answered_by: Channel | None = None
    expires_at: Moment
    attempts: list["AttemptView"] = []
    version: int


class AttemptView(Wire):
    id: str
    channel: Channel
    try_number: int
    via: str
    handed_over_at: Moment
    ended_at: Moment | None = None
    result: str | None = None


class VisitView(Wire):
    state: VisitState
    promised_at: Moment
    on_the_way_at: Moment | None = None
    at_the_door_at: Moment | None = None
    done_at: Moment | None = None
    proof: str | None = None
    version: int


class CaseLine(Wire):
    id: int
    number: str
    state: CaseState
    service_code: str
    service_zh: str
    service_en: str
    words: str = ""
    priority: Priority
    resident: ResidentLine | None = None
    place: str = ""  # where somebody has to go: home unless it was said otherwise
    owner: OperatorLine | None = None
    turn: Turn
    turn_operator: OperatorLine | None = None
    merchant: MerchantLine | None = None  # who is asked or has accepted
    offer_state: OfferState | None = None
    channel: Channel | None = None
    clock: ClockView | None = None  # the next one that runs
    wanted_at: Moment | None = None
    call_back: bool = False  # somebody called and nobody answered: `attempts` times
    attempts: int = 0
    reminders: int = 0
    last_reminder_at: Moment | None = None
    needs_since: Moment | None = None
    needs_why: str | None = None  # a message key: need.nobody_left, …
    outcome: Reason | None = None
    satisfaction: Satisfaction | None = None
    opened_at: Moment
    served_at: Moment | None = None
    closed_at: Moment | None = None
    version: int


class ActorLine(Wire):
    kind: ActorKind
    id: int | None = None
    name: str = ""


class LadderCallView(Wire):
    """Somebody asked by an automatic call; `result` is what became of its last try."""

    rung: Rung
    round: int
    step: int
    name: str = ""  # of a contact
    relation: str = ""
    number: str
    state: MessageState
    result: str | None = None
    answer: LadderAnswer | None = None
    called_at: Moment | None = None
    answered_at: Moment | None = None


class LadderView(Wire):
    """The ladder of an emergency: `steps` are those of the rule, `step` counts from 0 in them, `round` from 1."""

    state: LadderState
    steps: list[Rung]
    step: int
    round: int
    started_at: Moment
    due_at: Moment | None = None  # of the next step, unless somebody acknowledges before
    acknowledged_at: Moment | None = None
    by: ActorLine | None = None  # the operator who acknowledged
    going: LadderCallView | None = None  # or who said "I am going"
    arrival_due_at: Moment | None = None
    doubles: int = 0  # calls made again without knowing whether the one before had rung
    calls: list[LadderCallView] = []


class CaseCard(CaseLine):
    ladder: LadderView | None = None  # the last one of an emergency
    outcome_note: str = ""
    calls: list[int] = []
    offers: list[OfferView] = []
    visit: VisitView | None = None


class NewCase(Command):
    """A new need. Asking again for one that is still open is a reminder (催单): `remind` is for that."""

    call_id: Id | None = None
    resident_id: Id | None = None
    service: str = Field(max_length=32)
    words: str = Field(default="", max_length=2000)
    priority: Priority | None = None  # None: the service's own
    wanted_at: Moment | None = None  # None: as soon as possible
    place: str | None = Field(default=None, max_length=200)  # None: at home
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)


class CaseChange(Command):
    version: Version
    words: str | None = Field(default=None, max_length=2000)
    priority: Priority | None = None
    wanted_at: Moment | None = None
    place: str | None = Field(default=None, max_length=200)
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    resident_id: Id | None = None


class Candidate(Wire):
    merchant: MerchantLine
    distance: int | None = None  # straight-line metres
    score: float
    usual: bool = False
    channel: Channel
    reasons: list[Said] = []


class Excluded(Wire):
    merchant: MerchantLine
    distance: int | None = None
    reasons: list[Said]  # all of them


class Candidates(Wire):
    """Ranked, best first, and kept as a decision sheet under `sheet_id`."""

    case_number: str
    sheet_id: int
    at: Moment
    candidates: list[Candidate]
    excluded: list[Excluded]


class Dispatch(Command):
    """Offer the case to the first of the candidates, or to `merchant_id`."""

    expects: CaseState
    merchant_id: Id | None = None
    sheet_id: Id | None = None
    channel: Channel | None = None  # None: as the merchant wants to be asked first


class OfferAnswer(Command):
    """What the merchant told the operator by word of mouth."""

    expects: OfferState
    answer: Answer


class OfferEnd(Command):
    """`withdraw` an open offer, or end an accepted one: `give_back` (the merchant's wish) or `revoke` (ours)."""

    expects: OfferState
    how: str = Field(pattern=r"^(withdraw|give_back|revoke)$")


class VisitReport(Command):
    """What the merchant told the operator by word of mouth."""

    expects: CaseState
    step: VisitStep


class Close(Command):
    expects: CaseState
    outcome: Reason
    note: str = Field(default="", max_length=1000)
    satisfaction: Satisfaction | None = None


class Cancel(Command):
    expects: CaseState
    note: str = Field(default="", max_length=1000)


class Reopen(Command):
    expects: CaseState
    note: str = Field(default="", max_length=1000)


class Remind(Command):
    """催单: the resident asks again."""

    call_id: Id | None = None


class Acknowledge(Command):
    """An operator has seen what a case or a call needs, and takes its turn."""

    needs_since: Moment | None = None  # as it was seen; a newer need stays


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


class TimelineEntry(Wire):
    """One row of the journal, rendered for its reader."""

    id: str  # epoch-seq
    at: Moment
    what: str  # offer.accepted
    subject: str
    subject_id: int
    actor: ActorLine
    data: dict[str, Any] = {}


class LinkLine(Wire):
    """The link to an exchange; `since` is when it came up or went away."""

    exchange: str
    up: bool
    since: Moment | None = None
    reason: str = ""
    recording_stopped_at: Moment | None = None  # its disk is nearly full; None: conversations are recorded


class GapLine(Wire):
    """A time in which the exchange was not heard; what came in it has been read back."""

    id: int
    exchange: str
    began_at: Moment
    until: Moment
    calls: int
    to_call_back: int


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


class Login(Command):
    login: str = Field(min_length=1, max_length=40)
    password: str = Field(min_length=1, max_length=200)


class Session(Wire):
    token: str
    expires_at: Moment
    operator: OperatorLine
    language: str


class Page(Wire):
    """How many there are in all, beside what was asked for."""

    total: int


class Residents(Page):
    items: list[ResidentLine]


class Merchants(Page):
    items: list[MerchantLine]


class Calls(Page):
    items: list[CallLine]


class Cases(Page):
    items: list[CaseLine]
