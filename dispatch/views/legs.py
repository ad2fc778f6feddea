"""The parties of calls: who is in one now, or rings to be; who it was that an entry of the journal tells of."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlmodel import col, select

from dispatch.models import Leg
from dispatch.views.desk import known, merchant_lines, operator_lines
from dispatch.wire.calls import LegLine
from registry.models import Contact
from registry.store import Reading, Writing


def leg_lines(session: Reading | Writing, call_ids: Iterable[int | None]) -> dict[int, list[LegLine]]:
    """By call, in the order in which they came; calls without anybody are missing."""
    here = select(Leg).where(col(Leg.call_id).in_(known(call_ids)), col(Leg.ended_at).is_(None))
    legs = session.exec(here.order_by(col(Leg.id))).all()
    found: dict[int, list[LegLine]] = defaultdict(list)
    for leg, line in zip(legs, _lines(session, legs), strict=True):
        found[leg.call_id].append(line)
    return found


def legs_named(session: Reading | Writing, leg_ids: Iterable[int | None]) -> dict[int, LegLine]:
    """By their own ids, also those that have gone."""
    legs = session.exec(select(Leg).where(col(Leg.id).in_(known(leg_ids)))).all()
    return {line.id: line for line in _lines(session, legs)}


def _lines(session: Reading | Writing, legs: Sequence[Leg]) -> list[LegLine]:
    if not legs:
        return []
    operators = operator_lines(session, (leg.operator_id for leg in legs))
    merchants = merchant_lines(session, (leg.merchant_id for leg in legs))
    contact_ids = known(leg.contact_id for leg in legs)
    rows = session.exec(select(Contact.id, Contact.name).where(col(Contact.id).in_(contact_ids))).all()
    contacts = dict(rows) if contact_ids else {}
    lines: list[LegLine] = []
    for leg in legs:
        assert leg.id is not None
        operator, merchant = operators.get(leg.operator_id or 0), merchants.get(leg.merchant_id or 0)
        name = operator.name if operator else merchant.name if merchant else contacts.get(leg.contact_id, "")
        lines.append(
            LegLine(
                id=leg.id,
                role=leg.role.value,
                extension=leg.extension,
                operator=operator,
                number=leg.number or "",
                name=name,
                started_at=leg.started_at,
                joined_at=leg.answered_at,
            )
        )
    return lines
