"""Checks that what was due was done, and says so loudly when it was not.

It repairs nothing by itself: a case that nothing moves is put before the operators, everything else is logged as an
error and counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import structlog
from sqlalchemy import Select, and_, or_, select
from sqlmodel import col

from dispatch import asking
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES
from dispatch.models import (
    Call,
    CareCheck,
    CarePlan,
    Case,
    CaseState,
    CheckState,
    Inbound,
    InboundReading,
    Message,
    MessageState,
    Offer,
    OfferState,
    PlanState,
    Timer,
    TimerState,
    Turn,
)
from dispatch.models.calls import GOING_ON
from dispatch.offers import LIVE
from registry.store import Actor, Store, Subject

log = structlog.get_logger()

GRACE = timedelta(minutes=2)  # longer than any tick or claim takes
LINE_GRACE = timedelta(hours=1)  # calls to residents wait for a free line of the trunk
LONGEST_CALL = timedelta(hours=4)
MOST = 100  # of each kind that are named in the log


class Finding(StrEnum):
    TIMER_OVERDUE = "timer_overdue"
    MESSAGE_OVERDUE = "message_overdue"
    OFFER_WITHOUT_CLOCK = "offer_without_clock"
    CASE_STUCK = "case_stuck"
    CALL_WITHOUT_END = "call_without_end"
    SMS_NOT_READ = "sms_not_read"
    CARE_WITHOUT_CLOCK = "care_without_clock"
    CARE_CHECK_OPEN = "care_check_open"


@dataclass(frozen=True, slots=True)
class _Check:
    finding: Finding
    ids: Select[int | None]


def audit(store: Store) -> Mapping[Finding, int]:
    """Looks through everything that should have moved, and returns how much did not, by kind."""
    found: Counter[Finding] = Counter()
    stuck: list[int] = []
    with store.reading() as session:
        for check in _checks(store):
            ids = [id_ for id_ in session.scalars(check.ids.limit(MOST)) if id_ is not None]
            if not ids:
                continue
            found[check.finding] = len(ids)
            log.error("audit.found", finding=str(check.finding), ids=ids)
            if check.finding is Finding.CASE_STUCK:
                stuck = ids
    for case_id in stuck:
        with store.writing() as session:
            case = session.lock(Case, case_id)
            if case is not None and case.state in OPEN_STATES and case.needs_since is None:
                need(session, case, Need.STUCK, Actor.system())
    return found


def _checks(store: Store) -> list[_Check]:
    late = store.clock.now() - GRACE
    clocks = select(col(Timer.id)).where(col(Timer.state) == TimerState.ARMED)
    of_offer = clocks.where(col(Timer.subject) == Subject.OFFER, col(Timer.subject_id) == col(Offer.id))
    being_asked = select(col(Offer.id)).where(col(Offer.case_id) == col(Case.id), col(Offer.state).in_(LIVE))
    accepted = select(col(Offer.id)).where(
        col(Offer.case_id) == col(Case.id), col(Offer.state) == OfferState.ACCEPTED
    )
    under_way = [CaseState.ACCEPTED, CaseState.ON_THE_WAY, CaseState.ON_SITE]
    claimed = [MessageState.CLAIMED, MessageState.HANDED_OVER]
    return [
        _Check(
            Finding.TIMER_OVERDUE,
            select(col(Timer.id)).where(col(Timer.state) == TimerState.ARMED, col(Timer.due_at) < late),
        ),
        _Check(
            Finding.MESSAGE_OVERDUE,
            select(col(Message.id)).where(
                or_(
                    and_(
                        col(Message.state) == MessageState.WANTED,
                        col(Message.not_before) < late,
                        or_(col(Message.kind).not_in(asking.KINDS), col(Message.not_before) < late - LINE_GRACE),
                    ),
                    and_(col(Message.state).in_(claimed), col(Message.claimed_until) < late),
                )
            ),
        ),
        _Check(
            Finding.OFFER_WITHOUT_CLOCK,
            select(col(Offer.id)).where(col(Offer.state).in_(LIVE), ~of_offer.exists()),
        ),
        _Check(
            Finding.CASE_STUCK,
            select(col(Case.id)).where(
                col(Case.state).in_(OPEN_STATES),
                col(Case.needs_since).is_(None),
                or_(
                    and_(col(Case.state) == CaseState.OFFERING, ~being_asked.exists()),
                    and_(col(Case.state).in_(under_way), ~accepted.exists()),
                    col(Case.turn) == Turn.NOBODY,
                ),
            ),
        ),
        _Check(
            Finding.CALL_WITHOUT_END,
            select(col(Call.id)).where(
                col(Call.state).in_(GOING_ON), col(Call.arrived_at) < store.clock.now() - LONGEST_CALL
            ),
        ),
        _Check(
            Finding.CARE_WITHOUT_CLOCK,
            select(col(CarePlan.id)).where(
                col(CarePlan.state) == PlanState.ACTIVE,
                ~clocks.where(
                    col(Timer.subject) == Subject.CARE_PLAN, col(Timer.subject_id) == col(CarePlan.id)
                ).exists(),
            ),
        ),
        _Check(
            Finding.CARE_CHECK_OPEN,
            select(col(CareCheck.id)).where(
                col(CareCheck.state) == CheckState.CALLING, col(CareCheck.call_until) < late - LINE_GRACE
            ),
        ),
        _Check(
            Finding.SMS_NOT_READ,
            select(col(Inbound.id)).where(
                col(Inbound.reading) == InboundReading.UNREAD, col(Inbound.received_at) < late
            ),
        ),
    ]
