"""A merchant's whole card."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from dispatch import suspensions
from dispatch.models import Case, Offer, OfferState, Satisfaction
from dispatch.views.cards import last_cards, record_view
from dispatch.views.desk import merchant_lines
from dispatch.wire.board import ExpiryLine, WrongNumberLine
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.people import AwayView, ContractView, HoursView, NumberView, SaidView, StaffView
from registry import centres, merchants
from registry.expiries import Expiry, expiries
from registry.models import Service, StaffMember
from registry.staff import absence
from registry.store import Reading, Scope, Writing
from registry.wrong_numbers import WrongNumber, to_correct

MOST_LISTED = 100  # of what a board says of merchants
LAST_SAID = 10

AboutMerchant = TypeVar("AboutMerchant", WrongNumberLine, ExpiryLine)


def merchant_view(session: Reading | Writing, card: merchants.MerchantCard, now: datetime) -> MerchantCard:
    merchant, suspended = card.merchant, suspensions.is_on(card.merchant, now)
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
        capacity_plan=merchant.capacity_plan,
        first_channel=merchant.first_channel.value,
        channel_plan=merchant.channel_plan,
        special_hours=merchant.special_hours,
        suspended_at=merchant.suspended_at if suspended else None,
        suspended_why=merchant.suspended_why if suspended else None,
        suspended_until=merchant.suspended_until if suspended else None,
        numbers=[
            NumberView(
                channel=number.channel.value,
                number=number.number,
                rank=number.rank,
                wrong_since=number.wrong_since,
            )
            for number in card.numbers
        ],
        staff=[_member(member) for member in card.staff],
        hours=[HoursView(weekday=each.weekday, opens=each.opens, closes=each.closes) for each in card.hours],
        contracts=[
            ContractView(
                id=contract.id,
                valid_from=contract.valid_from,
                valid_until=contract.valid_until,
                radius=contract.radius,
                services=list(contract.services),
                areas=list(contract.areas),
                fee=contract.fee,
                conditions=contract.conditions,
            )
            for contract in card.contracts
        ],
        open_jobs=open_jobs,
        satisfied=said.get(Satisfaction.SATISFIED, 0),
        fairly=said.get(Satisfaction.FAIRLY, 0),
        not_satisfied=said.get(Satisfaction.NOT_SATISFIED, 0),
        last_said=_last_said(session, merchant.id),
        record=record_view(session, merchant.centre_id, merchant.id, now),
        cards=last_cards(session, merchant.id),
        version=merchant.version,
    )


def _member(member: StaffMember) -> StaffView:
    away = absence(member)
    days = AwayView(first=away.first, last=away.last) if away is not None else None
    assert member.id is not None
    return StaffView(id=member.id, name=member.name, number=member.number, away=days)


def numbers_to_correct(session: Reading | Writing, scope: Scope) -> tuple[list[WrongNumberLine], int]:
    """What somebody has to correct in the register: the oldest, and how many more."""
    found = to_correct(session, scope)
    return _wrong_number_lines(session, found[:MOST_LISTED]), len(found[MOST_LISTED:])


def wrong_numbers_of(
    session: Reading | Writing, centre_id: int, merchant_ids: Collection[int]
) -> dict[int, list[WrongNumberLine]]:
    """What somebody has to correct of each of those merchants."""
    return _of_each(merchant_ids, _wrong_number_lines(session, to_correct(session, Scope(centre_id), merchant_ids)))


def _wrong_number_lines(session: Reading | Writing, found: Collection[WrongNumber]) -> list[WrongNumberLine]:
    lines = merchant_lines(session, (each.merchant_id for each in found))
    return [
        WrongNumberLine(
            merchant=lines[each.merchant_id], channel=each.channel.value, number=each.number, since=each.since
        )
        for each in found
    ]


def expiries_to_renew(session: Reading | Writing, scope: Scope, now: datetime) -> tuple[list[ExpiryLine], int]:
    """What somebody has to renew: the first to end, and how many more that are told of today. The contracts of a
    whole city may end with the year.
    """
    today = centres.today(session, scope.centre_id, now)
    found = expiries(session, scope, today)
    more = sum(each.told_from <= today for each in found[MOST_LISTED:])
    return _expiry_lines(session, found[:MOST_LISTED]), more


def expiries_of(
    session: Reading | Writing, centre_id: int, merchant_ids: Collection[int], now: datetime
) -> dict[int, list[ExpiryLine]]:
    """What somebody has to renew of each of those merchants."""
    found = expiries(session, Scope(centre_id), centres.today(session, centre_id, now), merchant_ids)
    return _of_each(merchant_ids, _expiry_lines(session, found))


def _expiry_lines(session: Reading | Writing, found: Collection[Expiry]) -> list[ExpiryLine]:
    lines = merchant_lines(session, (each.merchant_id for each in found))
    return [
        ExpiryLine(merchant=lines[each.merchant_id], term=each.term.value, last=each.last, told_from=each.told_from)
        for each in found
    ]


def _of_each(merchant_ids: Iterable[int], lines: Iterable[AboutMerchant]) -> dict[int, list[AboutMerchant]]:
    found: dict[int, list[AboutMerchant]] = {merchant_id: [] for merchant_id in merchant_ids}
    for line in lines:
        found[line.merchant.id].append(line)
    return found


def _said_of(session: Reading | Writing, merchant_id: int) -> dict[Satisfaction, int]:
    """How often residents said what of the cases that this merchant served, or served last where several did."""
    said = select(Case.satisfaction, func.count()).where(_judged(merchant_id)).group_by(col(Case.satisfaction))
    return {Satisfaction(each): count for each, count in session.exec(said) if each is not None}


def _last_said(session: Reading | Writing, merchant_id: int) -> list[SaidView]:
    rows = session.exec(
        select(Case, Service)
        .join(Service, col(Service.id) == col(Case.service_id))
        .where(_judged(merchant_id))
        .order_by(col(Case.served_at).desc(), col(Case.id).desc())
        .limit(LAST_SAID)
    ).all()
    return [
        SaidView(
            case_number=case.number,
            service_zh=service.name_zh,
            service_en=service.name_en,
            satisfaction=case.satisfaction.value,
            served_at=case.served_at,
        )
        for case, service in rows
        if case.satisfaction is not None
    ]


def _judged(merchant_id: int) -> ColumnElement[bool]:
    later = aliased(Offer)
    served_again = select(later.id).where(
        later.case_id == col(Offer.case_id), later.state == OfferState.FULFILLED, col(later.id) > col(Offer.id)
    )
    served = select(Offer.case_id).where(
        Offer.merchant_id == merchant_id, col(Offer.state) == OfferState.FULFILLED, ~served_again.exists()
    )
    return and_(col(Case.id).in_(served), col(Case.satisfaction).is_not(None))
