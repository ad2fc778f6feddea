"""A file compared with the register, without changing anything: what is new, changed, the same, doubtful, refused."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from registry.sheets import headings, source
from registry.sheets.elsewhere import elsewhere
from registry.sheets.headings import Headings
from registry.sheets.kinds import SheetKind
from registry.sheets.record import Finding, Outcome, Record, Verdict
from registry.store import Store

_TOGETHER = 100  # lines that are looked up at once
_LONG = 2**18  # bytes of a file: from there on it takes longer to read than to start a process


@dataclass(slots=True)
class Review:
    """What a file would do. Of each changed row its fields, never what they hold."""

    rows: int = 0
    counts: Counter[Outcome] = field(default_factory=Counter)
    changed: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)  # row, id, fields
    findings: list[Finding] = field(default_factory=list)  # of what is doubtful and refused
    remarks: list[Finding] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)  # key → heading as it stands in the file
    unread: tuple[str, ...] = ()  # headings that mean nothing here

    @property
    def clean(self) -> bool:
        return not self.counts[Outcome.DOUBTFUL] and not self.counts[Outcome.REFUSED]

    def add(self, record: Record, verdict: Verdict) -> None:
        self.rows += 1
        self.counts[verdict.outcome] += 1
        self.findings += verdict.findings
        self.remarks += record.remarks
        if verdict.outcome is Outcome.CHANGED:
            self.changed.append((record.row, verdict.subject_id or 0, verdict.fields))


def review(store: Store, kind: SheetKind, path: Path) -> Review:
    """Raises SheetRefused when the file is none."""
    found = Review()
    for record, verdict in judged(store, kind, path, found):
        found.add(record, verdict)
    return found


def judged(store: Store, kind: SheetKind, path: Path, into: Review) -> Iterator[tuple[Record, Verdict]]:
    """Every line with its verdict, as the file is read. Raises SheetRefused, also half-way."""
    seen: dict[int, int] = {}  # the hash of a key → the row; of a long file the keys would take the memory
    for headed, some in elsewhere(partial(_read, kind, path), worth_it=_is_long(path)):
        into.written, into.unread = headed.written, headed.unread
        for record in some:
            _tell_repeated(kind, record, seen)
        good = [record for record in some if not record.problems]
        with store.reading() as session:
            verdicts = iter(kind.judge(session, good, store.clock.now()) if good else ())
        for record in some:
            if record.problems:
                yield record, Verdict(Outcome.REFUSED, findings=tuple(record.problems))
            else:
                yield record, next(verdicts)


def _read(kind: SheetKind, path: Path) -> Iterator[tuple[Headings, list[Record]]]:
    headed, lines = headings.table(source.sheets(path), kind.columns, kind.needed)
    yield headed, []
    records = (kind.read(line) for line in lines)
    while some := list(islice(records, _TOGETHER)):
        yield headed, some


def _tell_repeated(kind: SheetKind, record: Record, seen: dict[int, int]) -> None:
    """A line that another one has said already is refused."""
    if record.problems:
        return
    keys = list(map(hash, kind.told_by(record)))
    first = next((seen[key] for key in keys if key in seen), None)
    if first is not None:
        record.problems.append(Finding(record.row, "", "repeated", {"first": first}))
    for key in keys:
        seen.setdefault(key, record.row)


def _is_long(path: Path) -> bool:
    try:
        return path.stat().st_size > _LONG
    except OSError:  # which reading it says in its own words
        return False
