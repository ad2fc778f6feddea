"""CSV: UTF-8 with or without its mark, UTF-16 as Excel saves "Unicode text", or GB18030 as Excel saves in China."""

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path

from registry.errors import SheetRefused
from registry.sheets.source import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Row

_PIECE = 2**16
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ENCODINGS = ("utf-8", "gb18030")
_KEPT_AS_TEXT = re.compile(r'="([^"]*)"')  # how a program keeps Excel from making a number of 0502
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def rows(path: Path) -> Iterator[Row]:
    """Raises SheetRefused for what is not text, or not a table."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        separator = _separator(file.read(_PIECE))
        file.seek(0)
        number = 1
        try:
            for number, cells in enumerate(csv.reader(file, delimiter=separator), 1):
                if len(cells) > MOST_COLUMNS or any(len(cell) > LONGEST_CELL for cell in cells):
                    raise SheetRefused("not_a_table", row=number)
                if row := _row(number, cells):
                    if number > MOST_ROWS:
                        raise SheetRefused("too_many_rows", most=MOST_ROWS)
                    yield row
        except csv.Error as error:
            raise SheetRefused("not_a_table", row=number) from error


def _row(number: int, cells: list[str]) -> Row:
    texts = [kept[1] if (kept := _KEPT_AS_TEXT.fullmatch(cell.strip())) else cell.strip() for cell in cells]
    return Row(number, tuple(texts), frozenset(place for place, text in enumerate(texts) if text.startswith("=")))


def _encoding(path: Path) -> str:
    """Looks at every byte: what is binary shows somewhere, and GB18030 is only what is no UTF-8."""
    with path.open("rb") as file:
        start = file.read(4)
    known = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    for encoding in (known,) if known else _ENCODINGS:
        if _decodes(path, encoding):
            return encoding
    raise SheetRefused("encoding")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if encoding != "utf-16" and _CONTROL.search(piece):
                raise SheetRefused("binary")
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(start: str) -> str:
    """The one that stands in most of the first lines, and among equals most often: one cell may hold a week of hours,
    with more semicolons than its line has columns.
    """
    lines = start.splitlines()[:20]
    return max(",\t;，", key=lambda one: (sum(one in line for line in lines), "".join(lines).count(one)))
