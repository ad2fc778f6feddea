"""What a Q.850 cause means for a call of ours that nobody answered: a table for each trunk."""

from collections.abc import Iterable, Mapping
from typing import Self

from callbridge.events import Outcome

# ITU-T Q.850, table 1, as Asterisk 22 maps SIP answers to it (404 to 1, 486 to 17, 480 to 19, …).
USUAL: Mapping[int, Outcome] = {
    1: Outcome.INVALID,
    17: Outcome.BUSY,
    18: Outcome.NO_ANSWER,
    19: Outcome.NO_ANSWER,
    20: Outcome.UNREACHABLE,
    21: Outcome.REJECTED,
    27: Outcome.UNREACHABLE,
    28: Outcome.INVALID,
    34: Outcome.CONGESTED,
    38: Outcome.CONGESTED,
    42: Outcome.CONGESTED,
    44: Outcome.CONGESTED,
}
UNANSWERED = frozenset(Outcome) - {Outcome.KEY, Outcome.NO_KEY}


class Causes:
    """The causes of one trunk: what its provider means by some of them, and what is usual of all others."""

    def __init__(self, own: Mapping[int, Outcome] | None = None) -> None:
        self._by_cause = {**USUAL, **(own or {})}

    @classmethod
    def read(cls, written: Iterable[str]) -> Self:
        """From lines such as `31 no_answer`. Raises ValueError, which says what would be right."""
        own: dict[int, Outcome] = {}
        for line in written:
            cause, _, word = line.partition(" ")
            if not cause.isdecimal() or not 0 < int(cause) < 128 or word not in UNANSWERED:
                words = ", ".join(sorted(UNANSWERED))
                raise ValueError(f"must be a Q.850 cause and one of {words}, for example '31 no_answer'")
            own[int(cause)] = Outcome(word)
        return cls(own)

    def outcome(self, cause: int) -> Outcome:
        return self._by_cause.get(cause, Outcome.FAILED)
