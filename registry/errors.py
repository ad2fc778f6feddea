"""What can go wrong in the registry.

RegistryError          carries a message key and its values, so that both languages can say it
├── NotFound           nothing of that id in the reader's scope
├── StaleVersion       an edit of something that has changed since it was read
├── InUse              something else refers to what was to be taken away
├── Refused            fields that cannot be accepted; lists every problem, not only the first
├── SheetRefused       a spreadsheet file that is refused as a whole
└── WrongMasterKey     a record was sealed under another master key than the one in use
"""

import dataclasses
from collections.abc import Iterable
from typing import Any, ClassVar


class RegistryError(Exception):
    """Base of everything this package raises on purpose."""

    key: ClassVar[str] = "error"

    def __init__(self, **values: Any) -> None:
        super().__init__(self.key)
        self.values = values


class NotFound(RegistryError):
    """Nothing of that id in the reader's scope: `subject`, `id`."""

    key = "not_found"


class StaleVersion(RegistryError):
    """Changed since it was read: `subject`, `now` (the version), `seen`."""

    key = "stale_version"


class InUse(RegistryError):
    """Something else refers to what was to be taken away: `subject`, `id`."""

    key = "in_use"


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One field that cannot be accepted: its path (`lines.0.number`), a message key and that message's values."""

    field: str
    key: str
    values: dict[str, Any] = dataclasses.field(default_factory=dict)


class Refused(RegistryError):
    """Fields that cannot be accepted: `problems`, all of them."""

    key = "refused"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems=[{"field": p.field, "key": p.key, "values": p.values} for p in self.problems])


class SheetRefused(RegistryError):
    """A spreadsheet file that is refused as a whole; nothing of it was applied. `why` is the key of the reason."""

    key = "sheet_refused"

    def __init__(self, why: str, **values: Any) -> None:
        super().__init__(**values)
        self.why = why


class WrongMasterKey(RegistryError):
    """A record was sealed under another master key than the one in use: `version` is its key's, `now` ours."""

    key = "wrong_master_key"
