"""What ties a resident to telephone numbers, people, groups and merchants; each list is replaced as a whole.

Every function says whether anything changed. Rows that history points to are kept: a line ends, a contact loses
her rank.
"""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from sqlmodel import col, delete, select, update

from registry.drafts import ContactDraft, LineDraft
from registry.models import (
    Contact,
    Group,
    Line,
    LineKind,
    MerchantKind,
    ResidentGroup,
    UsualMerchant,
)
from registry.numbers import NumberPlan
from registry.store import Reading, Writing

# Of whom nothing is known.
NOTHING_TIED: Mapping[str, Any] = {"groups": [], "lines": [], "contacts": [], "usual_merchants": {}}


def set_lines(
    session: Writing, resident_id: int, drafts: Sequence[LineDraft], plan: NumberPlan, now: datetime
) -> bool:
    wanted = {plan.read(draft.number).number or draft.number: draft for draft in drafts}
    rows = {line.number: line for line in session.exec(select(Line).where(Line.resident_id == resident_id))}
    before = {(line.number, line.kind, line.device_id) for line in rows.values() if line.ended_at is None}
    after = set()
    for number, draft in wanted.items():
        kind = draft.kind or (rows[number].kind if number in rows else kind_of(number, plan))
        line = living_line(session, resident_id, rows.get(number), number, kind, now)
        line.device_id = draft.device_id
        after.add((number, kind, draft.device_id))
    for number, line in rows.items():
        if number not in wanted and line.ended_at is None:
            line.ended_at = now
    return before != after


def living_line(
    session: Writing, resident_id: int, line: Line | None, number: str, kind: LineKind, now: datetime
) -> Line:
    """`line`, or a new one of that number, not ended."""
    if line is None:
        line = Line(resident_id=resident_id, number=number, kind=kind, created_at=now)
        session.add(line)
    line.kind, line.ended_at = kind, None
    return line


def kind_of(number: str, plan: NumberPlan) -> LineKind:
    """Told from the number; a button is never told from a number alone."""
    return LineKind.MOBILE if plan.is_mobile(number) else LineKind.LANDLINE


def set_contacts(session: Writing, resident_id: int, drafts: Sequence[ContactDraft], plan: NumberPlan) -> bool:
    """Ranks follow the order. Somebody with the same number or the same name is the same contact."""
    rows = list(session.exec(select(Contact).where(Contact.resident_id == resident_id).order_by(col(Contact.id))))
    before = sorted(_told(row) for row in rows if row.rank is not None)
    # All ranks go first, at once: two contacts that change places never hold the same one.
    session.exec(update(Contact).where(col(Contact.resident_id) == resident_id).values(rank=None))
    ranked = []
    for rank, draft in enumerate(drafts, 1):
        facts = contact_facts(draft, plan)
        number = facts["number"]
        same = [row for row in rows if row.number == number and row.name == draft.name]
        same += [row for row in rows if row.number == number]
        same += [row for row in rows if row.name == draft.name]
        row = same[0] if same else Contact(resident_id=resident_id, rank=rank, name=draft.name, number=number)
        if same:
            rows.remove(row)
        row.rank = rank
        for name, value in facts.items():
            setattr(row, name, value)
        ranked.append(row)
    session.add_all(ranked)
    session.flush()
    return before != sorted(_told(row) for row in ranked)


def contact_facts(draft: ContactDraft, plan: NumberPlan) -> dict[str, Any]:
    """As they are kept: the number as the plan reads it, an extension in the note."""
    heard = plan.read(draft.number)
    return {
        "name": draft.name,
        "relation": draft.relation,
        "number": heard.number or draft.number,
        "has_key": draft.has_key,
        "note": f"{draft.note} ext. {heard.extension}".strip() if heard.extension else draft.note,
    }


def set_groups(session: Writing, resident_id: int, groups: frozenset[Group]) -> bool:
    mine = col(ResidentGroup.resident_id) == resident_id
    before = set(session.exec(select(ResidentGroup.group).where(mine)))
    if before == groups:
        return False
    session.exec(delete(ResidentGroup).where(mine))
    session.add_all(ResidentGroup(resident_id=resident_id, group=group) for group in groups)
    return True


def set_usual_merchants(session: Writing, resident_id: int, usual: Mapping[MerchantKind, int]) -> bool:
    mine = col(UsualMerchant.resident_id) == resident_id
    before = {row.kind: row.merchant_id for row in session.exec(select(UsualMerchant).where(mine))}
    if before == {str(kind): merchant_id for kind, merchant_id in usual.items()}:
        return False
    session.exec(delete(UsualMerchant).where(mine))
    session.add_all(
        UsualMerchant(resident_id=resident_id, kind=kind, merchant_id=merchant_id)
        for kind, merchant_id in usual.items()
    )
    return True


def add_ties(
    session: Reading | Writing, found: Mapping[int, dict[str, Any]], names: Collection[str] = tuple(NOTHING_TIED)
) -> None:
    """Adds those lists to the facts of each resident: what lives, in its order, as JSON keeps it."""
    for facts in found.values():
        facts.update({name: deepcopy(NOTHING_TIED[name]) for name in names})

    def rows(name: str, table: Any, *more: Any) -> Any:
        return session.exec(select(table).where(col(table.resident_id).in_(found), *more)) if name in names else ()

    for line in sorted(rows("lines", Line, col(Line.ended_at).is_(None)), key=lambda row: row.id):
        facts = {"number": line.number, "kind": line.kind.value, "device_id": line.device_id}
        found[line.resident_id]["lines"].append(facts)
    for one in sorted(rows("contacts", Contact, col(Contact.rank).is_not(None)), key=lambda row: row.rank):
        told = {name: getattr(one, name) for name in ("name", "relation", "number", "has_key", "note")}
        found[one.resident_id]["contacts"].append(told)
    for group in rows("groups", ResidentGroup):
        found[group.resident_id]["groups"] = sorted([*found[group.resident_id]["groups"], group.group.value])
    for usual in rows("usual_merchants", UsualMerchant):
        found[usual.resident_id]["usual_merchants"][usual.kind] = usual.merchant_id


def _told(row: Contact) -> tuple[int, str, str, str, bool, str]:
    return row.rank or 0, row.name, row.relation, row.number, row.has_key, row.note
