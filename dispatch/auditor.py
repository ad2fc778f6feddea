"""Checks that what was due was done, and says so loudly when it was not.

It repairs nothing by itself: a case that nothing moves is put before the operators, everything else is logged as an
error, counted, and kept in sight until it is put right (`dispatch.findings`). A case that the operators leave alone
is no error of ours: it is a warning.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, Select, and_, false, not_, or_, select
from sqlmodel import col

from dispatch import asking, hold
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES
from dispatch.models import (
    Call,
    CareCheck,
    CarePlan,
    Case,
    CaseState,
    CheckState,
    Finding,
    Inbound,
    InboundReading,
    Ladder,
    LadderState,
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
from dispatch.policy import offer_policy
from registry.models import Centre
from registry.store import Actor, Reading, Store, Subject

log = structlog.get_logger()

GRACE = timedelta(minutes=2)  # longer than any tick or claim takes
LINE_GRACE = timedelta(hours=1)  # calls to residents wait for a free line of the trunk
LONGEST_CALL = timedelta(hours=4)
MOST = 100  # of each kind that are named in the log


@dataclass(frozen=True, slots=True)
class _Check:
    finding: Finding
    ids: Select[int | None]


def audit(store: Store) -> Mapping[Finding, int]:
    """Looks through everything that should have moved, and returns how much did not, by kind."""
    found: Counter[Finding] = Counter()
    stuck: list[int] = []
    with store.reading() as session:
        for check in _checks(session, store):
            ids = [id_ for id_ in session.scalars(check.ids.limit(MOST)) if id_ is not None]
            if not ids:
                continue
            found[check.finding] = len(ids)
            say = log.warning if check.finding is Finding.CASE_UNATTENDED else log.error
            say("audit.found", finding=str(check.finding), ids=ids)
            if check.finding is Finding.CASE_STUCK:
                stuck = ids
    for case_id in stuck:
        with store.writing() as session:
            case = session.lock(Case, case_id)
            if case is not None and case.state in OPEN_STATES and case.needs_since is None:
                need(session, case, Need.STUCK, Actor.system())
    return found


def _checks(session: Reading, store: Store) -> list[_Check]:
    late = store.clock.now() - GRACE
    centres = session.scalars(select(col(Centre.id))).all()
    clocks = select(col(Timer.id)).where(col(Timer.state) == TimerState.ARMED)
    of_offer = clocks.where(col(Timer.subject) == Subject.OFFER, col(Timer.subject_id) == col(Offer.id))
    being_asked = select(col(Offer.id)).where(col(Offer.case_id) == col(Case.id), col(Offer.state).in_(LIVE))
    accepted = select(col(Offer.id)).where(
        col(Offer.case_id) == col(Case.id), col(Offer.state) == OfferState.ACCEPTED
    )
    under_way = [CaseState.ACCEPTED, CaseState.ON_THE_WAY, CaseState.ON_SITE]
    claimed = [MessageState.CLAIMED, MessageState.HANDED_OVER, MessageState.UNKNOWN]
    of_ladder = clocks.where(col(Timer.subject) == Subject.LADDER, col(Timer.subject_id) == col(Ladder.id))
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
                        not_(hold.keeps_back()),
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
            Finding.LADDER_WITHOUT_CLOCK,
            select(col(Ladder.id)).where(
                ~of_ladder.exists(),
                or_(
                    col(Ladder.state) == LadderState.CLIMBING,
                    and_(col(Ladder.state) == LadderState.ACKNOWLEDGED, col(Ladder.arrival_due_at) < late),
                ),
            ),
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
            Finding.CASE_UNATTENDED,
            select(col(Case.id)).where(
                col(Case.needs_since).is_not(None),
                col(Case.turn).in_([Turn.OPERATOR, Turn.SUPERVISOR]),
                col(Case.turn_operator_id).is_(None),
                or_(false(), *(_waits_too_long(session, store, centre_id) for centre_id in centres)),
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
                col(CareCheck.state) == CheckState.CALLING,
                col(CareCheck.call_until) < late - LINE_GRACE,
                not_(hold.on(col(CareCheck.centre_id))),
            ),
        ),
        _Check(
            Finding.SMS_NOT_READ,
            select(col(Inbound.id)).where(
                col(Inbound.reading) == InboundReading.UNREAD, col(Inbound.received_at) < late
            ),
        ),
    ]


def _waits_too_long(session: Reading, store: Store, centre_id: int | None) -> ColumnElement[bool]:
    """No operator has looked in the time that the centre's rule gives them."""
    since = store.clock.now() - offer_policy(session, centre_id or 0).unattended
    return and_(col(Case.centre_id) == centre_id, col(Case.needs_since) < since)
