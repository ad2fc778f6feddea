"""What a merchant's record is worth: the rule of docs/records.md."""

import pytest

from registry.records import Record, RecordWeights, points

WEIGHTS = RecordWeights()


def test_nobody_loses_anything_for_having_no_record_or_a_spotless_one() -> None:
    assert points(Record(), WEIGHTS) == 0
    assert points(Record(asked=40, visits=40, satisfied=30), WEIGHTS) == 0


@pytest.mark.parametrize(
    ("record", "lost"),
    [
        (Record(asked=20, declined=10), -6.0),
        (Record(asked=20, silent=10), -16.0),
        (Record(visits=10, late=3), -8.0),
        (Record(satisfied=8, fairly=4), -4.7),
        (Record(satisfied=8, not_satisfied=2), -5.3),
        (Record(yellow=2, red=1), -10.0),
        (Record(asked=1, silent=1), -6.7),
        (Record(asked=100, silent=100, visits=50, late=50, red=9), -60.0),
    ],
)
def test_shares_count_and_cards_count_and_there_is_a_worst(record: Record, lost: float) -> None:
    assert points(record, WEIGHTS) == lost


def test_being_silent_is_worse_than_saying_no() -> None:
    assert points(Record(asked=10, silent=3), WEIGHTS) < points(Record(asked=10, declined=3), WEIGHTS)
