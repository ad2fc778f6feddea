"""Imports: a file's rows are staged, then applied a few at a time, and can be undone.

Calls keep coming in all the while (`pace`). Each row is applied together with the note that it was, so whoever goes
on after a crash does nothing twice; what a power cut takes back it takes with the notes.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sqlmodel import col, delete, func, select, update

from registry.errors import InUse, NotFound, Refused, SheetRefused, StaleVersion
from registry.models import ImportState, RowState, SheetImport, SheetRow
from registry.sheets import applying
from registry.sheets.elsewhere import elsewhere
from registry.sheets.foresight import DOES_SOMETHING, Foresight, sealed, waiting
from registry.sheets.kinds import SheetKind
from registry.sheets.pace import Pace
from registry.sheets.record import Outcome, Record, Verdict
from registry.sheets.review import Review, judged
from registry.store import Actor, Scope, Store, Writing, journal
from registry.store.bulk import pour
from registry.text import plain
from registry.vault import Box, Vault

_STAGED_AT_ONCE = 200
_MANY = 1000  # rows: from there on it takes longer to open them than to start a process

Progress = Callable[[int, int], None]  # rows done, rows in all


def stage(store: Store, scope: Scope, kind: SheetKind, path: Path, vault: Vault) -> tuple[int | None, Review]:
    """Reads the whole file and keeps what it says that is new, sealed; nothing is applied. The import's id, None when
    there is nothing to apply.

    Raises SheetRefused: a file that is refused as a whole leaves nothing behind.
    """
    review = Review()
    with store.writing() as session:
        wrapped, box = vault.new_box(session)
        run = SheetImport(
            centre_id=scope.centre_id,
            kind=kind.name,
            file_name=plain(path.name, 200),
            wrapped_key=wrapped,
            began_at=session.clock.now(),
        )
        session.add(run)
        session.flush()
        assert run.id is not None
        import_id = run.id
    try:
        staged = _stage_rows(store, kind, path, import_id, box, review)
    except SheetRefused:
        forget(store, import_id)
        raise
    if not staged:
        forget(store, import_id)
        return None, review
    with store.writing() as session:
        held = _held(session, scope, import_id)
        held.state = ImportState.APPLYING
        held.counts = {outcome.value: review.counts[outcome] for outcome in Outcome}
    return import_id, review


def apply(
    store: Store, scope: Scope, kind: SheetKind, import_id: int, vault: Vault, actor: Actor, progress: Progress
) -> None:
    """Applies what is staged, from wherever it stopped. Raises NotFound."""
    key = run_of(store, scope, import_id).wrapped_key
    if key is None:  # applied, or undone
        return
    before = states(store, import_id)
    total = sum(before.values())
    done = total - before[RowState.STAGED]
    opened = partial(waiting, store, kind, vault.box(key), import_id)
    rows = elsewhere(opened, worth_it=before[RowState.STAGED] > _MANY, begin=store.forked)
    ahead, pace = Foresight(store, kind, rows, _brought(store, import_id)), Pace(store)

    def some(session: Writing, run: SheetImport) -> int:
        handled = applying.apply(session, kind, ahead, pace.rows, actor, import_id, pace)
        if not handled:
            run.state, run.wrapped_key, run.ended_at = ImportState.APPLIED, None, session.clock.now()
        return handled

    def prepare() -> None:
        kind.settle(store, at_end=False)
        ahead.look(pace.rows)

    _in_turns(store, scope, import_id, ImportState.APPLYING, some, progress, done, total, pace, prepare)
    kind.settle(store, at_end=True)


def undo(store: Store, scope: Scope, kind: SheetKind, import_id: int, actor: Actor, progress: Progress) -> None:
    """Takes back what was applied, the last first; what somebody has changed or used since stays. Raises NotFound."""
    with store.writing() as session:
        run = _held(session, scope, import_id)
        if run.state is ImportState.UNDONE:
            return
        run.state, run.wrapped_key = ImportState.UNDOING, None
    _drop_staged(store, import_id)

    def some(session: Writing, run: SheetImport) -> int:
        handled = 0
        applied = select(SheetRow).where(SheetRow.import_id == import_id, SheetRow.state == RowState.APPLIED)
        last_first = session.exec(applied.order_by(col(SheetRow.row).desc()).limit(pace.rows)).all()
        for row in last_first:
            _undo(session, kind, row, actor)
            handled += 1
            if pace.is_up:
                break
        if not handled:
            run.state, run.ended_at = ImportState.UNDONE, session.clock.now()
        return handled

    total, pace = states(store, import_id)[RowState.APPLIED], Pace(store)
    _in_turns(store, scope, import_id, ImportState.UNDOING, some, progress, 0, total, pace)


def forget(store: Store, import_id: int) -> None:
    """Leaves nothing of an import whose file was not read to its end."""
    _drop_staged(store, import_id)
    with store.writing() as session:
        session.exec(delete(SheetImport).where(col(SheetImport.id) == import_id))


def runs(store: Store, scope: Scope) -> list[SheetImport]:
    """Every import of the centre, the newest first."""
    with store.reading() as session:
        mine = select(SheetImport).where(SheetImport.centre_id == scope.centre_id)
        return list(session.exec(mine.order_by(col(SheetImport.id).desc())))


def run_of(store: Store, scope: Scope, import_id: int) -> SheetImport:
    """Raises NotFound."""
    with store.reading() as session:
        run = session.get(SheetImport, import_id)
        if run is None or run.centre_id != scope.centre_id:
            raise NotFound(subject="import", id=import_id)
        return run


def states(store: Store, import_id: int) -> Counter[RowState]:
    """How many of its rows stand where."""
    with store.reading() as session:
        counted = select(SheetRow.state, func.count()).where(SheetRow.import_id == import_id)
        return Counter({RowState(state): n for state, n in session.exec(counted.group_by(col(SheetRow.state)))})


def left(store: Store, import_id: int) -> list[tuple[int, str]]:
    """The rows that were not applied, or not undone, and why."""
    with store.reading() as session:
        rows = select(SheetRow.row, SheetRow.why).where(
            SheetRow.import_id == import_id, col(SheetRow.state).in_([RowState.LEFT, RowState.KEPT])
        )
        return [(row, why or "") for row, why in session.exec(rows.order_by(col(SheetRow.row)))]


def _stage_rows(store: Store, kind: SheetKind, path: Path, import_id: int, box: Box, review: Review) -> int:
    staged = 0
    with store.reading() as session:
        as_of = journal.last(session.connection())
    stands_alone = kind.stands_alone()
    with Pace(store) as pace:
        for some in _batches(judged(store, kind, path, review), review):
            rows = []
            for record, verdict in some:
                alone = stands_alone(record) and verdict.outcome is Outcome.NEW
                facts = sealed(box, record, as_of=as_of, alone=alone)
                rows.append((import_id, record.row, RowState.STAGED, False, facts))
            pace.rest()
            with store.writing(synced=False) as session:
                pace.began()
                pour(session, SheetRow, ("import_id", "row", "state", "created", "facts"), rows)
            pace.ended(len(some))
            staged += len(some)
    return staged


def _batches(lines: Iterator[tuple[Record, Verdict]], review: Review) -> Iterator[list[tuple[Record, Verdict]]]:
    """Those that say something new."""
    kept: list[tuple[Record, Verdict]] = []
    for record, verdict in lines:
        review.add(record, verdict)
        if verdict.outcome in DOES_SOMETHING:
            kept.append((record, verdict))
        if len(kept) == _STAGED_AT_ONCE:
            yield kept
            kept = []
    if kept:
        yield kept


def _undo(session: Writing, kind: SheetKind, row: SheetRow, actor: Actor) -> None:
    assert row.subject_id is not None
    assert row.version is not None
    before = kind.kept(session, row.subject_id, row.before) if row.before is not None else None
    try:
        if before is None and not row.created:
            raise NotFound(subject=kind.name, id=row.subject_id)
        now = kind.undo(session, row.subject_id, row.version, before, actor, row.import_id)
    except (InUse, NotFound, Refused, StaleVersion) as error:
        row.state, row.why = RowState.KEPT, error.key
        return
    row.state, row.before = RowState.UNDONE, None
    # An earlier row about the same merchant meets it as this one has left it.
    session.exec(
        update(SheetRow)
        .where(
            col(SheetRow.import_id) == row.import_id,
            col(SheetRow.subject_id) == row.subject_id,
            col(SheetRow.state) == RowState.APPLIED,
            col(SheetRow.version) == row.version - 1,
        )
        .values(version=now)
    )


def _in_turns(
    store: Store,
    scope: Scope,
    import_id: int,
    state: ImportState,
    some: Callable[[Writing, SheetImport], int],
    progress: Progress,
    done: int,
    total: int,
    pace: Pace,
    prepare: Callable[[], None] = lambda: None,
) -> None:
    """Does `some` in one transaction after the other, at that pace, until it has handled nothing more. `prepare` is
    done before each of them, while nobody is kept waiting.
    """
    handled = 1
    with pace:
        while handled:
            prepare()
            pace.rest()
            with store.writing(synced=False) as session:
                pace.began()
                run = _held(session, scope, import_id)
                handled = some(session, run) if run.state is state else 0
            pace.ended(handled)
            done += handled
            progress(done, total)


def _brought(store: Store, import_id: int) -> int:
    """How many people it has brought so far."""
    with store.reading() as session:
        mine = select(func.count()).where(SheetRow.import_id == import_id, col(SheetRow.created))
        return session.exec(mine.where(SheetRow.state == RowState.APPLIED)).one()


def _drop_staged(store: Store, import_id: int) -> None:
    gone = True
    while gone:
        with store.writing() as session:
            some = select(SheetRow.id).where(SheetRow.import_id == import_id, SheetRow.state == RowState.STAGED)
            ids = list(session.exec(some.limit(_STAGED_AT_ONCE)))
            session.exec(delete(SheetRow).where(col(SheetRow.id).in_(ids)))
            gone = bool(ids)


def _held(session: Writing, scope: Scope, import_id: int) -> SheetImport:
    """Held until the transaction ends: two that apply one import at once take turns. Raises NotFound."""
    run = session.lock(SheetImport, import_id)
    if run is None or run.centre_id != scope.centre_id:
        raise NotFound(subject="import", id=import_id)
    return run
