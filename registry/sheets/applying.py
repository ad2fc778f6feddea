"""Some staged rows of an import, applied within one transaction together with the note that they were."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, text, update
from sqlmodel import col

from registry.among import among, ids
from registry.models import RowState, SheetRow
from registry.sheets.foresight import DOES_SOMETHING, Foresight, Staged
from registry.sheets.kinds import SheetKind
from registry.sheets.pace import Pace
from registry.sheets.record import Outcome, Verdict
from registry.store import Actor, Writing


def apply(
    session: Writing,
    kind: SheetKind,
    ahead: Foresight,
    most: int,
    actor: Actor,
    import_id: int,
    pace: Pace,
) -> int:
    """How many of the next rows, at `most` so many, were done. Those that bring somebody new are written together,
    all others one by one, until the time is up.
    """
    if not ahead.holds(session):
        most = min(most, pace.fewest)  # to judge takes longer than to write
        ahead.look_again(session, most)
    rows = ahead.rows[:most]
    wait = _that_wait(session, rows)
    handled = 0
    new: list[tuple[Staged, Verdict]] = []
    for row in rows:
        handled += 1
        if row.id not in wait:  # somebody else goes on with the same import
            continue
        verdict = ahead.stands(row)
        if verdict is not None and verdict.outcome is Outcome.NEW:
            new.append((row, verdict))
        else:
            _apply(session, kind, new, actor, import_id)
            new.clear()
            verdict = verdict or ahead.again(session, row)
            _apply(session, kind, [(row, verdict)], actor, import_id)
        ahead.meet(row, verdict)
        if verdict.outcome is not Outcome.NEW and pace.is_up:
            break
    _apply(session, kind, new, actor, import_id)
    del ahead.rows[:handled]
    return handled


def _that_wait(session: Writing, rows: Sequence[Staged]) -> set[int]:
    found = session.rows(_THAT_WAIT, ids=ids([row.id for row in rows]))
    return set(found.scalars())


def _apply(
    session: Writing, kind: SheetKind, judged: Sequence[tuple[Staged, Verdict]], actor: Actor, import_id: int
) -> None:
    doing = [verdict for _, verdict in judged if verdict.outcome in DOES_SOMETHING]
    done = iter(kind.apply(session, doing, actor, import_id))
    brought: list[tuple[int, int, int | None]] = []
    notes: list[dict[str, Any]] = []
    for row, verdict in judged:
        note: dict[str, Any] = {"row_id": row.id, "before": None, "why": None, "subject_id": None, "version": None}
        if verdict.outcome not in DOES_SOMETHING:
            note["state"] = RowState.SAME if verdict.outcome is Outcome.SAME else RowState.LEFT
            note["why"] = next((finding.key for finding in verdict.findings), None)
        elif (result := next(done)).why is not None or result.subject_id is None:
            note |= {"state": RowState.LEFT, "why": result.why}
        elif verdict.subject_id is None:
            brought.append((row.id, result.subject_id, result.version))
            continue
        else:
            note |= {"state": RowState.APPLIED, "subject_id": result.subject_id, "version": result.version}
            note["before"] = kind.keep(session, result.subject_id, verdict.before)
        notes.append(note)
    connection = session.connection()
    if brought:
        connection.execute(_BROUGHT[connection.dialect.name], {"brought": json.dumps(brought)})
    if notes:
        connection.execute(_NOTED, notes)


_THAT_WAIT = select(col(SheetRow.id)).where(among(col(SheetRow.id), "ids"), col(SheetRow.state) == RowState.STAGED)
_NOTED = (
    update(SheetRow)
    .where(col(SheetRow.id) == bindparam("row_id"))
    .values({name: bindparam(name) for name in ("before", "why", "subject_id", "version", "state")} | {"facts": None})
)
# Nearly every row of a long import brings somebody: one statement for all of them.
_BROUGHT = {
    dialect: text(
        f"UPDATE sheet_row SET state = '{RowState.APPLIED}', created = true, facts = NULL,"  # noqa: S608  our own words
        " subject_id = CAST(one.value ->> 1 AS integer), version = CAST(one.value ->> 2 AS integer)"
        f" FROM {each} WHERE sheet_row.id = CAST(one.value ->> 0 AS integer)"
    )
    for dialect, each in {
        "sqlite": "json_each(:brought) AS one",
        "postgresql": "jsonb_array_elements(CAST(:brought AS jsonb)) AS one (value)",
    }.items()
}
