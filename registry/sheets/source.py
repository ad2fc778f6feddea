"""A spreadsheet file as rows of text, whatever it is kept in; what cannot be one is refused as a whole.

Memory stays bounded: rows are handed out one by one, and nothing is believed of a file that a size can be asked of.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from registry.errors import SheetRefused

LARGEST = 64 * 2**20  # bytes of a file
MOST_ROWS = 300_000
LONGEST_CELL = 32_767  # characters: Excel's own limit
MOST_COLUMNS = 200
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"  # Excel before 2007, and every workbook that is locked with a password


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the spreadsheet program numbers it, from 1; `formulas` are the columns that a formula fills."""

    number: int
    cells: tuple[str, ...]
    formulas: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return any(self.cells) or bool(self.formulas)


Sheet = Callable[[], Iterator[Row]]  # may be read several times


def sheets(path: Path) -> list[Sheet]:
    """The sheets of a file in their order; a CSV file has one. Raises SheetRefused here or while a sheet is read."""
    from registry.sheets import delimited, workbook

    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError as error:
        raise SheetRefused("not_there", file=str(path)) from error
    except OSError as error:
        raise SheetRefused("unreadable", reason=error.strerror or "") from error
    if size > LARGEST:
        raise SheetRefused("too_big", megabytes=round(size / 2**20), most=LARGEST // 2**20)
    if start.startswith(_OLE):
        raise SheetRefused("old_or_locked")
    if start.startswith(_ZIP):
        return [partial(workbook.rows, path, member) for member in workbook.members(path)]
    return [partial(delimited.rows, path)]
