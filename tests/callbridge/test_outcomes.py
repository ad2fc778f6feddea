"""What a hang-up cause means: as it is usual, or as this trunk's provider means it."""

import pytest

from callbridge.events import Outcome
from callbridge.outcomes import Causes
from callbridge.settings import TrunkSettings


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (17, Outcome.BUSY),
        (19, Outcome.NO_ANSWER),
        (20, Outcome.UNREACHABLE),
        (21, Outcome.REJECTED),
        (1, Outcome.INVALID),
        (34, Outcome.CONGESTED),
        (31, Outcome.FAILED),
        (0, Outcome.FAILED),
    ],
)
def test_the_usual_meaning(cause: int, outcome: Outcome) -> None:
    assert Causes().outcome(cause) is outcome


def test_a_trunk_may_mean_something_else_by_some_of_them() -> None:
    causes = TrunkSettings(causes=("31 no_answer", "21 busy")).means()
    assert [causes.outcome(cause) for cause in (31, 21, 17)] == [Outcome.NO_ANSWER, Outcome.BUSY, Outcome.BUSY]


@pytest.mark.parametrize("line", ["31", "31 key", "31 loud", "x busy", "0 busy", "128 busy", ""])
def test_what_is_no_cause_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="31 no_answer"):
        Causes.read([line])
