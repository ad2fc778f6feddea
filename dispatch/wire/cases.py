"""Cases as clients see them, and the commands that move them.

A verb carries `expects`, the state its sender saw; an edit of fields carries the `version` it saw. What does not fit
is 409 and says what is now and who was first.
"""

from pydantic import Field

from dispatch.wire.base import Command, Id, Moment, Version, Wire
from dispatch.wire.cards import CardView
from dispatch.wire.case_calls import CaseCallLine
from dispatch.wire.ladders import LadderView
from dispatch.wire.offers import OfferView, VisitView
from dispatch.wire.operators import OperatorLine
from dispatch.wire.people import MerchantLine, ResidentLine
from dispatch.wire.words import (
    CaseState,
    Channel,
    Lateness,
    OfferState,
    Priority,
    Reason,
    Satisfaction,
    TimerKind,
    Turn,
    Way,
)


class ClockView(Wire):
    kind: TimerKind
    due_at: Moment


class ManyLine(Wire):
    """Cases of one cause. `alike`: so many that are open and new, to be gathered into an incident, or to join one."""

    where: str = ""  # the community
    incident: str | None = None  # the number of the one that it is, belongs to, or could join
    gathered: int = 0  # of an incident: how many cases it has
    alike: int = 0


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
    last_call: CaseCallLine | None = None  # of those that belong to it
    ladder: LadderView | None = None  # of an emergency; its `calls` stand on the case's card alone
    reminders: int = 0
    last_reminder_at: Moment | None = None
    needs_since: Moment | None = None
    needs_why: str | None = None  # a message key: need.nobody_left, …
    outcome: Reason | None = None
    satisfaction: Satisfaction | None = None
    complex: bool = False
    due_at: Moment | None = None  # when the working days that it may take are over
    late: Lateness | None = None  # against the limit that runs now
    many: ManyLine | None = None  # it is an incident, belongs to one, or might
    opened_at: Moment
    served_at: Moment | None = None
    closed_at: Moment | None = None
    version: int


class OfferingLine(Wire):
    """How a case is offered: in that way, so many at once, each having `minutes` to answer."""

    way: Way
    chosen: bool  # for this case, by an operator; otherwise by the rule of its service
    at_once: int
    minutes: int


class CaseCard(CaseLine):
    offering: OfferingLine | None = None  # None: nobody has to go for such a case
    outcome_note: str = ""
    calls: list[int] = []
    history: list[CaseCallLine] = []  # the same calls, the first one first
    offers: list[OfferView] = []
    visit: VisitView | None = None
    cards: list[CardView] = []


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
    way: Way | None = None  # how it is offered from now on; null: as its service is
    complex: bool | None = None


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


class Gather(Command):
    """This case and those alike become cases of one incident."""

    expects: CaseState


class KeepApart(Command):
    """This case and those alike have no cause in common; one more that comes asks anew."""

    expects: CaseState


class HandTurn(Command):
    """Whose move it is from now on. Owner (首问) stays who she is."""

    expects: CaseState
    operator_id: Id | None = None  # None: whoever is there


class Acknowledge(Command):
    """An operator has seen what a case or a call needs, and takes its turn."""

    needs_since: Moment | None = None  # as it was seen; a newer need stays
