"""Offers with their attempts, and visits."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import get_args

from sqlmodel import col, select

from callbridge.sms import segments
from dispatch import casebook
from dispatch.models import Attempt, Case, Message, Offer, Visit
from dispatch.policy import service_policy
from dispatch.views.desk import merchant_lines
from dispatch.wire.cases import OfferingLine
from dispatch.wire.offers import AttemptView, OfferView, StepView, VisitView
from dispatch.wire.people import MerchantLine
from dispatch.wire.words import VisitStep
from registry.models import Channel
from registry.store import Reading, Subject, Writing
from registry.store.journal import Journal


def offers_of(session: Reading | Writing, case: Case) -> list[OfferView]:
    """The offers of one case, the first one first."""
    offers = session.exec(select(Offer).where(Offer.case_id == case.id).order_by(col(Offer.id))).all()
    return offer_views(session, offers, {case.id: case.number})


def offering_of(session: Reading | Writing, case: Case) -> OfferingLine | None:
    """How the case is offered, and whether somebody has chosen it so; None where nobody has to go."""
    service = casebook.service_of(session, case)
    if not service.needs_visit:
        return None
    policy = service_policy(session, service)
    way = case.way or policy.way
    return OfferingLine(
        way=way.value,
        chosen=case.way is not None,
        at_once=policy.places(way),
        minutes=policy.minutes(case.priority) // timedelta(minutes=1),
    )


def offer_views(
    session: Reading | Writing, offers: Sequence[Offer], case_numbers: Mapping[int | None, str]
) -> list[OfferView]:
    merchants = merchant_lines(session, (offer.merchant_id for offer in offers))
    attempts = _attempts(session, [offer.id for offer in offers if offer.id is not None])
    return [
        _view(offer, case_numbers[offer.case_id], merchants[offer.merchant_id], attempts[offer.id or 0])
        for offer in offers
    ]


def visit_view(session: Reading | Writing, case: Case, visit: Visit) -> VisitView:
    """Without the word, which is the resident's: an operator hears it from the merchant, not from the screen."""
    return VisitView(
        state=visit.state.value,
        promised_at=visit.promised_at,
        due_at=visit.arrive_by,
        comes=visit.comes,
        on_the_way_at=visit.on_the_way_at,
        at_the_door_at=visit.at_the_door_at,
        done_at=visit.done_at,
        proof=visit.proof,
        steps=_steps(session, visit),
        asks_for=casebook.service_of(session, case).proof.value,
        proved_by=visit.proved_by.value if visit.proved_by else None,
        proved_at=visit.proved_at,
        done_reported_at=visit.done_reported_at,
        wrong_words=visit.wrong_words,
        version=visit.version,
    )


def _steps(session: Reading | Writing, visit: Visit) -> list[StepView]:
    """What was told of it, as the journal has it."""
    names: dict[str, VisitStep] = {f"{Subject.VISIT}.{step}": step for step in get_args(VisitStep)}
    rows = session.exec(
        select(Journal)
        .where(
            Journal.subject == Subject.VISIT,
            Journal.subject_id == visit.id,
            col(Journal.what).in_(names),
        )
        .order_by(col(Journal.seq))
    ).all()
    return [
        StepView(
            step=names[row.what],
            at=row.at,
            way=str(row.data.get("proof", "")),
            happened_at=row.data.get("happened_at"),
        )
        for row in rows
    ]


def _attempts(session: Reading | Writing, offer_ids: Sequence[int]) -> dict[int, list[AttemptView]]:
    found: dict[int, list[AttemptView]] = defaultdict(list)
    rows = session.exec(
        select(Attempt, Message)
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(col(Message.offer_id).in_(offer_ids), col(Message.resident_id).is_(None))
        .order_by(col(Attempt.handed_over_at), col(Attempt.try_number))
    ).all()
    for attempt, message in rows:
        assert message.offer_id is not None
        found[message.offer_id].append(
            AttemptView(
                id=attempt.id,
                channel=message.channel.value,
                try_number=attempt.try_number,
                via=attempt.via,
                handed_over_at=attempt.handed_over_at,
                ended_at=attempt.ended_at,
                result=attempt.result,
                parts=segments(message.body).parts if message.channel is Channel.SMS else 0,
            )
        )
    return found


def _view(offer: Offer, case_number: str, merchant: MerchantLine, attempts: list[AttemptView]) -> OfferView:
    assert offer.id is not None
    return OfferView(
        id=offer.id,
        case_number=case_number,
        merchant=merchant,
        role=offer.role.value,
        state=offer.state.value,
        channel=offer.channel.value,
        code=offer.code,
        distance=offer.distance,
        by_hand=offer.by_hand,
        offered_at=offer.offered_at,
        sent_at=offer.sent_at,
        answered_at=offer.answered_at,
        answered_by=offer.answered_by.value if offer.answered_by else None,
        expires_at=offer.expires_at,
        attempts=attempts,
        version=offer.version,
    )
