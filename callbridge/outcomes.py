"""What a Q.850 cause means for a call of ours that nobody answered."""

from callbridge.events import Outcome

# ITU-T Q.850, table 1, as Asterisk 22 maps SIP answers to it (404 to 1, 486 to 17, 480 to 19, …).
_BY_CAUSE = {
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


def outcome_of(cause: int) -> Outcome:
    return _BY_CAUSE.get(cause, Outcome.FAILED)
