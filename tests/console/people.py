"""Invented people, merchants and services for the console's tests."""

from datetime import UTC, date, datetime, timedelta

from dispatch.wire.board import InboundLine, LinkLine, ProofLine
from dispatch.wire.calls import CallCard, LegLine
from dispatch.wire.care import CarePlanView
from dispatch.wire.case_calls import CaseCallLine
from dispatch.wire.cases import CaseCard
from dispatch.wire.ladders import LadderCallView, LadderView
from dispatch.wire.offers import OfferView
from dispatch.wire.operators import OperatorLine
from dispatch.wire.people import (
    ContactView,
    LastCase,
    LineView,
    MerchantLine,
    ResidentCard,
    ResidentLine,
    ServiceView,
    UsualMerchantView,
)
from dispatch.wire.rules import RuleView
from tests.console.stand_in import Town

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
ME = OperatorLine(id=1, name="陈晓", role="operator", extension="801", presence="ready", phone_reachable=True)
SHE = OperatorLine(id=2, name="刘芳", role="operator", extension="802", presence="ready", phone_reachable=True)

LIN = ResidentCard(
    id=11,
    name="林婉芝",
    addressed="林婉芝奶奶",
    gender="female",
    age=82,
    address="青石里 3栋 2单元 502",
    groups=["living_alone"],
    hearing="hard",
    care_level=1,
    entrance_note="单元门禁坏了，请按门铃两次",
    health_note="高血压，服缬沙坦80mg每日一次；对青霉素过敏",
    dialect="重庆话",
    consented_on=date(2026, 3, 1),
    consented_by="女儿林晓",
    visited_on=date(2025, 11, 30),
    visited_by="李芳",
    lines=[LineView(id=1, number="+862367001001", kind="landline")],
    contacts=[
        ContactView(id=5, rank=1, name="林晓", relation="女儿", number="+8617700232001", has_key=True),
        ContactView(id=6, rank=2, name="网格员小唐", relation="社区网格员", number="+8618900233001"),
    ],
    usual_merchants=[UsualMerchantView(kind="pharmacy", merchant_id=31, name="康宁大药房")],
    last_cases=[
        LastCase(
            number="TL-20260226-0003",
            state="closed",
            service_code="medicine",
            service_zh="送药上门",
            service_en="Medicine delivery",
            words="降压药",
            opened_at=NOW - timedelta(days=4),
            outcome="served",
        )
    ],
    version=3,
)
ZHOU = ResidentCard(
    id=12, name="周桂芳", addressed="周桂芳奶奶", gender="female", age=78, address="青石里 5栋 1单元 301", version=1
)
LI = ResidentCard(
    id=13, name="李𬱖", addressed="李𬱖爷爷", gender="male", age=74, address="青石里 5栋 1单元 301", version=1
)
WANG = ResidentCard(
    id=14, name="王䶮", addressed="王䶮爷爷", gender="male", age=87, address="青石里 1栋 402", version=1
)

SERVICES = [
    ServiceView(
        code="medicine",
        name_zh="送药上门",
        name_en="Medicine delivery",
        keypad_digit="1",
        priority="routine",
        merchant_kinds=["pharmacy"],
        needs_visit=True,
        accept_minutes=5,
        arrive_minutes=60,
        finish_minutes=15,
        questions_zh=["药名和规格？还剩几天的量？", "有处方吗？"],
        questions_en=["Which medicine?", "Is there a prescription?"],
    ),
    ServiceView(
        code="water",
        name_zh="供水报修",
        name_en="Water",
        keypad_digit="4",
        priority="urgent",
        merchant_kinds=["water", "repair"],
        needs_visit=True,
        accept_minutes=5,
        arrive_minutes=60,
        finish_minutes=120,
    ),
    ServiceView(
        code="information",
        name_zh="咨询",
        name_en="Information",
        priority="routine",
        merchant_kinds=[],
        needs_visit=False,
        accept_minutes=0,
        arrive_minutes=0,
        finish_minutes=0,
    ),
]
MERCHANTS = [
    MerchantLine(id=31, kind="pharmacy", name="康宁大药房", address="青石里 1号", number="+862367002001"),
    MerchantLine(id=32, kind="pharmacy", name="同心药店", address="梧桐路 8号", number="+8617700234002"),
    MerchantLine(id=33, kind="pharmacy", name="仁安堂", address="梧桐路 20号", number="+8617700234003"),
    MerchantLine(id=34, kind="pharmacy", name="长乐药房", address="北街 2号", number="+8617700234004"),
]


def line(card: ResidentCard) -> ResidentLine:
    return ResidentLine(**dict(card))


def call(id_: int = 41, about: ResidentCard | None = LIN, **changes: object) -> CallCard:
    """A call in the queue; about nobody when `about` is None."""
    values: dict[str, object] = {
        "id": id_,
        "exchange": "main",
        "state": "queued",
        "priority": "routine",
        "number": "+862367001001",
        "number_known": True,
        "who": [line(about)] if about else [],
        "resident": line(about) if about else None,
        "speaker": "resident" if about else "unknown",
        "arrived_at": NOW - timedelta(seconds=5),
        "queued_at": NOW - timedelta(seconds=4),
        "card": about,
        "version": 1,
    }
    return CallCard.model_validate(values | changes)


def legs(*others: LegLine) -> list[LegLine]:
    """The caller and I talk, for two minutes; and whoever else is there."""
    since = NOW - timedelta(minutes=2)
    caller = LegLine(id=1, role="caller", number="+862367001001", started_at=since, joined_at=since)
    mine = LegLine(id=2, role="operator", operator=ME, extension="801", started_at=since, joined_at=since)
    return [caller, mine, *others]


def leg(id_: int, name: str, **changes: object) -> LegLine:
    """A third who rings; with `joined_at` she talks."""
    values: dict[str, object] = {"id": id_, "role": "third", "name": name, "started_at": NOW}
    return LegLine.model_validate(values | changes)


def my_call(**changes: object) -> CallCard:
    """I talk to her."""
    since = NOW - timedelta(minutes=2)
    return call(**{"state": "talking", "operator": ME, "answered_at": since, "legs": legs()} | changes)


def case(number: str = "TL-20260302-0001", about: ResidentCard | None = LIN, **changes: object) -> CaseCard:
    """An open case whose turn is mine."""
    values: dict[str, object] = {
        "id": int(number[-4:]),
        "number": number,
        "state": "open",
        "service_code": "medicine",
        "service_zh": "送药上门",
        "service_en": "Medicine delivery",
        "words": "降压药一盒",
        "priority": "routine",
        "resident": line(about) if about else None,
        "place": about.address if about else "",
        "owner": ME,
        "turn": "operator",
        "turn_operator": ME,
        "opened_at": NOW - timedelta(minutes=10),
        "version": 1,
    }
    return CaseCard.model_validate(values | changes)


def last_call(**changes: object) -> CaseCallLine:
    """A call of a number that nobody knows, abandoned a while ago."""
    values: dict[str, object] = {
        "id": 40,
        "state": "ended",
        "end": "abandoned",
        "number": "+8613900001234",
        "number_known": True,
        "arrived_at": NOW - timedelta(minutes=5),
        "ended_at": NOW - timedelta(minutes=4, seconds=18),
    }
    return CaseCallLine.model_validate(values | changes)


def to_call_back(number: str = "TL-20260302-0001", about: ResidentCard | None = None, **changes: object) -> CaseCard:
    """Somebody called and nobody answered; any operator may take it."""
    last = changes.get("last_call", last_call())
    values: dict[str, object] = {
        "service_code": "call_back",
        "service_zh": "回电",
        "service_en": "Call back",
        "words": "",
        "owner": None,
        "turn_operator": None,
        "call_back": True,
        "attempts": 1,
        "needs_since": NOW - timedelta(minutes=4),
        "needs_why": "need.abandoned",
        "last_call": last,
        "history": [last],
    }
    return case(number, about, **values | changes)


def ladder(**changes: object) -> LadderView:
    """Nobody has acknowledged: the supervisor is asked, 31 seconds are left."""
    values: dict[str, object] = {
        "state": "climbing",
        "steps": ["operators", "supervisor", "on_call", "contacts"],
        "step": 1,
        "round": 1,
        "started_at": NOW - timedelta(seconds=44),
        "due_at": NOW + timedelta(seconds=31),
    }
    return LadderView.model_validate(values | changes)


def asked(**changes: object) -> LadderCallView:
    """Her daughter, asked at the last step."""
    values: dict[str, object] = {
        "id": 1,
        "rung": "contacts",
        "round": 1,
        "step": 3,
        "name": "林晓",
        "relation": "女儿",
        "number": "+8617700232001",
        "state": "sent",
        "called_at": NOW - timedelta(seconds=20),
    }
    return LadderCallView.model_validate(values | changes)


def emergency(number: str = "TL-20260302-0001", **changes: object) -> CaseCard:
    """A button was pressed and nobody has it in hand."""
    climbs = changes.get("ladder", ladder())
    values: dict[str, object] = {
        "service_code": "emergency_medical",
        "service_zh": "紧急医疗",
        "service_en": "Medical emergency",
        "words": "",
        "priority": "emergency",
        "owner": None,
        "turn_operator": None,
        "needs_since": NOW - timedelta(seconds=44),
        "needs_why": "need.emergency",
        "last_call": last_call(id=41, state="queued", end=None, ended_at=None),
        "ladder": climbs,
        "clock": {"kind": "ladder_step", "due_at": NOW + timedelta(seconds=31)},
    }
    return case(number, **values | changes)


def proof(id_: int, name: str, **changes: object) -> ProofLine:
    """A telephone that worked an hour ago."""
    values: dict[str, object] = {
        "id": id_,
        "exchange": "main",
        "kind": "telephone",
        "name": name,
        "way": "qualify",
        "at": NOW - timedelta(hours=1),
        "worked": True,
        "took_ms": 20,
        "worked_at": NOW - timedelta(hours=1),
    }
    return ProofLine.model_validate(values | changes)


def care_plan(id_: int = 1, **changes: object) -> CarePlanView:
    """Every day at nine."""
    values: dict[str, object] = {
        "id": id_,
        "resident_id": LIN.id,
        "local_time": "09:00",
        "weekdays": [0, 1, 2, 3, 4, 5, 6],
        "zone": "Asia/Shanghai",
        "on_holidays": False,
        "state": "active",
        "due_at": NOW + timedelta(hours=23),
        "version": 1,
    }
    return CarePlanView.model_validate(values | changes)


def rule(kind: str, body: dict[str, object], version: int = 1, **changes: object) -> RuleView:
    values: dict[str, object] = {"kind": kind, "version": version, "body": body, "valid_from": NOW}
    return RuleView.model_validate(values | changes)


def offer(number: str, **changes: object) -> OfferView:
    """An offer to the first merchant that waits for its answer."""
    values: dict[str, object] = {
        "id": 1,
        "case_number": number,
        "merchant": MERCHANTS[0],
        "role": "supplier",
        "state": "sent",
        "channel": "sms",
        "code": "K7",
        "distance": 430,
        "offered_at": NOW,
        "expires_at": NOW + timedelta(minutes=5),
        "version": 1,
    }
    return OfferView.model_validate(values | changes)


def sms(body: str, **changes: object) -> InboundLine:
    """A stranger's SMS."""
    values: dict[str, object] = {
        "id": 1,
        "number": "+8613800000000",
        "body": body,
        "reading": "stranger",
        "received_at": NOW,
        "needs_operator": True,
    }
    return InboundLine.model_validate(values | changes)


def town() -> Town:
    """A quiet town: nobody calls, nothing is open."""
    quiet = Town(now=lambda: NOW, me=ME, services=[*SERVICES], merchants=[*MERCHANTS])
    quiet.residents = {card.id: card for card in (LIN, ZHOU, LI, WANG)}
    quiet.links = {"main": LinkLine(exchange="main", up=True, since=NOW - timedelta(hours=2))}
    return quiet
