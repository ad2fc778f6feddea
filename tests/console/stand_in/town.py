"""Everything the stand-in service knows, in memory; a test changes it and lets it happen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.wire.areas import AreaView
from dispatch.wire.base import Problem, Said
from dispatch.wire.board import (
    Board,
    Event,
    GapLine,
    HoldLine,
    InboundLine,
    LinkLine,
    ProofLine,
    TimelineEntry,
)
from dispatch.wire.calls import CallCard, CallLine
from dispatch.wire.care import CarePlanView
from dispatch.wire.cases import CaseCard, CaseLine
from dispatch.wire.history import HistoryEntry
from dispatch.wire.ladders import ActorLine
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.offers import Candidate, Candidates, Excluded
from dispatch.wire.operators import OperatorLine
from dispatch.wire.people import DoubleView, DueVisit, MerchantLine, ResidentCard, ServiceView
from dispatch.wire.recordings import RecordingLine
from dispatch.wire.report import ReportView
from dispatch.wire.rules import RuleView

EPOCH = "e1"


@dataclass(frozen=True)
class Command:
    """One command as it arrived."""

    method: str
    path: str
    body: dict[str, Any]
    key: str


@dataclass
class Town:
    """Everything the service knows. Change it from the test, then `happen` tells the consoles."""

    now: Callable[[], datetime]
    me: OperatorLine
    calls: dict[int, CallCard] = field(default_factory=dict)
    cases: dict[str, CaseCard] = field(default_factory=dict)
    residents: dict[int, ResidentCard] = field(default_factory=dict)
    histories: dict[int, list[HistoryEntry]] = field(default_factory=dict)  # the newest first
    services: list[ServiceView] = field(default_factory=list)
    merchants: list[MerchantLine] = field(default_factory=list)
    areas: list[AreaView] = field(default_factory=list)
    inbound: dict[int, InboundLine] = field(default_factory=dict)
    links: dict[str, LinkLine] = field(default_factory=dict)
    hold: HoldLine | None = None
    colleagues: list[OperatorLine] = field(default_factory=list)
    recordings: list[RecordingLine] = field(default_factory=list)
    told: list[Command] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)  # that each request asked for
    opened: list[str] = field(default_factory=list)  # what was read: the access log
    gaps: list[GapLine] = field(default_factory=list)
    proofs: dict[int, ProofLine] = field(default_factory=dict)
    plans: dict[int, CarePlanView] = field(default_factory=dict)
    rules: dict[str, list[RuleView]] = field(default_factory=dict)  # all versions, the last one in force
    records: dict[int, MerchantCard] = field(default_factory=dict)
    doubles: list[DoubleView] = field(default_factory=list)
    due_visits: list[DueVisit] = field(default_factory=list)
    reports: dict[tuple[str, str | None], ReportView] = field(default_factory=dict)  # by month and area
    password: str = "secret"
    refusals: dict[str, Problem] = field(default_factory=dict)  # by the end of the path; once each
    lose_reads: dict[str, int] = field(default_factory=dict)  # by path: so often it cannot be read
    lose_answers: int = 0  # commands that are carried out and whose answer never arrives
    epoch: str = EPOCH
    events: list[tuple[str, str, str]] = field(default_factory=list)  # id, name, data
    timelines: dict[str, list[TimelineEntry]] = field(default_factory=dict)
    closing: bool = False
    streams: list[str | None] = field(default_factory=list)  # the Last-Event-ID of each
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def board(self) -> Board:
        return Board(
            at=self.now(),
            last_event_id=f"{self.epoch}-{len(self.events)}",
            centre_name="邻里热线",
            time_zone="Asia/Shanghai",
            calls=[CallLine(**dict(call)) for call in self.calls.values()],
            cases=[
                CaseLine(**dict(case)) for case in self.cases.values() if case.state not in ("closed", "cancelled")
            ],
            inbound=list(self.inbound.values()),
            operators=[self.me, *self.colleagues],
            links=list(self.links.values()),
            hold=self.hold,
            gaps=self.gaps,
            proofs=list(self.proofs.values()),
        )

    def happen(self, what: str, **about: Any) -> None:
        """Journals one row and streams it: `call=`, `case=`, `inbound=`, `operator=`, `link=`; `data=` its facts."""
        subject = what.partition(".")[0]
        data = about.pop("data", {})
        actor = about.pop("actor", ActorLine(kind="system"))
        subject_id = about.pop("subject_id", 0)
        name = f"{self.epoch}-{len(self.events) + 1}"
        lines = {key: _line(value) for key, value in about.items()}
        entry = TimelineEntry(
            id=name, at=self.now(), what=what, subject=subject, subject_id=subject_id, actor=actor, data=data
        )
        event = Event(**dict(entry), **lines)
        if isinstance(case := about.get("case"), CaseCard):
            self.timelines.setdefault(case.number, []).append(entry)
        self.events.append((name, "change", event.model_dump_json()))

    def change_call(self, call_id: int, what: str, **changes: Any) -> CallCard:
        before = self.calls[call_id]
        call = before.model_copy(update={"version": before.version + 1, **changes})
        self.calls[call_id] = call
        self.happen(what, call=call)
        return call

    def change_case(
        self, number: str, what: str, data: dict[str, Any] | None = None, *, subject_id: int = 0, **changes: Any
    ) -> CaseCard:
        before = self.cases[number]
        case = before.model_copy(update={"version": before.version + 1, **changes})
        self.cases[number] = case
        self.happen(what, case=case, data=data or {}, subject_id=subject_id)
        return case

    def candidates(self, number: str) -> Candidates:
        able = [
            Candidate(
                merchant=merchant,
                distance=430 + 200 * index,
                score=100 - index,
                usual=index == 0,
                channel="sms" if index == 0 else "voice",
                reasons=[Said(key="reason.distance", values={"metres": 430})]
                + ([Said(key="reason.usual")] if index == 0 else []),
            )
            for index, merchant in enumerate(self.merchants[:3])
        ]
        closed = Said(key="reason.closed", values={"opens_at": "2026-03-02T18:00:00+08:00"})
        out = [Excluded(merchant=each, distance=2300, reasons=[closed]) for each in self.merchants[3:]]
        return Candidates(case_number=number, sheet_id=7, at=self.now(), candidates=able, excluded=out)


def _line(value: Any) -> Any:
    match value:
        case CaseCard():
            return CaseLine(**dict(value))
        case CallCard():
            return CallLine(**dict(value))
        case _:
            return value
