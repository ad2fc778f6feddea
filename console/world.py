"""What the console knows: the board, kept true by events. Plain Python, nothing of the screen in it.

Everything here is what the service said last; nothing is guessed ahead of it. Time is the service's: the desk's own
clock corrected by what the board said, so that "due in 02:10" is the same on every desk.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from console import times
from dispatch.wire.words import Priority
from dispatch.wire.work import Board, CallLine, CaseLine, Event, InboundLine, LinkLine, OperatorLine

_URGENCY: dict[Priority, int] = {"emergency": 0, "urgent": 1, "routine": 2}
_REMEMBERED = 100  # calls that are over
_OVER = frozenset({"closed", "cancelled"})
_PEOPLE_ACT = frozenset({"arrival_due", "finish_due", "wanted_soon"})
# These clocks the service itself answers within seconds; late is only what it left lying.
_SERVICE_ACTS = timedelta(seconds=30)

Sort = Literal["case", "late", "sms", "link", "turn"]


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


class World:
    """One desk's view of its centre. `me` is None until somebody has logged in."""

    def __init__(self, clock: Callable[[], datetime] = times.now) -> None:
        self._clock = clock
        self._ahead = timedelta()  # how far the service's clock is ahead of ours
        self.me: OperatorLine | None = None
        self.centre_name = ""
        self.zone = ZoneInfo("UTC")
        self.calls: dict[int, CallLine] = {}
        self._over: dict[int, CallLine] = {}  # calls that left the board a while ago; their card may still be open
        self.cases: dict[str, CaseLine] = {}
        self.inbound: dict[int, InboundLine] = {}
        self.operators: dict[int, OperatorLine] = {}
        self.links: dict[str, LinkLine] = {}
        self.touched: dict[str, int] = {}  # how often something happened to "case:<number>" or "call:<id>"
        self.away_since: datetime | None = None

    def now(self) -> datetime:
        return self._clock() + self._ahead

    # What the service says

    def went_away(self, since: datetime) -> None:
        """`since` by the desk's clock."""
        self.away_since = since + self._ahead

    def came_back(self) -> None:
        self.away_since = None

    def take(self, board: Board) -> None:
        """Everything anew."""
        self._ahead = board.at - self._clock()
        self.centre_name, self.zone = board.centre_name, ZoneInfo(board.time_zone)
        self.calls = {call.id: call for call in board.calls}
        self.cases = {case.number: case for case in board.cases}
        self.inbound = {line.id: line for line in board.inbound if line.needs_operator}
        self.operators = {operator.id: operator for operator in board.operators}
        self.links = {link.exchange: link for link in board.links}
        if self.me is not None:
            self.me = self.operators.get(self.me.id, self.me)
        for key in (*self.touched, *(f"case:{number}" for number in self.cases)):
            self._touch(key)

    def apply(self, event: Event) -> None:
        """One event. The same one twice, or an older one late, changes nothing."""
        if event.call is not None:
            self.put_call(event.call)
        elif event.subject == "call":  # bare: it is no longer ours to see
            self.calls.pop(event.subject_id, None)
        if event.case is not None:
            self.put_case(event.case)
        elif event.subject == "case":
            self.cases = {number: case for number, case in self.cases.items() if case.id != event.subject_id}
        if (line := event.inbound) is not None:
            self.inbound[line.id] = line
            if not line.needs_operator:
                del self.inbound[line.id]
            if line.case_number:
                self._touch(f"case:{line.case_number}")
        if (operator := event.operator) is not None:
            self.operators[operator.id] = operator
            if self.me is not None and self.me.id == operator.id:
                self.me = operator
        if event.link is not None:
            self.links[event.link.exchange] = event.link

    def put_call(self, call: CallLine) -> None:
        known = self.calls.get(call.id)
        self._touch(f"call:{call.id}")
        if known is not None and known.version > call.version:
            return
        self.calls[call.id] = call
        if call.state == "ended":  # who was not answered has a case to be called back
            self._over[call.id] = self.calls.pop(call.id)
            for oldest in list(self._over)[:-_REMEMBERED]:
                del self._over[oldest]

    def put_case(self, case: CaseLine) -> None:
        """The line of a case, also as the answer to a command brought it: it need not wait for its event."""
        known = self.cases.get(case.number)
        self._touch(f"case:{case.number}")
        if known is not None and known.version > case.version:
            return
        self.cases[case.number] = case
        if case.state in _OVER and case.needs_since is None:
            del self.cases[case.number]

    def _touch(self, key: str) -> None:
        self.touched[key] = self.touched.get(key, 0) + 1

    # What the operator asks

    def waiting(self) -> list[CallLine]:
        """Calls that nobody has answered yet: the urgent first, then who waits longest."""
        waiting = [call for call in self.calls.values() if call.state in ("ringing", "queued")]
        return sorted(waiting, key=lambda call: (_URGENCY[call.priority], call.arrived_at, call.id))

    def talking(self) -> list[CallLine]:
        """Calls that somebody is talking on, mine first."""
        talking = [call for call in self.calls.values() if call.state == "talking"]
        return sorted(talking, key=lambda call: (not self.is_mine(call), call.answered_at or call.arrived_at))

    def is_mine(self, call: CallLine) -> bool:
        return self.me is not None and call.operator is not None and call.operator.id == self.me.id

    def rings_here(self, call: CallLine) -> bool:
        extension = self.me.extension if self.me is not None else None
        return call.state in ("ringing", "queued") and extension is not None and extension in call.ringing

    def call(self, call_id: int) -> CallLine | None:
        """On the board, or as it left it."""
        return self.calls.get(call_id) or self._over.get(call_id)

    def my_call(self) -> CallLine | None:
        return next((call for call in self.talking() if self.is_mine(call)), None)

    def ringing_here(self) -> CallLine | None:
        return next((call for call in self.waiting() if self.rings_here(call)), None)

    def open_cases(self) -> list[CaseLine]:
        """Late ones on top, then what needs somebody, then by the clock that runs out first."""
        return sorted(self.cases.values(), key=self._place)

    def cases_of(self, resident_id: int) -> list[CaseLine]:
        return [case for case in self.open_cases() if case.resident is not None and case.resident.id == resident_id]

    def late_by(self, case: CaseLine) -> timedelta | None:
        """How long its clock has run out; None while there is time, or nothing runs."""
        if case.clock is None or case.state in _OVER:
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
                sort, why, since = "turn", f"need.turn_{case.state}", case.served_at or case.opened_at
            else:
                continue
            # Reason and time are part of the key: a case that needs somebody once more rings once more.
            key = f"case:{case.number}:{why}:{since.isoformat()}"
            need = Need(key=key, sort=sort, why=why, alarm=sort != "turn", since=since)
            found.append(replace(need, priority=case.priority, case=case))
        return found

    def _other_needs(self) -> list[Need]:
        found: list[Need] = []
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
        return found

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
