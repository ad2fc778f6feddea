"""A merchant's whole card."""

from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from dispatch.models import Case, Offer, OfferState, Satisfaction
from dispatch.views.desk import merchant_lines
from dispatch.wire.people import ContractView, HoursView, MerchantCard, NumberView
from registry import merchants
from registry.store import Reading, Writing


def merchant_view(session: Reading | Writing, card: merchants.MerchantCard) -> MerchantCard:
    merchant = card.merchant
    assert merchant.id is not None
    line = merchant_lines(session, [merchant.id])[merchant.id]
    open_jobs = session.exec(
        select(func.count())
        .select_from(Offer)
        .where(Offer.merchant_id == merchant.id, col(Offer.state) == OfferState.ACCEPTED)
    ).one()
    said = _said_of(session, merchant.id)
    return MerchantCard(
        **dict(line),
        area_id=merchant.area_id,
        latitude=merchant.latitude,
        longitude=merchant.longitude,
        language=merchant.language,
        licence_number=merchant.licence_number,
        licence_expires=merchant.licence_expires,
        capacity=merchant.capacity,
        first_channel=merchant.first_channel.value,
        suspended_at=merchant.suspended_at,
        suspended_why=merchant.suspended_why,
        numbers=[
            NumberView(channel=number.channel.value, number=number.number, rank=number.rank)
            for number in card.numbers
        ],
        hours=[HoursView(weekday=each.weekday, opens=each.opens, closes=each.closes) for each in card.hours],
        contracts=[
            ContractView(
                id=contract.id,
                valid_from=contract.valid_from,
                valid_until=contract.valid_until,
                radius=contract.radius,
                services=list(contract.services),
                areas=list(contract.areas),
            )
            for contract in card.contracts
        ],
        open_jobs=open_jobs,
        satisfied=said.get(Satisfaction.SATISFIED, 0),
        fairly=said.get(Satisfaction.FAIRLY, 0),
        not_satisfied=said.get(Satisfaction.NOT_SATISFIED, 0),
        version=merchant.version,
    )


def _said_of(session: Reading | Writing, merchant_id: int) -> dict[Satisfaction, int]:
    """How often residents said what of the cases that this merchant served, or served last where several did."""
    later = aliased(Offer)
    served_again = select(later.id).where(
        later.case_id == col(Offer.case_id), later.state == OfferState.FULFILLED, col(later.id) > col(Offer.id)
    )
    served = (
        select(Case.satisfaction, func.count())
        .join(Offer, col(Offer.case_id) == col(Case.id))
        .where(
            Offer.merchant_id == merchant_id,
            col(Offer.state) == OfferState.FULFILLED,
            col(Case.satisfaction).is_not(None),
            ~served_again.exists(),
        )
        .group_by(col(Case.satisfaction))
    )
    return {Satisfaction(said): count for said, count in session.exec(served) if said is not None}
