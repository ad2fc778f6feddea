"""Residents, as a line of a list and as the whole card."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import cast

from sqlmodel import col, select

from dispatch.models import Case
from dispatch.policy import home_visit_days
from dispatch.views.care import plans_of
from dispatch.views.desk import known
from dispatch.wire.people import (
    ContactView,
    LastCase,
    LineView,
    OldFact,
    ResidentCard,
    ResidentLine,
    UsualMerchantView,
)
from dispatch.wire.words import PositionSource
from registry import cards, centres
from registry.freshness import old_facts
from registry.home_visits import next_visit
from registry.models import Area, Service
from registry.store import Reading, Scope, Writing

LAST_CASES = 5


def _line(line: cards.LineFacts) -> LineView:
    return LineView(
        id=line.id, number=line.number, kind=line.kind.value, device_id=line.device_id, ended_at=line.ended_at
    )


def resident_lines(
    session: Reading | Writing, centre_id: int, ids: Iterable[int | None], now: datetime
) -> dict[int, ResidentLine]:
    """Whoever may see a call or case may see whom it is about, wherever she lives: the whole centre's scope."""
    found = cards.summaries(session, Scope(centre_id), known(ids), now)
    return {id_: resident_line(summary) for id_, summary in found.items()}


def resident_line(summary: cards.ResidentSummary) -> ResidentLine:
    return ResidentLine(
        id=summary.id,
        name=summary.name,
        addressed=summary.addressed(),
        gender=summary.gender.value if summary.gender else None,
        age=summary.age,
        address=summary.address.written(),
        groups=[group.value for group in summary.groups],
        hearing=summary.hearing.value,
        sight=summary.sight.value,
        care_level=summary.care_level,
        left=summary.left.value if summary.left else None,
    )


def resident_card(
    session: Reading | Writing, centre_id: int, card: cards.ResidentCard, now: datetime
) -> ResidentCard:
    """The card that the registry has opened, and logged, with what was done for her last."""
    summary = card.summary
    area = session.get(Area, summary.area_id) if summary.area_id is not None else None
    return ResidentCard(
        **dict(resident_line(summary)),
        area_id=summary.area_id,
        area=area.name if area is not None and area.parent_id is not None else "",
        called=summary.called,
        born=card.born,
        community=summary.address.community,
        building=summary.address.building,
        unit=summary.address.unit,
        door=summary.address.door,
        entrance_note=card.entrance_note,
        lift=card.lift,
        lock=card.lock,
        dog=card.dog,
        latitude=card.latitude,
        longitude=card.longitude,
        position_source=cast("PositionSource | None", card.position_source),
        position_at=card.position_at,
        language=card.language,
        dialect=card.dialect,
        health_note=card.health_note or "",
        medicines=card.medicines or "",
        allergies=card.allergies or "",
        consented_on=card.consented_on,
        consented_by=card.consented_by,
        visited_on=card.visited_on,
        visited_by=card.visited_by,
        visit_due_on=_visit_due_on(session, centre_id, card),
        lines=[_line(line) for line in card.lines],
        past_lines=[_line(line) for line in card.past_lines],
        contacts=[
            ContactView(
                id=contact.id,
                rank=contact.rank,
                name=contact.name,
                relation=contact.relation,
                number=contact.number,
                has_key=contact.has_key,
                note=contact.note,
            )
            for contact in card.contacts
        ],
        usual_merchants=[
            UsualMerchantView(kind=usual.kind.value, merchant_id=usual.merchant_id, name=usual.name)
            for usual in card.usual_merchants
        ],
        care_plans=plans_of(session, summary.id, now),
        last_cases=_last_cases(session, summary.id),
        old=[OldFact.model_validate(asdict(each)) for each in old_facts(session, card, now)],
        left_at=card.ended_at,
        version=summary.version,
    )


def _visit_due_on(session: Reading | Writing, centre_id: int, card: cards.ResidentCard) -> date | None:
    if card.ended_at is not None:
        return None
    registered = centres.today(session, centre_id, card.registered_at)
    summary, days = card.summary, home_visit_days(session, centre_id)
    return next_visit(summary.care_level, summary.groups, card.visited_on, registered, days)


def _last_cases(session: Reading | Writing, resident_id: int) -> list[LastCase]:
    rows = session.exec(
        select(Case, Service)
        .join(Service, col(Service.id) == col(Case.service_id))
        .where(Case.resident_id == resident_id)
        .order_by(col(Case.id).desc())
        .limit(LAST_CASES)
    ).all()
    return [
        LastCase(
            number=case.number,
            state=case.state.value,
            service_code=case.service_code,
            service_zh=service.name_zh,
            service_en=service.name_en,
            words=case.words,
            opened_at=case.opened_at,
            outcome=case.outcome.value if case.outcome else None,
        )
        for case, service in rows
    ]
