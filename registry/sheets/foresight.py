"""What the next rows of an import would do, judged together and made ready without holding the database.

What was foreseen holds as long as nobody else has written about people or merchants since, which the journal tells,
and no row before it is about somebody like hers; otherwise the row is judged again by whoever holds the database.
"""

import json
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from sqlmodel import col, func, select

from registry.sheets.kinds import SheetKind
from registry.sheets.record import Outcome, Record, Verdict
from registry.store import Reading, Store, Subject, Writing
from registry.store.journal import Journal
from registry.vault import Box

_ABOUT = (Subject.RESIDENT, Subject.MERCHANT)
DOES_SOMETHING = (Outcome.NEW, Outcome.CHANGED)


class Staged(NamedTuple):
    """A row as it waits: what it holds is sealed."""

    id: int
    row: int
    facts: bytes


class Foresight:
    """Some rows ahead; `box` opens what they hold."""

    def __init__(self, store: Store, kind: SheetKind, box: Box) -> None:
        self._store = store
        self._kind = kind
        self._box = box
        self._records: dict[int, Record] = {}
        self._verdicts: dict[int, Verdict] = {}
        self._met: dict[Hashable, list[Record]] = {}
        self._seen = 0  # the journal up to which the verdicts know everything

    def look(self, rows: Sequence[Staged]) -> None:
        """Judges the rows as the register is now; the next transaction applies them."""
        self._records = {row.row: self._record(row) for row in rows}
        self._met = {}
        with self._store.reading() as session:
            self._seen = session.exec(select(func.max(Journal.seq))).one() or 0
            verdicts = self._judged(session, list(self._records.values())) if rows else []
        self._verdicts = dict(zip(self._records, verdicts, strict=True))

    def holds(self, session: Reading | Writing) -> bool:
        """Whether nobody else has written about people or merchants since."""
        others = select(func.count()).where(col(Journal.seq) > self._seen, col(Journal.subject).in_(_ABOUT))
        return session.exec(others).one() == 0

    def stands(self, row: Staged) -> Verdict | None:
        """What was foreseen of the row, when that cannot be changed by those that were met before."""
        record = self._records.get(row.row)
        if record is None or any(
            self._kind.alike(record, before) for key in self._kind.keys(record) for before in self._met.get(key, ())
        ):
            return None
        return self._verdicts[row.row]

    def again(self, session: Writing, row: Staged) -> Verdict:
        """What the row does now."""
        record = self._records.setdefault(row.row, self._record(row))
        (verdict,) = self._judged(session, [record])
        return verdict

    def meet(self, row: Staged) -> None:
        """What the row does is taken to be done."""
        record = self._records[row.row]
        for key in self._kind.keys(record):
            self._met.setdefault(key, []).append(record)

    def _judged(self, session: Reading | Writing, records: list[Record]) -> list[Verdict]:
        verdicts = self._kind.judge(session, records, self._store.clock.now())
        return [self._kind.prepare(one) if one.outcome in DOES_SOMETHING else one for one in verdicts]

    def _record(self, row: Staged) -> Record:
        return Record(row.row, json.loads(self._box.open(row.facts, str(row.row))))
