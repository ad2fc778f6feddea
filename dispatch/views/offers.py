"""Offers with their attempts, and visits."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlmodel import col, select

from dispatch.models import Attempt, Case, Message, Offer, Visit
from dispatch.views.desk import merchant_lines
from dispatch.wire.people import MerchantLine
from dispatch.wire.work import AttemptView, OfferView, VisitView
from registry.store import Reading, Writing


def offers_of(session: Reading | Writing, case: Case) -> list[OfferView]:
    """The offers of one case, the first one first."""
    offers = session.exec(select(Offer).where(Offer.case_id == case.id).order_by(col(Offer.id))).all()
    return offer_views(session, offers, {case.id: case.number})


def offer_views(
    session: Reading | Writing, offers: Sequence[Offer], case_numbers: Mapping[int | None, str]
) -> list[OfferView]:
    merchants = merchant_lines(session, (offer.merchant_id for offer in offers))
    attempts = _attempts(session, [offer.id for offer in offers if offer.id is not None])
    return [
        _view(offer, case_numbers[offer.case_id], merchants[offer.merchant_id], attempts[offer.id or 0])
        for offer in offers
    ]


def visit_view(visit: Visit) -> VisitView:
    return VisitView(
        state=visit.state.value,
        promised_at=visit.promised_at,
        on_the_way_at=visit.on_the_way_at,
        at_the_door_at=visit.at_the_door_at,
        done_at=visit.done_at,
        proof=visit.proof,
        version=visit.version,
    )


def _attempts(session: Reading | Writing, offer_ids: Sequence[int]) -> dict[int, list[AttemptView]]:
    found: dict[int, list[AttemptView]] = defaultdict(list)
    rows = session.exec(
        select(Attempt, Message)
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(col(Message.offer_id).in_(offer_ids))
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
