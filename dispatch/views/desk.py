"""Operators, merchants' lines, the links to the exchanges, and what is held after a restore."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from dispatch import hold
from dispatch.models import ExchangePosition, Gap, Operator, Presence
from dispatch.wire.board import GapLine, HoldLine, LinkLine
from dispatch.wire.operators import OperatorLine
from dispatch.wire.people import MerchantLine
from dispatch.wire.words import PhoneTrouble
from registry.models import Merchant, MerchantNumber
from registry.store import Reading, Writing

GAPS_SHOWN = timedelta(hours=12)
MOST_GAPS = 10


def operator_line(operator: Operator) -> OperatorLine:
    assert operator.id is not None
    trouble, since = _phone_trouble(operator)
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
        rings=operator.presence is Presence.READY and operator.phone_reachable and trouble is None,
        phone_trouble=trouble,
        phone_trouble_since=since,
    )


def _phone_trouble(operator: Operator) -> tuple[PhoneTrouble | None, datetime | None]:
    """Why calls do not ring at the telephone of one who is ready, and since when."""
    if operator.presence is not Presence.READY or operator.extension is None:
        return None, None
    if not operator.phone_reachable:
        moments = (operator.phone_changed_at, operator.presence_since)
        return "unreachable", max((at for at in moments if at is not None), default=None)
    return ("refuses", operator.phone_refuses_since) if operator.phone_refuses_since is not None else (None, None)


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
        log_problem=row.cel_problem,
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


def hold_line(session: Reading | Writing, centre_id: int) -> HoldLine | None:
    """What is held after a restore, None where everything goes as usual."""
    held = hold.current(session, centre_id)
    if held is None:
        return None
    messages, ladders = hold.count(session, centre_id)
    return HoldLine(backup_at=held.backup_at, since=held.since, messages=messages, ladders=ladders)


def known(ids: Iterable[int | None]) -> Sequence[int]:
    """Each id once, without the missing ones."""
    return sorted({id_ for id_ in ids if id_ is not None})
