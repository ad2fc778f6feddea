"""Cases, as a line of the board and as a card."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import col, select

from dispatch.models import (
    Case,
    CaseState,
    Ladder,
    LadderState,
    Offer,
    OfferState,
    Timer,
    TimerKind,
    TimerState,
    Visit,
)
from dispatch.views.cards import cards_of
from dispatch.views.case_calls import calls_of, last_calls
from dispatch.views.desk import merchant_lines, operator_lines
from dispatch.views.incidents import incidents_of
from dispatch.views.ladders import ladder_of, ladders_of
from dispatch.views.offers import offering_of, offers_of, visit_view
from dispatch.views.people import resident_lines
from dispatch.wire.cases import CaseCard, CaseLine, ClockView
from dispatch.wire.operators import OperatorLine
from dispatch.wire.people import MerchantLine, ResidentLine
from registry.models import Service
from registry.store import Reading, Subject, Writing

ENDED = frozenset({CaseState.CLOSED, CaseState.CANCELLED})
# What everybody looks at is the limit between the two, and the end of an offer.
_SILENT = (TimerKind.NEAR_LIMIT, TimerKind.RED_LIMIT, TimerKind.OFFER_SILENT)
_LIVE = frozenset({OfferState.PENDING, OfferState.SENT, OfferState.ACCEPTED, OfferState.FULFILLED})


def case_lines(session: Reading | Writing, cases: Sequence[Case], now: datetime) -> list[CaseLine]:
    """In the order given."""
    if not cases:
        return []
    ids = [case.id for case in cases if case.id is not None]
    residents = resident_lines(session, cases[0].centre_id, (case.resident_id for case in cases), now)
    operators = operator_lines(session, (id_ for case in cases for id_ in (case.owner_id, case.turn_operator_id)))
    services = _services(session, cases)
    offers = _latest_offers(session, ids)
    merchants = merchant_lines(session, (offer.merchant_id for offer in offers.values()))
    going_on = [case.id for case in cases if case.state not in ENDED and case.id is not None]
    clocks = _next_clocks(session, going_on)
    calls, ladders = last_calls(session, ids), ladders_of(session, going_on)
    many = incidents_of(session, cases, now)
    return [
        _line(case, residents, operators, services, offers, merchants, clocks).model_copy(
            update={"last_call": calls.get(case.id or 0), "ladder": ladders.get(case.id or 0)}
            | {"many": many.get(case.id or 0)}
        )
        for case in cases
    ]


def case_card(session: Reading | Writing, case: Case, now: datetime) -> CaseCard:
    (line,) = case_lines(session, [case], now)
    history = calls_of(session, case)
    visit = session.exec(
        select(Visit).where(Visit.case_id == case.id).order_by(col(Visit.id).desc()).limit(1)
    ).first()
    return CaseCard(
        **dict(line) | {"ladder": ladder_of(session, case)},
        outcome_note=case.outcome_note,
        calls=[call.id for call in history],
        history=history,
        offering=offering_of(session, case),
        offers=offers_of(session, case),
        visit=visit_view(session, case, visit) if visit is not None else None,
        cards=cards_of(session, case),
    )


def _line(
    case: Case,
    residents: dict[int, ResidentLine],
    operators: dict[int, OperatorLine],
    services: dict[int, Service],
    offers: dict[int, Offer],
    merchants: dict[int, MerchantLine],
    clocks: dict[int, ClockView],
) -> CaseLine:
    assert case.id is not None
    service = services[case.service_id]
    resident = residents.get(case.resident_id or 0)
    offer = offers.get(case.id)
    return CaseLine(
        id=case.id,
        number=case.number,
        state=case.state.value,
        service_code=case.service_code,
        service_zh=service.name_zh,
        service_en=service.name_en,
        words=case.words,
        priority=case.priority.value,
        resident=resident,
        place=case.place or (resident.address if resident is not None else ""),
        owner=operators.get(case.owner_id or 0),
        turn=case.turn.value,
        turn_operator=operators.get(case.turn_operator_id or 0),
        merchant=merchants.get(offer.merchant_id) if offer is not None else None,
        offer_state=offer.state.value if offer is not None else None,
        channel=offer.channel.value if offer is not None else None,
        clock=clocks.get(case.id),
        wanted_at=case.wanted_at,
        call_back=case.call_back is not None,
        attempts=case.attempts,
        reminders=case.reminders,
        last_reminder_at=case.last_reminder_at,
        needs_since=case.needs_since,
        needs_why=case.needs_why,
        outcome=case.outcome.value if case.outcome else None,
        satisfaction=case.satisfaction.value if case.satisfaction else None,
        opened_at=case.opened_at,
        complex=case.complex,
        due_at=case.due_at,
        late=case.late.value if case.late else None,
        served_at=case.served_at,
        closed_at=case.closed_at,
        version=case.version,
    )


def _services(session: Reading | Writing, cases: Iterable[Case]) -> dict[int, Service]:
    rows = session.exec(select(Service).where(col(Service.id).in_({case.service_id for case in cases}))).all()
    return {service.id: service for service in rows if service.id is not None}


def _latest_offers(session: Reading | Writing, case_ids: Sequence[int]) -> dict[int, Offer]:
    """For each case the offer that counts now: the last one that is asked, has accepted or did it."""
    rows = session.exec(
        select(Offer).where(col(Offer.case_id).in_(case_ids), col(Offer.state).in_(_LIVE)).order_by(col(Offer.id))
    ).all()
    return {offer.case_id: offer for offer in rows}


def _next_clocks(session: Reading | Writing, case_ids: Sequence[int]) -> dict[int, ClockView]:
    """For each case the armed clock that is due first, be it the case's own, its offers' or its visits'."""
    if not case_ids:
        return {}
    belongs = [(Subject.CASE, id_, id_) for id_ in case_ids]
    offers = select(Offer.id, Offer.case_id).where(col(Offer.case_id).in_(case_ids), col(Offer.state).in_(_LIVE))
    belongs += [(Subject.OFFER, id_, case_id) for id_, case_id in session.exec(offers).all() if id_ is not None]
    visits = select(Visit.id, Visit.case_id).where(col(Visit.case_id).in_(case_ids))
    belongs += [(Subject.VISIT, id_, case_id) for id_, case_id in session.exec(visits).all() if id_ is not None]
    ladders = select(Ladder.id, Ladder.case_id).where(
        col(Ladder.case_id).in_(case_ids), Ladder.state != LadderState.OVER
    )
    belongs += [(Subject.LADDER, id_, case_id) for id_, case_id in session.exec(ladders).all() if id_ is not None]
    case_of = {(subject, id_): case_id for subject, id_, case_id in belongs}
    of_each = [
        and_(col(Timer.subject) == subject, col(Timer.subject_id).in_([id_ for at, id_ in case_of if at == subject]))
        for subject in {subject for subject, _ in case_of}
    ]
    timers = session.exec(
        select(Timer)
        .where(Timer.state == TimerState.ARMED, col(Timer.kind).not_in(_SILENT), or_(*of_each))
        .order_by(col(Timer.due_at).desc())
    ).all()
    return {
        case_of[timer.subject, timer.subject_id]: ClockView(kind=timer.kind.value, due_at=timer.due_at)
        for timer in timers
    }
