"""What is in the database, counted against what really happened. Every count here has the aim 0 unless it says so."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import col

from benchmarks.scene import BUTTONS
from benchmarks.soak.callers import Heard
from benchmarks.soak.network import Sighting
from benchmarks.soak.quarter import Line, Quarter
from benchmarks.soak.truth import Called
from callbridge.events import CallEnd, Outcome
from dispatch.casebook import OPEN_STATES
from dispatch.models import (
    Attempt,
    Call,
    CallMatch,
    CallState,
    Case,
    CaseCall,
    Direction,
    Ladder,
    Leg,
    LegRole,
    LinkWhy,
    Message,
    MessageKind,
    MessageState,
)
from dispatch.unanswered import TOO_SHORT
from registry.models import Channel
from registry.models.centre import Priority
from registry.store import Store
from registry.store.journal import Journal

IN_VAIN = frozenset(Outcome) - {Outcome.KEY}  # results of attempts whose call is known to be over
APART = 0.3  # seconds
AT_ONCE = TOO_SHORT.total_seconds()
FINISHED = (MessageState.SENT, MessageState.FAILED, MessageState.DROPPED)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database has of the calls that came in: calls by uniqueid, who was recognised, which cases."""

    calls: dict[str, Call]
    residents: dict[int, set[int]]
    cases: dict[int, list[tuple[LinkWhy, Case]]]  # by call
    without_leg: int
    with_ladder: set[int]  # cases

    @classmethod
    def by(cls, store: Store) -> "Kept":
        with store.reading() as session:
            came_in = select(Call).where(col(Call.direction) == Direction.IN)
            calls = {call.id or 0: call for call in session.scalars(came_in)}
            legs = session.execute(
                select(col(Leg.uniqueid), col(Leg.call_id)).where(col(Leg.role) == LegRole.CALLER)
            ).all()
            residents: dict[int, set[int]] = defaultdict(set)
            for match in session.scalars(select(CallMatch)):
                residents[match.call_id].add(match.resident_id)
            cases: dict[int, list[tuple[LinkWhy, Case]]] = defaultdict(list)
            links = select(CaseCall, Case).join(Case, col(Case.id) == col(CaseCall.case_id))
            for link, case in session.execute(links):
                cases[link.call_id].append((link.why, case))
            ladders = set(session.scalars(select(col(Ladder.case_id))))
        by_uniqueid = {uniqueid: calls[call_id] for uniqueid, call_id in legs if call_id in calls}
        return cls(by_uniqueid, residents, cases, len(calls) - len(by_uniqueid), ladders)


def incoming(store: Store, happened: Collection[Called], heard: Heard, quarter: Quarter) -> dict[str, int]:
    """Calls that came in, against the exchange's log and against what the callers themselves saw."""
    kept = Kept.by(store)
    found: Counter[str] = Counter(
        calls_made=heard.answered.total(), calls_at_the_exchange=len(happened), calls_kept=len(kept.calls)
    )
    at_exchange = Counter(call.shown for call in happened)
    in_database: Counter[str] = Counter()
    for truth in happened:
        call = kept.calls.get(truth.uniqueid)
        found["calls_without_a_row"] += call is None
        if call is None:
            continue
        in_database[truth.shown] += 1
        _compare(found, truth, call, kept, quarter.line_of(truth.shown))
    found["callers_not_in_the_log"] = (heard.answered - at_exchange).total()
    known = {truth.uniqueid for truth in happened}
    found["calls_doubled"] = len(kept.calls.keys() - known) + kept.without_leg
    found["people_in_twice"] = _in_twice(kept)
    found["attempts_miscounted"] = _miscounted(kept)
    return dict(found)


def emergencies_behind_others(store: Store, happened: Collection[Called]) -> int:
    """Emergencies that were cut off, and whose end was written down after that of somebody else who was cut off."""
    cut_off = {call.uniqueid for call in happened if call.cut_off}
    rows = (
        select(col(Leg.uniqueid), col(Call.priority), func.min(col(Journal.seq)))
        .join(Call, col(Call.id) == col(Leg.call_id))
        .join(Journal, col(Journal.call_id) == col(Call.id))
        .where(col(Leg.role) == LegRole.CALLER, col(Journal.what) == "call.ended")
        .group_by(col(Leg.uniqueid), col(Call.priority))
    )
    with store.reading() as session:
        ended = [(priority, seq) for uniqueid, priority, seq in session.execute(rows) if uniqueid in cut_off]
    first_other = min((seq for priority, seq in ended if priority is not Priority.EMERGENCY), default=None)
    return sum(
        first_other is not None and seq > first_other for priority, seq in ended if priority is Priority.EMERGENCY
    )


def _compare(found: Counter[str], truth: Called, call: Call, kept: Kept, line: Line) -> None:
    """One call, and what has to follow from it."""
    call_id = call.id or 0
    emergency = line.is_button or truth.dialled == BUTTONS
    answered = truth.answered is not None and not truth.cut_off and not _over_at_once(truth, call)
    found["calls_answered"] += answered
    found["emergencies"] += emergency
    found["wrong_resident"] += kept.residents.get(call_id, set()) != line.residents or call.number != line.number
    found["wrong_urgency"] += (call.priority is Priority.EMERGENCY) != emergency
    found["calls_without_end"] += truth.ended is not None and call.state is not CallState.ENDED
    if call.state is CallState.ENDED:
        found["wrong_end"] += (call.end is CallEnd.ANSWERED) != answered
        found["wrong_end"] += truth.cut_off and call.end is not CallEnd.CUT_OFF
    open_cases = [(why, case) for why, case in kept.cases.get(call_id, ()) if case.state in OPEN_STATES]
    to_call_back = [case for _, case in open_cases if case.call_back is not None]
    urgent = [case for _, case in open_cases if case.priority is Priority.EMERGENCY and case.call_back is None]
    if emergency:
        found["emergencies_without_case"] += not urgent
        found["emergencies_without_ladder"] += bool(urgent) and urgent[0].id not in kept.with_ladder
        found["emergencies_in_two_cases"] += len(urgent) > 1
    elif call.state is CallState.ENDED and not answered:
        found["unanswered"] += 1
        found["not_to_be_called_back"] += not to_call_back
        found["in_two_cases"] += len(to_call_back) > 1
    if answered:
        found["called_back_needlessly"] += any(
            why is LinkWhy.CALL_BACK and case.call_back is not None for why, case in open_cases
        )


def _over_at_once(truth: Called, call: Call) -> bool:
    """Answered, and over before anything can have been said: as good as not answered. AMI's stamps, by which it was
    decided, are a little apart from those of the log.
    """
    if truth.answered is None or truth.ended is None:
        return False
    lasted = truth.ended - truth.answered
    return call.end is CallEnd.TOO_SHORT if abs(lasted - AT_ONCE) < APART else lasted < AT_ONCE


def _in_twice(kept: Kept) -> int:
    """People, or numbers, with more than one open case to call them back."""
    cases = {case.id: case for links in kept.cases.values() for _, case in links if case.call_back is not None}
    people = Counter(case.resident_id or case.call_back for case in cases.values() if case.state in OPEN_STATES)
    return sum(count > 1 for count in people.values())


def _miscounted(kept: Kept) -> int:
    """Cases whose count of attempts is not the number of their calls that nobody answered."""
    unanswered: Counter[int] = Counter()
    cases: dict[int, Case] = {}
    for call in kept.calls.values():
        for _, case in kept.cases.get(call.id or 0, ()):
            if case.call_back is not None:
                cases[case.id or 0] = case
                unanswered[case.id or 0] += call.end is not None and call.end is not CallEnd.ANSWERED
    return sum(case.attempts != unanswered[case_id] for case_id, case in cases.items())


def outgoing(store: Store, seen: Collection[Sighting]) -> dict[str, int]:
    """Calls of ours, at the receiver: each message is for a number of its own, whose owner answers and presses a key.

    Doubled is what rang again though nobody knew that the first had ended in vain. `doubled_in_emergencies` has no
    aim: twice is better than never, and it is counted.
    """
    rings = Counter(each.number for each in seen if each.what == "rang")
    with store.reading() as session:
        messages = session.scalars(select(Message).where(col(Message.channel) == Channel.VOICE)).all()
        latest = {message.id: message.tries for message in messages}
        attempts = session.scalars(select(Attempt).where(col(Attempt.result).in_([*IN_VAIN])))
        followed = Counter(each.message_id for each in attempts if each.try_number < latest.get(each.message_id, 0))
    by_number: Mapping[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_number[message.number].append(message)
    found: Counter[str] = Counter(calls_ordered=len(messages), calls_rang=rings.total())
    for number, wanted in by_number.items():
        again = sum(followed[message.id or 0] for message in wanted)
        doubled = max(0, rings[number] - len(wanted) - again)
        emergency = all(message.kind is MessageKind.LADDER for message in wanted)
        found["doubled_in_emergencies" if emergency else "doubled_outgoing"] += doubled
        sent = [message for message in wanted if message.state is MessageState.SENT]
        found["sent_and_never_rang"] += max(0, len(sent) - rings[number])
        found["orders_unfinished"] += sum(message.state not in FINISHED for message in wanted)
        found["dialled_again"] += again
    found["rang_and_not_ordered"] = sum(count for number, count in rings.items() if number not in by_number)
    return dict(found)
