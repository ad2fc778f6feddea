"""The tables of the work: calls, cases, offers, visits, messages, clocks, operators."""

from dispatch.models.audit import AuditFinding, Finding
from dispatch.models.calls import Call, CallMatch, CallState, Direction, ExchangePosition, Leg, LegRole, Speaker
from dispatch.models.cards import Card, CardColour, CardState, Limit
from dispatch.models.care import CareCheck, CarePlan, CheckState, PlanState
from dispatch.models.cases import (
    Case,
    CaseCall,
    CaseState,
    DecisionSheet,
    IncidentNews,
    Lateness,
    LinkWhy,
    Reason,
    Satisfaction,
    Turn,
)
from dispatch.models.desk import BreakReason, IdempotentReply, Lease, LoginThrottle, LoginToken, Operator, Presence
from dispatch.models.exchange import Gap
from dispatch.models.holds import Hold
from dispatch.models.inbound import Inbound, InboundReading
from dispatch.models.ladders import Ladder, LadderAnswer, LadderCall, LadderState, Rung
from dispatch.models.menus import About, CallMenu
from dispatch.models.offers import Offer, OfferRole, OfferState, ProvedBy, Visit, VisitState
from dispatch.models.outbox import (
    Attempt,
    AttemptResult,
    EarlyReceipt,
    GatewayState,
    Message,
    MessageKind,
    MessageState,
)
from dispatch.models.proofs import Proof
from dispatch.models.recordings import Recording, RecordingKind
from dispatch.models.telephone import OrderKind, OrderState, PhoneOrder
from dispatch.models.timers import Timer, TimerKind, TimerState

__all__ = [
    "About",
    "Attempt",
    "AttemptResult",
    "AuditFinding",
    "BreakReason",
    "Call",
    "CallMatch",
    "CallMenu",
    "CallState",
    "Card",
    "CardColour",
    "CardState",
    "CareCheck",
    "CarePlan",
    "Case",
    "CaseCall",
    "CaseState",
    "CheckState",
    "DecisionSheet",
    "Direction",
    "EarlyReceipt",
    "ExchangePosition",
    "Finding",
    "Gap",
    "GatewayState",
    "Hold",
    "IdempotentReply",
    "Inbound",
    "InboundReading",
    "IncidentNews",
    "Ladder",
    "LadderAnswer",
    "LadderCall",
    "LadderState",
    "Lateness",
    "Lease",
    "Leg",
    "LegRole",
    "Limit",
    "LinkWhy",
    "LoginThrottle",
    "LoginToken",
    "Message",
    "MessageKind",
    "MessageState",
    "Offer",
    "OfferRole",
    "OfferState",
    "Operator",
    "OrderKind",
    "OrderState",
    "PhoneOrder",
    "PlanState",
    "Presence",
    "Proof",
    "ProvedBy",
    "Reason",
    "Recording",
    "RecordingKind",
    "Rung",
    "Satisfaction",
    "Speaker",
    "Timer",
    "TimerKind",
    "TimerState",
    "Turn",
    "Visit",
    "VisitState",
]
