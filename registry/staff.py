"""Who goes to the door for a merchant.

Names and numbers stand in these rows and nowhere else: neither the journal nor what is kept of a merchant's
earlier versions has them.
"""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col, select

from registry.absences import Absence
from registry.drafts import StaffDraft
from registry.models import StaffMember
from registry.numbers import NumberPlan
from registry.store import Reading, Writing


def staff_of(session: Reading | Writing, merchant_id: int) -> list[StaffMember]:
    """In the order in which they were named first."""
    mine = select(StaffMember).where(StaffMember.merchant_id == merchant_id)
    return list(session.exec(mine.order_by(col(StaffMember.id))))


def absence(member: StaffMember) -> Absence | None:
    return Absence(member.away_first, member.away_last) if member.away else None


def set_staff(session: Writing, merchant_id: int, drafts: Sequence[StaffDraft], plan: NumberPlan) -> bool:
    """Replaces the whole list; who is named as before keeps her row. Whether anything changed."""
    wanted = {draft.name: _columns(draft, plan) for draft in drafts}
    known = {member.name: member for member in staff_of(session, merchant_id)}
    changed = False
    for name in known.keys() - wanted.keys():
        session.delete(known[name])
        changed = True
    for name, columns in wanted.items():
        if (member := known.get(name)) is None:
            session.add(StaffMember(merchant_id=merchant_id, name=name, **columns))
            changed = True
        elif any(getattr(member, column) != value for column, value in columns.items()):
            member.sqlmodel_update(columns)
            changed = True
    return changed


def _columns(draft: StaffDraft, plan: NumberPlan) -> dict[str, Any]:
    away = draft.away
    return {
        "number": (plan.read(draft.number).number or draft.number) if draft.number is not None else None,
        "away": away is not None,
        "away_first": away.first if away is not None else None,
        "away_last": away.last if away is not None else None,
    }
