"""What waits to be told: who is new before what ends for others, and each call's own events in their order."""

from datetime import UTC, datetime

from callbridge.backlog import Backlog, Batch
from callbridge.events import BridgeEvent, CallArrived, CallSilent

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def arrived(uniqueid: str, *, emergency: bool = False) -> CallArrived:
    facts = {"linkedid": uniqueid, "channel": "PJSIP/trunk-1", "number": "", "name": "", "dialled": "02367000000"}
    return CallArrived(exchange="main", at=AT, uniqueid=uniqueid, emergency=emergency, **facts)


def other(uniqueid: str) -> BridgeEvent:
    return CallSilent(exchange="main", at=AT, uniqueid=uniqueid)


def told(backlog: Backlog, most: int = 10) -> list[list[str]]:
    """Batch for batch, until nothing waits."""
    batches = []
    while backlog:
        batches.append([getattr(event, "uniqueid", "") for event in backlog.next(most).events])
    return batches


def test_emergencies_are_told_first_and_alone() -> None:
    backlog = Backlog()
    backlog.put([other("1"), arrived("2"), arrived("3", emergency=True), arrived("4", emergency=True)])
    assert told(backlog) == [["3", "4"], ["2"], ["1"]]


def test_arrivals_and_the_rest_take_turns_so_that_neither_waits_for_ever() -> None:
    backlog = Backlog()
    backlog.put(event for number in range(3) for event in (arrived(f"a{number}"), other(f"o{number}")))
    assert told(backlog, most=1) == [["a0"], ["o0"], ["a1"], ["o1"], ["a2"], ["o2"]]


def test_what_was_put_together_stays_together_and_in_its_place() -> None:
    backlog = Backlog()
    backlog.put([other("1")])
    backlog.put_together(Batch([other("2"), arrived("3")]))
    backlog.put([other("4"), other("5")])
    assert len(backlog) == 4
    assert told(backlog) == [["1"], ["2", "3"], ["4", "5"]]


def test_a_call_that_arrives_while_others_end_is_still_told_before_its_own_end() -> None:
    backlog = Backlog()
    backlog.put([other("1"), other("2")])
    backlog.next(1)
    backlog.put([arrived("3"), other("3")])
    assert told(backlog, most=1) == [["3"], ["2"], ["3"]]
