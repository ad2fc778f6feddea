"""Calls as clients see them, and what an operator says about one."""

from pydantic import Field

from dispatch.wire.base import Command, Id, Moment, Version, Wire
from dispatch.wire.case_calls import ChosenLine
from dispatch.wire.cases import CaseLine
from dispatch.wire.offers import OfferView
from dispatch.wire.operators import OperatorLine
from dispatch.wire.people import MerchantLine, ResidentCard, ResidentLine
from dispatch.wire.words import CallEnd, CallState, Direction, LegRole, Party, Priority, Reason, Speaker


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
    silent_at: Moment | None = None  # answered, and by then not a word from the caller
    chosen: ChosenLine | None = None  # what she decided by key while she waited
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
    cases: list[CaseLine] = []  # opened from or belonging to this call, and the resident's open ones
    merchant_offers: list[OfferView] = []  # open offers of the merchant who calls


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


class ClearSilence(Command):
    """Nobody speaks, and it is no emergency: a fax, a child, a receiver that was put down beside the telephone."""

    outcome: Reason = "false_alarm"
    note: str = Field(default="", max_length=1000)
