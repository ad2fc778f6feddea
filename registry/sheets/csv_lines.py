"""CSV as it is written, line by line."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import SEEK_END, StringIO
from itertools import chain

from registry.sheets.cells import literal


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file line by line, the headings first, in UTF-8 with the mark by which Excel knows it."""
    line = StringIO("\ufeff")
    line.seek(0, SEEK_END)
    writer = csv.writer(line)
    for texts in chain([headings], ([literal(text) if text else "" for text in texts] for texts in rows)):
        writer.writerow(texts)
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()
