"""Operators, merchants' lines and the links to the exchanges."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from dispatch.models import ExchangePosition, Gap, Operator, Presence
from dispatch.wire.people import MerchantLine
from dispatch.wire.work import GapLine, LinkLine, OperatorLine
from registry.models import Merchant, MerchantNumber
from registry.store import Reading, Writing

GAPS_SHOWN = timedelta(hours=12)
MOST_GAPS = 10


def operator_line(operator: Operator) -> OperatorLine:
    assert operator.id is not None
    return OperatorLine(
        id=operator.id,
        name=operator.name,
        role=operator.role.value,
        extension=operator.extension,
        presence=operator.presence.value,
        break_reason=operator.break_reason.value if operator.break_reason is not None else None,
        presence_since=operator.presence_since,
        presence_until=operator.presence_until,
        phone_reachable=operator.phone_reachable,
        rings=operator.presence is Presence.READY and operator.phone_reachable,
    )


def operator_lines(session: Reading | Writing, ids: Iterable[int | None]) -> dict[int, OperatorLine]:
    rows = session.exec(select(Operator).where(col(Operator.id).in_(known(ids)))).all()
    return {line.id: line for line in map(operator_line, rows)}


def merchant_lines(session: Reading | Writing, ids: Iterable[int | None]) -> dict[int, MerchantLine]:
    """With the number an operator would call first: the voice one of the lowest rank, else the first SMS number."""
    wanted = known(ids)
    if not wanted:
        return {}
    first: dict[int, str] = {}
    numbers = session.exec(
        select(MerchantNumber.merchant_id, MerchantNumber.number)
        .where(col(MerchantNumber.merchant_id).in_(wanted))
        .order_by(col(MerchantNumber.channel).desc(), col(MerchantNumber.rank))  # voice before sms
    ).all()
    for merchant_id, number in numbers:
        first.setdefault(merchant_id, number)
    merchants = session.exec(select(Merchant).where(col(Merchant.id).in_(wanted))).all()
    return {
        merchant.id: MerchantLine(
            id=merchant.id,
            kind=merchant.kind.value,
            name=merchant.name,
            address=merchant.address,
            number=first.get(merchant.id),
        )
        for merchant in merchants
        if merchant.id is not None
    }


def link_lines(session: Reading | Writing) -> list[LinkLine]:
    rows = session.exec(select(ExchangePosition).order_by(ExchangePosition.exchange)).all()
    return [link_line(row) for row in rows]


def link_line(row: ExchangePosition) -> LinkLine:
    return LinkLine(
        exchange=row.exchange,
        up=row.link_up,
        since=row.link_changed_at,
        reason=row.link_reason,
        recording_stopped_at=row.recording_stopped_at,
    )


def gap_lines(session: Reading | Writing, centre_id: int, now: datetime) -> list[GapLine]:
    """The last gaps of the last hours, the newest first."""
    rows = session.exec(
        select(Gap)
        .where(Gap.centre_id == centre_id, Gap.until > now - GAPS_SHOWN)
        .order_by(col(Gap.until).desc())
        .limit(MOST_GAPS)
    ).all()
    return [gap_line(row) for row in rows]


def gap_line(gap: Gap) -> GapLine:
    assert gap.id is not None
    return GapLine(
        id=gap.id,
        exchange=gap.exchange,
        began_at=gap.began_at,
        until=gap.until,
        calls=gap.calls,
        to_call_back=gap.to_call_back,
    )


def known(ids: Iterable[int | None]) -> Sequence[int]:
    """Each id once, without the missing ones."""
    return sorted({id_ for id_ in ids if id_ is not None})
