"""What a change of a resident's record has left behind: of each field what it held before it, and after.

The journal says who changed which fields and holds nothing of them; this lies beside it, sealed under her own data
key, and goes with it. Of somebody who has only been registered there is nothing.
"""

import json
from collections.abc import Collection
from datetime import date
from enum import Enum
from typing import Any

import structlog
from sqlalchemy import tuple_
from sqlmodel import col, select

from registry.drafts import ResidentChange
from registry.errors import WrongMasterKey
from registry.models import Resident, ResidentBefore
from registry.newcomers import COLUMNS, SEALED
from registry.store import Reading, Writing
from registry.ties import NOTHING_TIED, add_ties
from registry.vault import Vault

log = structlog.get_logger()

Facts = dict[str, Any]  # by the field that the journal names, as JSON keeps them
Changed = dict[str, tuple[Any, Any]]  # by the field: before and after
Step = tuple[int, int]  # a record, and its version after the change

EVERY_FIELD = (*COLUMNS, "position", *SEALED, *NOTHING_TIED)
_POSITION = {"latitude": "latitude", "longitude": "longitude", "source": "position_source"}


def touched_by(change: ResidentChange) -> set[str]:
    """The fields that such a change may change; who moves has another position."""
    return set(EVERY_FIELD) & change.model_fields_set | {"position"}


def held_by(session: Reading | Writing, resident: Resident, fields: Collection[str], vault: Vault) -> Facts:
    """What those of `EVERY_FIELD` hold now."""
    held = {name: _as_json(getattr(resident, name)) for name in COLUMNS if name in fields}
    if "position" in fields:
        held["position"] = {name: getattr(resident, column) for name, column in _POSITION.items()}
    for name in SEALED:
        if name in fields:
            held[name] = vault.open(session, resident.id or 0, name, getattr(resident, name)) or ""
    add_ties(session, {resident.id or 0: held}, [name for name in NOTHING_TIED if name in fields])
    return held


def keep(session: Writing, resident: Resident, were: Facts, vault: Vault, *, sensitive: bool = True) -> None:
    """Keeps what the changed fields were, before the version is counted on; without `sensitive` nothing of what is
    sealed in her record. A change that needs no master key is made without it as well, and leaves nothing behind.
    """
    are = held_by(session, resident, were, vault)
    told = {name: (was, are[name]) for name, was in were.items()}
    row = ResidentBefore(resident_id=resident.id or 0, version=resident.version)
    try:
        row.facts = _sealed(session, row, "facts", {name: told[name] for name in told.keys() - set(SEALED)}, vault)
        if sensitive:
            row.sensitive = _sealed(
                session, row, "sensitive", {name: told[name] for name in SEALED if name in told}, vault
            )
    except WrongMasterKey:
        log.exception("before.not_sealed", resident=resident.id)
        return
    session.add(row)


def left_behind(
    session: Reading | Writing, steps: Collection[Step], vault: Vault, *, sensitive: bool = False
) -> dict[Step, Changed]:
    """By step, whatever can be opened of it; with `sensitive` also what is sealed in her record."""
    wanted = tuple_(col(ResidentBefore.resident_id), col(ResidentBefore.version))
    rows = session.exec(select(ResidentBefore).where(wanted.in_([(who, after - 1) for who, after in steps]))).all()
    columns = ("facts", "sensitive") if sensitive else ("facts",)
    found = {}
    with vault.at_hand(session, {row.resident_id for row in rows}):
        for row in rows:
            opened: Changed = {}
            for column in columns:
                opened |= _opened(session, row, column, vault)
            found[row.resident_id, row.version + 1] = opened
    return found


def in_one(changed: Changed, when: int) -> Facts:
    """What those fields held before it (0) or after it (1), as the facts of a sheet have them."""
    held: Facts = {name: both[when] for name, both in changed.items()}
    position: Facts = held.pop("position", {})
    return held | position


def _sealed(session: Writing, row: ResidentBefore, column: str, told: Changed, vault: Vault) -> bytes | None:
    if not told:
        return None
    return vault.seal(session, row.resident_id, _place(row, column), json.dumps(told, ensure_ascii=False))


def _opened(session: Reading | Writing, row: ResidentBefore, column: str, vault: Vault) -> Changed:
    try:
        text = vault.open(session, row.resident_id, _place(row, column), getattr(row, column))
    except WrongMasterKey:
        log.exception("before.not_opened", resident=row.resident_id)
        return {}
    return {name: (was, became) for name, (was, became) in json.loads(text).items()} if text else {}


def _place(row: ResidentBefore, column: str) -> str:
    """What is sealed for one version cannot be moved to another."""
    return f"before.{row.version}.{column}"


def _as_json(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case _:
            return value
