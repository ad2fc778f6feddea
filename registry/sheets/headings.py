"""Which column holds what: headings in Chinese or English, in any order, below a title or not."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from registry.errors import SheetRefused
from registry.sheets.source import Row, Sheet
from registry.text import folded

_LOOKED_AT = 20  # rows, until there are headings
_DECORATION = re.compile(r"[（(【\[].*?[)）】\]]|[\s:：*＊/、·.。_\-]+")
_NUMERALS = str.maketrans("一二三四五", "12345")


@dataclass(frozen=True, slots=True)
class Column:
    """What a column may hold: its heading in both languages, what else it is called, an example of each language.

    `follows` is for a heading of `also` that means this only behind columns whose key begins so (a contact's 电话);
    those of `anywhere` need nothing before them (家属电话).
    """

    key: str
    zh: str
    en: str
    also: tuple[str, ...] = ()
    example: tuple[str, str] = ("", "")
    several: bool = False  # there may be several of it: 电话1, 电话2
    follows: str = ""
    anywhere: tuple[str, ...] = ()
    words: tuple[str, ...] = ()  # what may be chosen, as it is written in Chinese and English in turn

    def heading(self, language: str) -> str:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Headings:
    """Column number → key, as the file has them; `unread` are headings that mean nothing here."""

    row: int
    keys: dict[int, str]
    written: dict[str, str]  # key → heading as it stands in the file
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A row below the headings: what it says under each key."""

    row: int
    texts: dict[str, str]
    formulas: frozenset[str] = field(default_factory=frozenset)


def table(found: list[Sheet], columns: Iterable[Column], needed: str) -> tuple[Headings, Iterator[Line]]:
    """The first sheet that has the `needed` column, and its lines. Raises SheetRefused when none has."""
    columns = tuple(columns)
    for sheet in found:
        rows = sheet()
        for row, _ in zip(rows, range(_LOOKED_AT), strict=False):
            headings = recognised(row, columns)
            if needed in headings.written and len(headings.keys) > 1:
                return headings, _lines(rows, headings)
    raise SheetRefused("no_headings", column=needed)


def recognised(row: Row, columns: tuple[Column, ...]) -> Headings:
    """Raises SheetRefused when two columns say that they hold the same."""
    known = {name: column for column in columns for name in _names(column)}
    keys: dict[int, str] = {}
    written: dict[str, str] = {}
    unread: list[str] = []
    before = ""
    for place, text in enumerate(row.cells):
        if not text:
            continue
        column = _column(text, known, columns, before)
        if column is None:
            unread.append(text[:40])
            before = ""
            continue
        if column.key in written and not column.several:
            raise SheetRefused("heading_twice", heading=text[:40], first=written[column.key], row=row.number)
        keys[place], before = column.key, column.key
        written.setdefault(column.key, text[:40])
    return Headings(row.number, keys, written, tuple(unread))


def _column(text: str, known: dict[str, Column], columns: tuple[Column, ...], before: str) -> Column | None:
    name = _name(text)
    found = known.get(name) or known.get(re.sub(r"\d+$", "", name))
    for column in columns:  # a bare 电话 behind 联系人2 is that contact's
        if column.follows and before.startswith(column.follows) and name in map(_name, column.also):
            return column
    return found


def _names(column: Column) -> Iterator[str]:
    yield from (_name(column.zh), _name(column.en))
    yield from map(_name, column.anywhere)
    if not column.follows:
        yield from map(_name, column.also)


def _name(heading: str) -> str:
    return _DECORATION.sub("", folded(heading, 80)).translate(_NUMERALS)


def _lines(rows: Iterator[Row], headings: Headings) -> Iterator[Line]:
    for row in rows:
        texts: dict[str, str] = {}
        for place, key in headings.keys.items():
            if place < len(row.cells) and row.cells[place]:
                texts[key] = f"{texts[key]}、{row.cells[place]}" if key in texts else row.cells[place]
        formulas = frozenset(headings.keys[place] for place in row.formulas if place in headings.keys)
        if texts or formulas:
            yield Line(row.number, texts, formulas)
