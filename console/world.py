"""What an operator asks of what the service said last; nothing is guessed ahead of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from console.records import OVER, Records
from dispatch.wire.board import GapLine, HoldLine, InboundLine, LinkLine, ProofLine
from dispatch.wire.calls import CallLine
from dispatch.wire.case_calls import CaseCallLine
from dispatch.wire.cases import CaseLine
from dispatch.wire.operators import OperatorLine
from dispatch.wire.words import Priority

_URGENCY: dict[Priority, int] = {"emergency": 0, "urgent": 1, "routine": 2}
_UNANSWERED = frozenset({"ringing", "queued"})
_PEOPLE_ACT = frozenset({"arrival_due", "finish_due", "wanted_soon"})
# These clocks the service itself answers within seconds; late is only what it left lying.
_SERVICE_ACTS = timedelta(seconds=30)
_NEWS = timedelta(minutes=30)  # as long a gap that left nothing to do is worth a line

Sort = Literal["case", "late", "sms", "link", "proof", "hold", "alike", "turn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that waits for an operator. `alarm`: it rings and stands above what is merely somebody's turn."""

    key: str  # the same need keeps its key: bell and cursor go by it
    sort: Sort
    why: str  # a message key
    since: datetime
    alarm: bool = True
    priority: Priority = "routine"
    case: CaseLine | None = None
    inbound: InboundLine | None = None
    link: LinkLine | None = None
    proof: ProofLine | None = None
    hold: HoldLine | None = None


class World(Records):
    """One desk's view of its centre."""

    def waiting(self) -> list[CallLine]:
        """Calls that nobody has answered yet: the urgent first, then who waits longest."""
        waiting = [call for call in self.calls.values() if call.direction == "in" and call.state in _UNANSWERED]
        return sorted(waiting, key=lambda call: (_URGENCY[call.priority], call.arrived_at, call.id))

    def talking(self) -> list[CallLine]:
        """Calls that somebody is talking on or has dialled, mine first."""
        talking = [call for call in self.calls.values() if call.direction == "out" or call.state == "talking"]
        return sorted(talking, key=lambda call: (not self.is_mine(call), call.answered_at or call.arrived_at))

    def is_mine(self, call: CallLine) -> bool:
        """Whether I talk in it: one of its operators may have left it, or come later."""
        return self.me is not None and self.me.id in talkers(call)

    def rings_here(self, call: CallLine) -> bool:
        """Out of the queue, or because a colleague wants me in her call."""
        if self.me is None:
            return False
        called = any(
            leg.role == "operator" and leg.joined_at is None and leg.operator and leg.operator.id == self.me.id
            for leg in call.legs
        )
        queued = call.state in _UNANSWERED and self.me.extension in call.ringing
        return call.direction == "in" and (queued or called)

    def silent_call(self) -> CallLine | None:
        """The call in which I am and nobody speaks, until somebody has said what that means."""
        mine = self.my_call()
        asks = mine is not None and any(is_silent(case, mine.id) for case in self.cases.values())
        return mine if asks else None

    def call(self, call_id: int) -> CallLine | None:
        """On the board, or as it left it."""
        return self.calls.get(call_id) or self._over.get(call_id)

    def my_call(self) -> CallLine | None:
        return next((call for call in self.talking() if self.is_mine(call)), None)

    def ringing_here(self) -> CallLine | None:
        return next((call for call in (*self.waiting(), *self.talking()) if self.rings_here(call)), None)

    def colleagues(self) -> list[OperatorLine]:
        """Who is there besides me: those who are free first, then by name."""
        mine = self.me.id if self.me is not None else None
        there = [each for each in self.operators.values() if each.presence != "off" and each.id != mine]
        return sorted(there, key=lambda each: (not each.rings, self.call_of(each) is not None, each.name, each.id))

    def call_of(self, operator: OperatorLine) -> CallLine | None:
        """The call in which she talks."""
        return next((call for call in self.talking() if operator.id in talkers(call)), None)

    def open_cases(self) -> list[CaseLine]:
        """Late ones on top, then what needs somebody, then by the clock that runs out first."""
        return sorted(self.cases.values(), key=self._place)

    def cases_of(self, resident_id: int) -> list[CaseLine]:
        return [case for case in self.open_cases() if case.resident is not None and case.resident.id == resident_id]

    def late_by(self, case: CaseLine) -> timedelta | None:
        """How long its clock has run out; None while there is time, or nothing runs."""
        if case.clock is None or case.state in OVER:
            return None
        over = self.now() - case.clock.due_at
        grace = timedelta() if case.clock.kind in _PEOPLE_ACT else _SERVICE_ACTS
        return over if over > grace else None

    def late(self) -> list[CaseLine]:
        return [case for case in self.open_cases() if self.late_by(case) is not None]

    def needs(self) -> list[Need]:
        """What needs me now: alarms before turns, each sorted by urgency and then by age."""
        found = [*self._case_needs(), *self._other_needs()]
        return sorted(found, key=lambda need: (not need.alarm, _URGENCY[need.priority], need.since, need.key))

    def _case_needs(self) -> list[Need]:
        found: list[Need] = []
        for case in self.cases.values():
            if case.needs_since is not None and case.needs_why is not None:
                sort: Sort = "case"
                why, since = case.needs_why, case.needs_since
            elif self.late_by(case) is not None and case.clock is not None:
                sort, why, since = "late", f"need.late_{case.clock.kind}", case.clock.due_at
            elif self.is_my_turn(case):
                sort, why, since = "turn", f"need.turn_{_stage(case)}", case.served_at or case.opened_at
            else:
                continue
            # Reason and time are part of the key: a case that needs somebody once more rings once more.
            key = f"case:{case.number}:{why}:{since.isoformat()}"
            need = Need(key=key, sort=sort, why=why, alarm=sort != "turn", since=since)
            found.append(replace(need, priority=case.priority, case=case))
        return found

    def _alike(self) -> list[Need]:
        """Many have the same: one line for each service and community, which opens the newest of them."""
        newest: dict[tuple[str, str], CaseLine] = {}
        for case in sorted(self.cases.values(), key=lambda case: case.number):
            if case.many is not None and case.many.alike and case.state not in OVER:
                newest[case.service_code, case.many.where] = case
        return [
            Need(
                key=f"alike:{case.service_code}:{case.many.where}:{case.many.incident}",
                sort="alike",
                why="need.alike",
                alarm=True,
                since=case.opened_at,
                priority=case.priority,
                case=case,
            )
            for case in newest.values()
            if case.many is not None
        ]

    def _other_needs(self) -> list[Need]:
        found: list[Need] = self._alike()
        for line in self.inbound.values():
            case = self.cases.get(line.case_number or "")
            if case is None or case.needs_since is None:  # else the case itself asks, once is enough
                why = f"need.sms_{line.reading}"
                found.append(Need(key=f"sms:{line.id}", sort="sms", why=why, since=line.received_at, inbound=line))
        for link in self.links.values():
            if not link.up:
                need = Need(
                    key=f"link:{link.exchange}", sort="link", why="need.link_down", since=link.since or self.now()
                )
                found.append(replace(need, priority="emergency", link=link))
        for proof in self.proofs.values():
            if proof.needs_since is not None:
                key, why = f"proof:{proof.id}", f"need.proof_{proof.kind}"
                need = Need(key=key, sort="proof", why=why, since=proof.needs_since, proof=proof)
                found.append(replace(need, priority="urgent" if proof.kind == "trunk" else "routine"))
        if (hold := self.hold) is not None:
            need = Need(key=f"hold:{hold.since.isoformat()}", sort="hold", why="need.hold", since=hold.since)
            found.append(replace(need, priority="emergency", hold=hold))
        return found

    def gaps_to_show(self) -> list[tuple[GapLine, int]]:
        """The newest first, each with how many of its callers wait to be called back: as long as somebody does, and a
        while longer.
        """
        waiting = [(gap, self._to_call_back(gap)) for gap in self.gaps.values()]
        shown = [(gap, left) for gap, left in waiting if left or self.now() - gap.until < _NEWS]
        return sorted(shown, key=lambda each: each[0].until, reverse=True)

    def _to_call_back(self, gap: GapLine) -> int:
        open_ones = (case for case in self.cases.values() if case.call_back and case.state not in OVER)
        return sum(case.last_call is not None and _fell_into(case.last_call, gap) for case in open_ones)

    def may_release(self) -> bool:
        """Whether what is held after a restore may go when I say so."""
        return self.hold is not None and self.me is not None and self.me.role != "operator"

    def is_my_turn(self, case: CaseLine) -> bool:
        if self.me is None:
            return False
        if case.turn == "supervisor":
            return self.me.role != "operator"
        return case.turn == "operator" and (case.turn_operator is None or case.turn_operator.id == self.me.id)

    def _place(self, case: CaseLine) -> tuple[int, int, datetime, str]:
        if self.late_by(case) is not None:
            rank = 0
        elif case.needs_since is not None:
            rank = 1
        else:
            rank = 2 if case.clock is not None else 3
        since = case.clock.due_at if case.clock is not None else case.opened_at
        return rank, _URGENCY[case.priority], since, case.number


def talkers(call: CallLine) -> set[int]:
    """The operators who talk in a call; its own operator where the parties are not known."""
    here = {leg.operator.id for leg in call.legs if leg.role == "operator" and leg.joined_at and leg.operator}
    return here or ({call.operator.id} if call.operator is not None else set())


def _stage(case: CaseLine) -> str:
    """How far it is, for whoever has its turn; an emergency in somebody's hands is to be watched, not sent out."""
    if case.state == "open" and case.ladder is not None:
        return "going" if case.ladder.going is not None else "accepted"
    return case.state


def _fell_into(call: CaseCallLine, gap: GapLine) -> bool:
    """Whether it came in the gap, or ended in it: what the service counts (`dispatch.gaps`)."""
    came = call.recovered and gap.began_at <= call.arrived_at <= gap.until
    ended = call.ended_at is not None and gap.began_at <= call.ended_at <= gap.until and call.arrived_at < gap.until
    return came or ended


def is_silent(case: CaseLine, call_id: int | None = None) -> bool:
    """Whether nobody speaks, or nobody had dialled; with a call, whether it was in that one."""
    asks = case.needs_why in ("need.silent", "need.no_digits") and case.last_call is not None
    return asks and (call_id is None or (case.last_call is not None and case.last_call.id == call_id))
