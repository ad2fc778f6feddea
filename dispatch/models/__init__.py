"""The tables of the work: calls, cases, offers, visits, messages, clocks, operators."""

from dispatch.models.calls import Call, CallMatch, CallState, Direction, ExchangePosition, Leg, LegRole, Speaker
from dispatch.models.care import CareCheck, CarePlan, CheckState, PlanState
from dispatch.models.cases import Case, CaseCall, CaseState, DecisionSheet, LinkWhy, Reason, Satisfaction, Turn
from dispatch.models.desk import BreakReason, IdempotentReply, Lease, LoginThrottle, LoginToken, Operator, Presence
from dispatch.models.exchange import Gap, Mirrored
from dispatch.models.ladders import Ladder, LadderAnswer, LadderCall, LadderState, Rung
from dispatch.models.offers import Offer, OfferRole, OfferState, Visit, VisitState
from dispatch.models.outbox import Attempt, AttemptResult, Inbound, InboundReading, Message, MessageKind, MessageState
from dispatch.models.recordings import Recording, RecordingKind
from dispatch.models.telephone import OrderKind, OrderState, PhoneOrder
from dispatch.models.timers import Timer, TimerKind, TimerState

__all__ = [
    "Attempt",
    "AttemptResult",
    "BreakReason",
    "Call",
    "CallMatch",
    "CallState",
    "CareCheck",
    "CarePlan",
    "Case",
    "CaseCall",
    "CaseState",
    "CheckState",
    "DecisionSheet",
    "Direction",
    "ExchangePosition",
    "Gap",
    "IdempotentReply",
    "Inbound",
    "InboundReading",
    "Ladder",
    "LadderAnswer",
    "LadderCall",
    "LadderState",
    "Lease",
    "Leg",
    "LegRole",
    "LinkWhy",
    "LoginThrottle",
    "LoginToken",
    "Message",
    "MessageKind",
    "MessageState",
    "Mirrored",
    "Offer",
    "OfferRole",
    "OfferState",
    "Operator",
    "OrderKind",
    "OrderState",
    "PhoneOrder",
    "PlanState",
    "Presence",
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
