"""What the kinds of sheets do alike: rows are applied one after the other, and taken back."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from registry.errors import NotFound
from registry.sheets.record import Applied, Facts, Outcome, Record, Verdict, applied
from registry.store import Actor, Reading, Store, Writing


class Undoable(ABC):
    name: ClassVar[str]

    @abstractmethod
    def apply_one(self, session: Writing, verdict: Verdict, actor: Actor, import_id: int) -> tuple[int, int]:
        """Whose row and its version afterwards. Raises Refused, StaleVersion, NotFound."""

    def withdraw(self, session: Writing, subject_id: int, version: int, actor: Actor, import_id: int) -> None:
        """Takes away what applying has created; a kind that only changes rows has created none.

        Raises NotFound, StaleVersion, InUse.
        """
        raise NotFound(subject=self.name, id=subject_id)

    def undo(
        self, session: Writing, subject_id: int, version: int, before: Facts | None, actor: Actor, import_id: int
    ) -> int:
        if before is None:
            self.withdraw(session, subject_id, version, actor, import_id)
            return 0
        return self.put_back(session, Verdict(Outcome.CHANGED, subject_id, version, change=before), actor, import_id)

    def put_back(self, session: Writing, before: Verdict, actor: Actor, import_id: int) -> int:
        """Changes a row to what it was before; its version afterwards."""
        return self.apply_one(session, before, actor, import_id)[1]


class OneByOne(Undoable):
    """Merchants and contracts: there are few of them, and nothing in them is sealed."""

    def stands_alone(self) -> Callable[[Record], bool]:
        return lambda _: False

    def prepare(self, verdict: Verdict) -> Verdict:
        return verdict

    def make_ready(self, session: Reading, records: Sequence[Record | None], now: datetime) -> list[Any]:
        return [None for _ in records]

    def is_ready(self, session: Writing, verdicts: Iterable[Verdict]) -> bool:
        return True

    def apply(self, session: Writing, verdicts: Sequence[Verdict], actor: Actor, import_id: int) -> list[Applied]:
        return [applied(self.apply_one, session, one, actor, import_id) for one in verdicts]

    def settle(self, store: Store, *, at_end: bool) -> None:
        pass

    def keep(self, session: Writing, subject_id: int, before: Facts) -> bytes:
        return json.dumps(before, ensure_ascii=False).encode()

    def kept(self, session: Writing, subject_id: int, sealed: bytes) -> Facts | None:
        return dict(json.loads(sealed))
