"""SMS that an operator should see."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from dispatch import casebook
from dispatch.desk import Desk
from dispatch.models import Case, Inbound, Offer
from dispatch.views.desk import known, merchant_lines
from dispatch.wire.board import InboundLine
from registry.store import Reading, Writing


def seen_by(desk: Desk) -> ColumnElement[bool]:
    """The SMS a desk may see: about a case that it may see, or about none."""
    case = select(Case.id).join(Offer, col(Offer.case_id) == Case.id)
    its_case = case.where(Offer.id == Inbound.offer_id, casebook.seen_by(desk)).exists()
    return and_(col(Inbound.centre_id) == desk.centre_id, or_(col(Inbound.offer_id).is_(None), its_case))


def waiting(session: Reading | Writing, desk: Desk, limit: int = 100) -> list[InboundLine]:
    """Those nobody has seen yet, the oldest first."""
    wanted = (seen_by(desk), col(Inbound.needs_operator), col(Inbound.seen_by_id).is_(None))
    rows = session.exec(select(Inbound).where(*wanted).order_by(col(Inbound.id)).limit(limit)).all()
    return inbound_lines(session, rows)


def inbound_lines(session: Reading | Writing, rows: Sequence[Inbound]) -> list[InboundLine]:
    if not rows:
        return []
    merchants = merchant_lines(session, (row.merchant_id for row in rows))
    numbers = dict(
        session.exec(
            select(Offer.id, Case.number)
            .join(Case, col(Case.id) == col(Offer.case_id))
            .where(col(Offer.id).in_(known(row.offer_id for row in rows)))
        ).all()
    )
    return [
        InboundLine(
            id=row.id or 0,
            number=row.number,
            merchant=merchants.get(row.merchant_id or 0),
            case_number=numbers.get(row.offer_id),
            body=row.body,
            reading=row.reading.value,
            received_at=row.received_at,
            needs_operator=row.needs_operator and row.seen_by_id is None,
        )
        for row in rows
    ]
