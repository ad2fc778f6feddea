"""What the service said last: the board, kept true by events. Plain Python, nothing of the screen in it.

Time is the service's: the desk's own clock corrected by what the board said, so that "due in 02:10" is the same on
every desk.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from console import times
from dispatch.wire.board import (
    Board,
    Event,
    ExpiryLine,
    FindingLine,
    GapLine,
    GatewayLine,
    HoldLine,
    InboundLine,
    LinkLine,
    ProofLine,
    WrongNumberLine,
)
from dispatch.wire.calls import CallLine
from dispatch.wire.cases import CaseLine
from dispatch.wire.operators import OperatorLine

CARE = "care"  # the key of `Records.touched` for care plans and care calls
OVER = frozenset({"closed", "cancelled"})
_REMEMBERED = 100  # calls that are over


class Records:
    """`me` is None until somebody has logged in."""

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
        self.gaps: dict[int, GapLine] = {}
        self.proofs: dict[str, ProofLine] = {}  # the last one of each trunk and telephone
        self.gateways: dict[str, GatewayLine] = {}
        self.findings: list[FindingLine] = []
        self.wrong_numbers: list[WrongNumberLine] = []  # of merchants, for somebody to correct, the oldest first
        self.more_wrong_numbers = 0
        self.expiries: list[ExpiryLine] = []  # of merchants, for somebody to renew, the first to end first
        self.more_expiries = 0
        self.hold: HoldLine | None = None  # after a restore: nothing is sent, nobody is called
        self.touched: dict[str, int] = {}  # how often something happened to "case:<number>", "call:<id>" or CARE
        self.away_since: datetime | None = None

    def now(self) -> datetime:
        return self._clock() + self._ahead

    def today(self) -> date:
        """The day it is at the centre."""
        return self.now().astimezone(self.zone).date()

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
        self.gaps = {gap.id: gap for gap in board.gaps}
        self.proofs = {_proven(proof): proof for proof in board.proofs}
        self.gateways = {gateway.name: gateway for gateway in board.gateways}
        self.findings = board.findings
        self.wrong_numbers, self.more_wrong_numbers = board.wrong_numbers, board.more_wrong_numbers
        self.expiries, self.more_expiries = board.expiries, board.more_expiries
        self.hold = board.hold
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
        if event.operator is not None:
            self.put_operator(event.operator)
        if event.link is not None:
            self.links[event.link.exchange] = event.link
        if event.gap is not None:
            self.gaps[event.gap.id] = event.gap
        if event.proof is not None:
            self.put_proof(event.proof)
        if event.gateway is not None:
            self.gateways[event.gateway.name] = event.gateway
        if event.findings is not None:
            self.findings = event.findings
        if event.wrong_numbers is not None:
            wrong = [each for each in self.wrong_numbers if each.merchant.id != event.subject_id]
            self.wrong_numbers = sorted([*wrong, *event.wrong_numbers], key=lambda each: each.since)
        if event.expiries is not None:
            others = [each for each in self.expiries if each.merchant.id != event.subject_id]
            self.expiries = sorted([*others, *event.expiries], key=lambda each: each.last)
        if event.hold is not None or event.subject == "centre":
            self.hold = event.hold
        if event.subject in ("care_plan", "care_check"):
            self._touch(CARE)

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

    def put_operator(self, operator: OperatorLine) -> None:
        self.operators[operator.id] = operator
        if self.me is not None and self.me.id == operator.id:
            self.me = operator

    def put_case(self, case: CaseLine) -> None:
        """The line of a case, also as the answer to a command brought it: it need not wait for its event."""
        known = self.cases.get(case.number)
        self._touch(f"case:{case.number}")
        if known is not None and known.version > case.version:
            return
        self.cases[case.number] = case
        if case.state in OVER and case.needs_since is None:
            del self.cases[case.number]

    def put_proof(self, proof: ProofLine) -> None:
        self.proofs[_proven(proof)] = proof

    def _touch(self, key: str) -> None:
        self.touched[key] = self.touched.get(key, 0) + 1


def _proven(proof: ProofLine) -> str:
    return f"{proof.exchange}:{proof.kind}:{proof.name}"
