"""What a kind of sheet has to know: how its lines are read, what they would change, how that is done."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from registry.sheets.areas import Areas
from registry.sheets.contracts import Contracts
from registry.sheets.headings import Column, Line
from registry.sheets.merchants import Merchants
from registry.sheets.record import Applied, Facts, Record, Verdict
from registry.sheets.residents import Residents
from registry.store import Actor, Reading, Store, Writing


class SheetKind(Protocol):
    name: ClassVar[str]  # areas, residents, merchants, contracts
    columns: ClassVar[tuple[Column, ...]]
    needed: ClassVar[str]  # the column without which a sheet is none of this kind

    def read(self, line: Line) -> Record:
        """What a line says."""

    def told_by(self, record: Record) -> Iterator[str]:
        """Keys that no two lines of one file may have alike."""

    def stands_alone(self) -> Callable[[Record], bool]:
        """Says of the rows of one file, one after the other, whether no row before may be about the same."""

    def keys(self, record: Record) -> Iterator[Hashable]:
        """Rows that have none of these in common are about different ones."""

    def alike(self, one: Record, other: Record) -> bool:
        """Whether two rows with a key in common may be about the same: one changes what the other would do."""

    def judge(self, session: Reading | Writing, records: Sequence[Record], now: datetime) -> list[Verdict]:
        """What applying each of the records, which have no problems, would do."""

    def prepare(self, verdict: Verdict) -> Verdict:
        """A verdict of NEW or CHANGED with everything that can be worked out without the database."""

    def make_ready(self, session: Reading, records: Sequence[Record | None], now: datetime) -> list[Any]:
        """Of consecutive rows those that are known to bring somebody new, as what `Verdict.ready` takes; None for
        the others. Holds until another one is registered.
        """

    def is_ready(self, session: Writing, verdicts: Iterable[Verdict]) -> bool:
        """Whether what was made ready can be written as it is."""

    def apply(self, session: Writing, verdicts: Sequence[Verdict], actor: Actor, import_id: int) -> list[Applied]:
        """Does what prepared verdicts say, in their order."""

    def settle(self, store: Store, *, at_end: bool) -> None:
        """Between two transactions of an import, and at its end: what is done for many rows at once."""

    def undo(
        self, session: Writing, subject_id: int, version: int, before: Facts | None, actor: Actor, import_id: int
    ) -> int:
        """Brings `before` back, or takes away what applying has created; the version afterwards, 0 for nobody.

        Raises NotFound, Refused, StaleVersion, InUse.
        """

    def keep(self, session: Writing, subject_id: int, before: Facts) -> bytes:
        """What undoing needs, sealed so that it goes with the subject's own data."""

    def kept(self, session: Writing, subject_id: int, sealed: bytes) -> Facts | None:
        """What was kept, None when it has gone."""


KindOf = type[Areas] | type[Residents] | type[Merchants] | type[Contracts]
KINDS: dict[str, KindOf] = {kind.name: kind for kind in (Areas, Residents, Merchants, Contracts)}
