"""A ladder on the wire, an emergency's or a care call's: who was asked, who has it in hand, what comes next."""

from dispatch.wire.base import Moment, Wire
from dispatch.wire.words import ActorKind, LadderAnswer, LadderState, MessageState, Rung


class ActorLine(Wire):
    kind: ActorKind
    id: int | None = None
    name: str = ""


class LadderCallView(Wire):
    """Somebody asked by an automatic call; `result` is what became of its last try, at `ended_at`."""

    id: int
    rung: Rung
    round: int
    step: int
    name: str = ""  # of a contact or a merchant
    relation: str = ""
    number: str
    state: MessageState
    result: str | None = None
    answer: LadderAnswer | None = None
    called_at: Moment | None = None
    ended_at: Moment | None = None
    answered_at: Moment | None = None


class LadderView(Wire):
    """`steps` are those of the rule, `step` counts from 0 in them, `round` from 1."""

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
