"""What a merchant has agreed to: where it is reached, when it is open, what it is contracted for.

Each list is replaced as a whole; every `set_…` says whether anything changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, delete, select

from registry.centres import days_off
from registry.days_off import NO_DAYS_OFF
from registry.drafts import ContractDraft, HoursDraft, NumberDraft
from registry.errors import NotFound
from registry.hours import Span
from registry.models import (
    Channel,
    Contract,
    ContractArea,
    ContractService,
    Merchant,
    MerchantNumber,
    OpeningHours,
)
from registry.numbers import NumberPlan
from registry.special_hours import Opening, goes_by_calendar
from registry.store import Reading, Writing


@dataclass(frozen=True, slots=True)
class ContractCard:
    id: int
    valid_from: date
    valid_until: date
    radius: int | None
    services: tuple[str, ...]
    areas: tuple[int, ...]
    fee: str
    conditions: str


def set_numbers(session: Writing, merchant_id: int, drafts: Sequence[NumberDraft], plan: NumberPlan) -> bool:
    """Whoever writes them says that they are right: one that was found wrong is used again."""
    ranked: list[tuple[Channel, str, int]] = []
    for channel in Channel:
        numbers = dict.fromkeys(
            plan.read(one.number).number or one.number for one in drafts if one.channel is channel
        )
        ranked += [(channel, number, rank) for rank, number in enumerate(numbers, 1)]
    rows = session.exec(select(MerchantNumber).where(MerchantNumber.merchant_id == merchant_id)).all()
    if {(row.channel, row.number, row.rank) for row in rows if row.wrong_since is None} == set(ranked):
        return False
    session.exec(delete(MerchantNumber).where(col(MerchantNumber.merchant_id) == merchant_id))
    session.add_all(
        MerchantNumber(merchant_id=merchant_id, channel=channel, number=number, rank=rank)
        for channel, number, rank in ranked
    )
    return True


def set_hours(session: Writing, merchant_id: int, drafts: Sequence[HoursDraft]) -> bool:
    wanted = {(draft.weekday, draft.opens, draft.closes) for draft in drafts}
    rows = session.exec(select(OpeningHours).where(OpeningHours.merchant_id == merchant_id))
    if {(row.weekday, row.opens, row.closes) for row in rows} == wanted:
        return False
    session.exec(delete(OpeningHours).where(col(OpeningHours.merchant_id) == merchant_id))
    session.add_all(
        OpeningHours(merchant_id=merchant_id, weekday=weekday, opens=opens, closes=closes)
        for weekday, opens, closes in sorted(wanted)
    )
    return True


def opening(session: Reading | Writing, merchant_id: int) -> Opening:
    """When it is open. Raises NotFound."""
    merchant = session.get(Merchant, merchant_id)
    if merchant is None:
        raise NotFound(subject="merchant", id=merchant_id)
    rows = session.exec(select(OpeningHours).where(OpeningHours.merchant_id == merchant_id))
    week = [Span.of(row.weekday, row.opens, row.closes) for row in rows]
    calendar = days_off(session, merchant.centre_id) if goes_by_calendar(merchant.special_hours) else NO_DAYS_OFF
    return Opening(week, tuple(merchant.special_hours), calendar)


def set_contracts(session: Writing, merchant_id: int, drafts: Sequence[ContractDraft]) -> bool:
    """Those that stay the same keep their rows."""
    wanted = {_agreed(draft): draft for draft in drafts}
    gone = [card.id for card in contract_cards(session, merchant_id) if wanted.pop(_agreed(card), None) is None]
    for table, key in ((ContractService, "contract_id"), (ContractArea, "contract_id"), (Contract, "id")):
        session.exec(delete(table).where(getattr(table, key).in_(gone)))
    for draft in wanted.values():
        contract = Contract(merchant_id=merchant_id, **draft.model_dump(exclude={"services", "areas"}))
        session.add(contract)
        session.flush()
        assert contract.id is not None
        session.add_all(ContractService(contract_id=contract.id, service_code=code) for code in draft.services)
        session.add_all(ContractArea(contract_id=contract.id, area_id=area) for area in draft.areas)
    return bool(gone or wanted)


def _agreed(one: ContractDraft | ContractCard) -> tuple[object, ...]:
    """What makes two contracts the same."""
    whole = one.valid_from, one.valid_until, one.radius, one.fee, one.conditions
    return *whole, frozenset(one.services), frozenset(one.areas)


def contract_cards(session: Reading | Writing, merchant_id: int) -> list[ContractCard]:
    """A merchant's contracts, past and future ones too, in the order they were made."""
    contracts = list(
        session.exec(select(Contract).where(Contract.merchant_id == merchant_id).order_by(col(Contract.id)))
    )
    ids = [contract.id for contract in contracts]
    services = list(session.exec(select(ContractService).where(col(ContractService.contract_id).in_(ids))))
    areas = list(session.exec(select(ContractArea).where(col(ContractArea.contract_id).in_(ids))))
    return [
        ContractCard(
            one.id or 0,
            one.valid_from,
            one.valid_until,
            one.radius,
            tuple(sorted(row.service_code for row in services if row.contract_id == one.id)),
            tuple(sorted(row.area_id for row in areas if row.contract_id == one.id)),
            one.fee,
            one.conditions,
        )
        for one in contracts
    ]
