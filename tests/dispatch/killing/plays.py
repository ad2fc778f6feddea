"""What is played while somebody is killed: each with who is there, when it is over, and what has to come to whom.

Everybody does the same however often he is asked, so what came to his telephone does not depend on when.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import col

from callbridge.standin.telephones import Habit, presses
from dispatch.models import Case, CaseState, Ladder, LadderState, Message, MessageState
from registry.models import LineKind, RuleKind
from registry.store import Reading
from tests.dispatch.killing.numbers import BUTTON, COMES, DAUGHTER, DECLINES, RINGS, SILENT, SUPERVISOR, WILLING
from tests.dispatch.register import FAR, HER_LINE, NEAR
from tests.dispatch.town import Town

OVER = frozenset({MessageState.SENT, MessageState.FAILED, MessageState.DROPPED})
POLICY = {
    "way": "race",
    "at_once": 3,
    "within_metres": 0,
    "emergency_minutes": 2,
    "urgent_minutes": 3,
    "routine_minutes": 5,
}

Came = Counter[tuple[str, str]]  # how often each text came to each telephone


@dataclass(frozen=True, slots=True)
class Play:
    """`most` is what may come to each telephone, `least` what has to; `owed` what else, by what has come."""

    kind: str
    begin: Callable[[Town], None]
    is_over: Callable[[Reading], bool]
    least: Mapping[str, int]
    most: Mapping[str, int]
    habits: Mapping[str, tuple[Habit, ...]] = field(default_factory=dict)
    owed: Callable[[Came], int] = lambda came: 0
    pressed: bool = False  # a button is pressed in the beginning
    may_double: bool = False

    def lost(self, came: Came) -> int:
        """How many did not come that had to."""
        return (Counter(self.least) - _texts(came)).total() + self.owed(came)

    def doubled(self, came: Came) -> int:
        """How many came that were there already, or too many."""
        return (_texts(came) - Counter(self.most)).total() + came.total() - len(came)


def _texts(came: Came) -> Counter[str]:
    return Counter(to for to, _ in came)


def _everything_has_left(session: Reading) -> bool:
    return not session.scalars(select(col(Message.id)).where(col(Message.state).not_in(OVER))).all()


def _is_served(session: Reading) -> bool:
    return session.scalars(select(col(Case.state))).all() == [CaseState.SERVED] and _everything_has_left(session)


def _is_acknowledged(session: Reading) -> bool:
    ladders = session.scalars(select(col(Ladder.state))).all()
    cases = session.scalars(select(col(Case.id))).all()
    return ladders == [LadderState.ACKNOWLEDGED] and len(cases) == 1 and _everything_has_left(session)


def _one_writes_back(town: Town) -> None:
    """A shop is asked and says nothing until its time is up; the next takes the job, is told where, and reports."""
    town.merchant("康宁药房", sms=SILENT)
    town.merchant("同心药房", sms=WILLING, position=FAR)
    town.dispatch(town.open(town.resident(kind=LineKind.LANDLINE)))


def _one_is_called_and_comes(town: Town) -> None:
    """A shop is called and presses 2; the next is called and presses 1, is told where by telephone, and presses 5."""
    town.merchant("康宁药房", voice=DECLINES)
    town.merchant("同心药房", voice=COMES, position=FAR)
    town.dispatch(town.open(town.resident(kind=LineKind.LANDLINE)))


def _two_race_and_one_rings(town: Town) -> None:
    """Three are asked at once, two in writing and one by telephone; one of them says yes, the others hear of it."""
    town.merchant("康宁药房", sms=SILENT)
    town.merchant("同心药房", sms=WILLING, position=FAR)
    town.merchant("百草药房", voice=RINGS, position=NEAR)
    town.rule(RuleKind.POLICIES, medicine=POLICY)
    town.dispatch(town.open(town.resident(kind=LineKind.LANDLINE)))


def _nobody_answers_a_button(town: Town) -> None:
    """No operator is there; the supervisor, on the telephone for long, cannot come, and the daughter does."""
    town.resident(number=BUTTON, kind=LineKind.BUTTON, contacts=[DAUGHTER])
    steps = [
        {"who": "operators", "seconds": 30},
        {"who": "supervisor", "seconds": 120, "numbers": [SUPERVISOR]},
        {"who": "contacts", "seconds": 120},
    ]
    town.rule(RuleKind.LADDER, steps=steps, pause_seconds=5, arrival_seconds=900)


def _not_told_off(came: Came) -> int:
    """Whoever was asked in the race and did not win it has to hear that."""
    heard = [text for to, text in came if to == SILENT]
    asked, told = any("请在" in text for text in heard), any("不用您去" in text for text in heard)
    return int(asked and not told)


PLAYS = {
    play.kind: play
    for play in (
        Play(
            kind="sms",
            begin=_one_writes_back,
            is_over=_is_served,
            least={SILENT: 1, WILLING: 3},  # an offer; an offer, where to go, and the thanks at the end
            most={SILENT: 1, WILLING: 3, HER_LINE: 1},
            habits={HER_LINE: (presses("1"),)},
        ),
        Play(
            kind="telephone",
            begin=_one_is_called_and_comes,
            is_over=_is_served,
            least={DECLINES: 1, COMES: 2},  # an offer; an offer, and where to go
            most={DECLINES: 1, COMES: 2, HER_LINE: 1},
            habits={DECLINES: (presses("2"),), COMES: (presses("1"), presses("5")), HER_LINE: (presses("1"),)},
        ),
        Play(
            kind="race",
            begin=_two_race_and_one_rings,
            is_over=_is_served,
            least={WILLING: 3},
            most={SILENT: 2, WILLING: 3, RINGS: 2, HER_LINE: 1},
            habits={RINGS: (presses("2", rings=25),), HER_LINE: (presses("1"),)},
            owed=_not_told_off,
        ),
        Play(
            kind="emergency",
            begin=_nobody_answers_a_button,
            is_over=_is_acknowledged,
            least={SUPERVISOR: 1, DAUGHTER: 1},
            most={SUPERVISOR: 1, DAUGHTER: 1},
            habits={SUPERVISOR: (presses("2", rings=20, thinks=50),), DAUGHTER: (presses("1"),)},
            pressed=True,
            may_double=True,
        ),
    )
}
