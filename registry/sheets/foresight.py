"""What the next rows of an import would do, judged together and made ready without holding the database.

What was foreseen holds as long as nobody else has written about people, merchants or areas since, which the journal
tells, and no row before it is about somebody like hers; otherwise the row is judged again by whoever holds the
database. Of somebody new it was foreseen when the file was read: as long as it holds she is not looked for again.
"""

import json
from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlmodel import col

from registry.models import RowState, SheetRow
from registry.sheets.kinds import SheetKind
from registry.sheets.record import Outcome, Record, Verdict
from registry.store import Reading, Store, Subject, Writing
from registry.store.journal import Journal
from registry.vault import Box

_ABOUT = (Subject.RESIDENT, Subject.MERCHANT, Subject.CENTRE)
_AS_OF, _ALONE = "as_of", "alone"
DOES_SOMETHING = (Outcome.NEW, Outcome.CHANGED)


class Made(NamedTuple):
    """A row as it waits, `said` as JSON. With what is `ready`: the journal up to `as_of`, and the rows before it,
    know nobody like the new one that it brings.
    """

    id: int
    row: int
    said: str
    as_of: int
    ready: Any


class Staged:
    """A row that waits; what it says is only looked at when something has come in between."""

    def __init__(self, made: Made) -> None:
        self.id, self.as_of = made.id, made.as_of
        self.verdict = None if made.ready is None else Verdict(Outcome.NEW, ready=made.ready)
        self._made = made

    @cached_property
    def record(self) -> Record:
        return _read(self._made.row, self._made.said)[0]


def sealed(box: Box, record: Record, *, as_of: int, alone: bool) -> bytes:
    """What a row holds while it waits; `alone`: it brings somebody new, whom no row before it can be about."""
    facts = record.facts | {_AS_OF: as_of, _ALONE: alone}
    return box.seal(json.dumps(facts, ensure_ascii=False), str(record.row))


def waiting(store: Store, kind: SheetKind, box: Box, import_id: int) -> Iterator[list[Made]]:
    """What still waits of an import, opened and made ready, in the order of its rows."""
    last = 0
    while True:
        with store.reading() as session:
            rows = session.rows(_WAITING, import_id=import_id, last=last).all()
            if not rows:
                return
            opened = [box.open(held, str(row)) for _, row, held in rows]
            read = [_read(row, said) for (_, row, _), said in zip(rows, opened, strict=True)]
            alone = [record if alone else None for record, _, alone in read]
            ready = kind.make_ready(session, alone, store.clock.now())
        last = rows[-1].row
        yield [
            Made(row.id, row.row, said, as_of, hers)
            for row, said, (_, as_of, _), hers in zip(rows, opened, read, ready, strict=True)
        ]


def _read(row: int, said: str) -> tuple[Record, int, bool]:
    facts = json.loads(said)
    as_of, alone = facts.pop(_AS_OF, 0), facts.pop(_ALONE, False)
    return Record(row, facts), as_of, alone


class Foresight:
    """Some rows ahead. `brought` is how many people the import has brought so far."""

    def __init__(self, store: Store, kind: SheetKind, waiting: Iterator[list[Made]], brought: int) -> None:
        self._store = store
        self._kind = kind
        self._waiting = waiting
        self._brought = brought  # since the journal's `_seen`
        self._seen: int | None = None  # the journal up to which the verdicts know everything
        self._undisturbed = True  # since the file was read nobody else has written, nor the import of anybody known
        self.rows: list[Staged] = []
        self._verdicts: dict[int, Verdict] = {}
        self._met: dict[Hashable, list[Record]] = {}

    def look(self, most: int) -> None:
        """Judges the next rows as the register is now; the next transaction applies `most` of them. As long as nobody
        else has written there is nothing to judge, and whether somebody has is seen when the database is held.
        """
        while len(self.rows) < most and (more := next(self._waiting, None)):
            self.rows += map(Staged, more)
        rows = self.rows[:most]
        self._met = {}
        self._verdicts = {row.id: row.verdict for row in rows if row.verdict is not None}
        if self._seen is not None and self._undisturbed:
            return
        if self._seen is None:
            self._seen = rows[0].as_of if rows else 0
        with self._store.reading() as session:
            self._undisturbed = self._nothing_written(session) and self._undisturbed
            if not self._undisturbed:
                self._judge_all(session, rows)

    def holds(self, session: Writing) -> bool:
        """Whether nobody else has written about people, merchants or areas since, and it can be written as it is."""
        return self._nothing_written(session) and self._kind.is_ready(session, self._verdicts.values())

    def stands(self, row: Staged) -> Verdict | None:
        """What was foreseen of the row, when that cannot be changed by those that were met before."""
        if not self._undisturbed and any(
            self._kind.alike(row.record, before)
            for key in self._kind.keys(row.record)
            for before in self._met.get(key, ())
        ):
            return None
        return self._verdicts.get(row.id)

    def look_again(self, session: Writing, most: int) -> None:
        """Judges them as whoever holds the database finds it: somebody has written since."""
        self._undisturbed = False
        self._judge_all(session, self.rows[:most])

    def again(self, session: Writing, row: Staged) -> Verdict:
        """What the row does now."""
        (verdict,) = self._judged(session, [row.record])
        return verdict

    def meet(self, row: Staged, verdict: Verdict) -> None:
        """What the row does is taken to be done."""
        self._brought += verdict.outcome is Outcome.NEW
        if self._undisturbed and verdict.outcome is not Outcome.CHANGED:  # who is alone was compared with every row
            return
        if self._undisturbed:  # whom a change makes somebody like, no row tells
            self._undisturbed, self._verdicts = False, {}
        for key in self._kind.keys(row.record):
            self._met.setdefault(key, []).append(row.record)

    def _nothing_written(self, session: Reading | Writing) -> bool:
        """Whether the journal says nothing about people, merchants or areas but that the import has brought some; it
        is known from here on.
        """
        written, last = session.rows(_WRITTEN, seen=self._seen or 0, about=_ABOUT).one()
        only_brought = bool(written == self._brought)
        self._seen, self._brought = last or self._seen, 0
        return only_brought

    def _judge_all(self, session: Reading | Writing, rows: list[Staged]) -> None:
        verdicts = self._judged(session, [row.record for row in rows])
        self._verdicts = {row.id: verdict for row, verdict in zip(rows, verdicts, strict=True)}

    def _judged(self, session: Reading | Writing, records: list[Record]) -> list[Verdict]:
        if not records:
            return []
        verdicts = self._kind.judge(session, records, self._store.clock.now())
        return [self._kind.prepare(one) if one.outcome in DOES_SOMETHING else one for one in verdicts]


_AT_ONCE = 100  # rows that are opened
_WAITING = (
    select(col(SheetRow.id), col(SheetRow.row), col(SheetRow.facts))
    .where(
        col(SheetRow.import_id) == bindparam("import_id"),
        col(SheetRow.state) == RowState.STAGED,
        col(SheetRow.row) > bindparam("last"),
    )
    .order_by(col(SheetRow.row))
    .limit(_AT_ONCE)
)
# Between two numbers: "more than" one means a third of the journal to PostgreSQL, and it reads the whole.
_WRITTEN = select(
    func.count().filter(col(Journal.subject).in_(bindparam("about", expanding=True))),
    func.max(Journal.seq),
).where(col(Journal.seq).between(bindparam("seen") + 1, select(func.max(Journal.seq)).scalar_subquery()))
