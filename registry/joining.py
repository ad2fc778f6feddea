"""Two records of one person become one: what the register holds of her.

The record that is kept takes what it lacks, and everything of which there may be several. Where the two say different
things, the kept one stays as it is, and the other row stays as it was: it is ended, says which record it went into,
and is a part of her history, her extract and her deletion.
"""

from typing import Any

from sqlmodel import col, select, update

from registry import before, search
from registry.consent import HEALTH
from registry.models import Contact, Group, Line, Resident, ResidentGroup, UsualMerchant
from registry.newcomers import COLUMNS
from registry.people import note
from registry.store import Actor, Reading, Writing
from registry.vault import Vault

MERGED = "merged"  # a word of `ended_why`
LONGEST_NOTE = 4000  # characters of each text of her health
# What a field holds that nobody set.
_UNSAID: dict[str, Any] = {"language": "zh", "hearing": "good", "sight": "good", "care_level": 0}
_POSITION = ("latitude", "longitude", "position_source", "position_at")


def join(session: Writing, keep: Resident, other: Resident, vault: Vault, actor: Actor) -> list[str]:
    """The fields of `keep` that changed; the caller holds both rows."""
    assert keep.id is not None
    assert other.id is not None
    now = session.clock.now()
    were = before.held_by(session, keep, before.EVERY_FIELD, vault)
    changed = [name for name in COLUMNS if _lacks(keep, name) and not _lacks(other, name)]
    for name in changed:
        setattr(keep, name, getattr(other, name))
    if keep.latitude is None and other.latitude is not None:
        for name in _POSITION:
            setattr(keep, name, getattr(other, name))
        changed.append("position")
    changed += _sealed(session, keep, other, vault)
    changed += [name for name, moves in _TIES.items() if moves(session, keep.id, other.id)]
    search.forget(session, other.id)
    session.exec(update(Resident).where(col(Resident.merged_into) == other.id).values(merged_into=keep.id))
    other.merged_into, other.ended_at, other.ended_why = keep.id, now, MERGED
    before.keep(session, keep, {name: were[name] for name in changed}, vault)
    for row in (keep, other):
        row.version += 1
        row.updated_at = now
    session.flush()
    search.index(session, keep)
    note(session, other, "merged", actor, into=keep.id)
    note(session, keep, "changed", actor, fields=sorted(changed), version=keep.version, merged=other.id)
    return changed


def merged_into_her(session: Reading | Writing, resident_id: int) -> list[int]:
    """The records that went into that one."""
    return list(session.scalars(select(col(Resident.id)).where(col(Resident.merged_into) == resident_id)))


def current_id(session: Reading | Writing, resident_id: int) -> int:
    """Where that record is now: itself, or the one it went into."""
    return session.scalar(select(col(Resident.merged_into)).where(col(Resident.id) == resident_id)) or resident_id


def _lacks(row: Resident, name: str) -> bool:
    value = getattr(row, name)
    return value in (None, "") or value == _UNSAID.get(name)


def _sealed(session: Writing, keep: Resident, other: Resident, vault: Vault) -> list[str]:
    """Under the key of the kept record. Of two notes of her health both are read at her bed; an identity number
    is hers or it is not.
    """
    assert keep.id is not None
    assert other.id is not None
    changed = []
    for name in HEALTH:
        hers, others = (vault.open(session, row.id or 0, name, getattr(row, name)) or "" for row in (keep, other))
        if others and others not in hers:
            both = "\n".join(filter(None, (hers, others)))[:LONGEST_NOTE]
            setattr(keep, name, vault.seal(session, keep.id, name, both))
            changed.append(name)
    number = vault.open(session, other.id, "identity_number", other.identity_number)
    if number and keep.identity_number is None:
        keep.identity_number = vault.seal(session, keep.id, "identity_number", number)
        session.flush()
        keep.identity_hash = vault.identity_hash(session, keep.id, number)
        changed.append("identity_number")
    return changed


def _lines(session: Writing, keep: int, other: int) -> bool:
    """Living lines are hers from now on; of two rows with one number the kept record's lives."""
    living = select(Line).where(Line.resident_id == other, col(Line.ended_at).is_(None))
    known = {line.number: line for line in session.exec(select(Line).where(Line.resident_id == keep))}
    lines = session.exec(living).all()
    for line in lines:
        if (mine := known.get(line.number)) is None:
            line.resident_id = keep
        else:
            mine.ended_at, mine.device_id = None, mine.device_id or line.device_id
            line.ended_at = session.clock.now()
    return bool(lines)


def _contacts(session: Writing, keep: int, other: int) -> bool:
    """They come after those of the kept record, whoever has the same number and name only once."""
    ranked = col(Contact.rank).is_not(None)
    mine = session.exec(select(Contact).where(Contact.resident_id == keep, ranked)).all()
    theirs = session.exec(
        select(Contact).where(Contact.resident_id == other, ranked).order_by(col(Contact.rank))
    ).all()
    known = {(one.name, one.number): one for one in mine}
    rank = max((one.rank or 0 for one in mine), default=0)
    for one in theirs:
        if (same := known.get((one.name, one.number))) is not None:
            same.has_key, same.note = same.has_key or one.has_key, same.note or one.note
            one.rank = None
        else:
            rank += 1
            one.resident_id, one.rank = keep, rank
    return bool(theirs)


def _groups(session: Writing, keep: int, other: int) -> bool:
    def of(resident_id: int) -> set[Group]:
        return set(
            session.scalars(select(col(ResidentGroup.group)).where(col(ResidentGroup.resident_id) == resident_id))
        )

    new = of(other) - of(keep)
    session.add_all(ResidentGroup(resident_id=keep, group=group) for group in new)
    return bool(new)


def _usual(session: Writing, keep: int, other: int) -> bool:
    known = set(session.exec(select(UsualMerchant.kind).where(UsualMerchant.resident_id == keep)))
    theirs = session.exec(select(UsualMerchant).where(UsualMerchant.resident_id == other)).all()
    new = [one for one in theirs if one.kind not in known]
    session.add_all(UsualMerchant(resident_id=keep, kind=one.kind, merchant_id=one.merchant_id) for one in new)
    return bool(new)


_TIES = {"lines": _lines, "contacts": _contacts, "groups": _groups, "usual_merchants": _usual}
