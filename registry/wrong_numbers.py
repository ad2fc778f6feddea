"""Numbers of merchants that the telephone network does not know: not used again until somebody corrects them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from registry import past
from registry.models import Channel, Merchant, MerchantNumber
from registry.store import Actor, Entry, Reading, Scope, Subject, Writing


@dataclass(frozen=True, slots=True)
class WrongNumber:
    merchant_id: int
    merchant: str
    channel: Channel
    number: str
    since: datetime


def note_wrong(session: Writing, merchant_id: int, channel: Channel, number: str) -> None:
    """There is no such number: whoever keeps the register has to correct it."""
    row = session.exec(
        select(MerchantNumber).where(
            MerchantNumber.merchant_id == merchant_id,
            MerchantNumber.channel == channel,
            MerchantNumber.number == number,
        )
    ).one_or_none()
    if row is None or row.wrong_since is not None or (merchant := session.lock(Merchant, merchant_id)) is None:
        return
    session.add(past.as_it_is(session, merchant))
    row.wrong_since = merchant.updated_at = session.clock.now()
    merchant.version += 1
    session.record(
        Entry(
            what="merchant.number_wrong",
            subject=Subject.MERCHANT,
            subject_id=merchant_id,
            actor=Actor.system(),
            centre_id=merchant.centre_id,
            area_id=merchant.area_id,
            data={"channel": str(channel), "rank": row.rank},
        )
    )


def to_correct(
    session: Reading | Writing, scope: Scope, merchant_ids: Collection[int] | None = None
) -> list[WrongNumber]:
    """The oldest first, of all merchants in the scope or of those."""
    here = [scope.covers(Merchant), col(Merchant.ended_at).is_(None), col(MerchantNumber.wrong_since).is_not(None)]
    if merchant_ids is not None:
        here.append(col(Merchant.id).in_(merchant_ids))
    rows = session.exec(
        select(MerchantNumber, Merchant)
        .join(Merchant, col(Merchant.id) == MerchantNumber.merchant_id)
        .where(*here)
        .order_by(col(MerchantNumber.wrong_since), col(MerchantNumber.id))
    ).all()
    return [
        WrongNumber(row.merchant_id, merchant.name, row.channel, row.number, row.wrong_since)
        for row, merchant in rows
        if row.wrong_since is not None
    ]
