"""Offers and visits: who could come, who is asked, who has promised, and how far it is."""

from pydantic import Field

from dispatch.wire.base import Command, Id, Moment, Said, Wire
from dispatch.wire.people import MerchantLine
from dispatch.wire.words import (
    Answer,
    CaseState,
    Channel,
    OfferRole,
    OfferState,
    Priority,
    ProvedBy,
    VisitProof,
    VisitState,
    VisitStep,
    Way,
)


class AttemptView(Wire):
    id: str
    channel: Channel
    try_number: int
    via: str
    handed_over_at: Moment
    ended_at: Moment | None = None
    result: str | None = None
    parts: int = 0  # of an SMS: so many short messages are paid for


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
    attempts: list[AttemptView] = []
    version: int


class VisitView(Wire):
    state: VisitState
    promised_at: Moment
    on_the_way_at: Moment | None = None
    at_the_door_at: Moment | None = None
    done_at: Moment | None = None
    due_at: Moment | None = None  # at the door by then
    comes: str | None = None  # who of the merchant's staff, where it is known
    proof: str | None = None  # how the last step was told
    steps: list["StepView"] = []
    asks_for: VisitProof = "report"  # what the service wants as proof
    proved_by: ProvedBy | None = None
    proved_at: Moment | None = None
    done_reported_at: Moment | None = None  # the merchant says it is done, and the proof is still missing
    wrong_words: int = 0
    version: int


class StepView(Wire):
    """A step with the clock of the moment at which it was told, and how. `happened_at`: it was entered later, as
    having happened then.
    """

    step: VisitStep
    at: Moment
    way: str  # sms, voice, operator, call
    happened_at: Moment | None = None


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
    """In the order in which they are asked, `at_once` at a time; kept as a decision sheet under `sheet_id`."""

    case_number: str
    sheet_id: int
    at: Moment
    way: Way = "best_first"
    at_once: int = 1
    candidates: list[Candidate]
    excluded: list[Excluded]


class Matching(Wire):
    """Who could come to a resident at a time, without a case: nothing is kept and nobody is asked."""

    service: str
    resident_id: int
    at: Moment
    way: Way
    candidates: list[Candidate]
    excluded: list[Excluded]
    more_candidates: int = 0  # than are listed
    more_excluded: int = 0
    more_excluded_by: dict[str, int] = {}  # the commonest first, by the key of what keeps them most lastingly


class SheetLine(Wire):
    """A decision that was kept: when, for when, and who was asked by it."""

    id: int
    at: Moment  # when it was decided
    wanted_at: Moment  # when somebody was wanted
    way: Way
    able: int
    unable: int
    asked: list[MerchantLine] = []


class WhyNot(Wire):
    """What a decision had to say of one merchant: which in the order, or every reason against it."""

    merchant: MerchantLine
    place: int | None = None
    reasons: list[Said]
    changed_since: bool  # its row is another one by now


class Hindsight(Wire):
    """A decision reckoned again as it was made: by its sheet, its rules, and the merchants as they were then.

    `changed` names what was asked otherwise than it was: `at`, `priority`, `place`.
    """

    case_number: str
    sheet_id: int
    decided_at: Moment
    at: Moment  # when somebody is wanted
    changed: list[str]
    priority: Priority
    minutes: int  # that each has to answer
    way: Way
    at_once: int
    candidates: list[Candidate]
    excluded: list[Excluded]
    more_candidates: int = 0
    more_excluded: int = 0
    more_excluded_by: dict[str, int] = {}  # the commonest first, by the key of what keeps them most lastingly
    why: WhyNot | None = None  # of the merchant that was asked about


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
    comes: Id | None = None  # who of its staff, with an acceptance


class OfferEnd(Command):
    """`withdraw` an open offer, or end an accepted one: `give_back` (the merchant's wish) or `revoke` (ours)."""

    expects: OfferState
    how: str = Field(pattern=r"^(withdraw|give_back|revoke)$")


class OfferResend(Command):
    """Tell the merchant once more: an open offer, which has its whole time anew, or where to go."""

    expects: OfferState
    channel: Channel | None = None  # None: the one it went out by


class VisitReport(Command):
    """What the merchant told the operator by word of mouth."""

    expects: CaseState
    step: VisitStep
    word: str | None = Field(default=None, pattern=r"^[0-9]{4}$")  # the resident's, as the merchant said it
    happened_at: Moment | None = None  # told later than it happened: the clock stays that of the telling, marked so
