"""xlsx as far as a table needs it: shown text, dates as days, merged cells filled downwards, formulas named as such.

Read with expat in small pieces. A compressed part is never unpacked further than the size its directory states, and
one that states too much is not unpacked at all.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO
from xml.parsers import expat

from registry.errors import SheetRefused
from registry.sheets.numerals import DateFormats, shown
from registry.sheets.source import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Row

_PIECE = 2**16
_DIRECTORY = 2**20  # bytes of the list of parts
_SHEET = 512 * 2**20  # unpacked
_STRINGS = 64 * 2**20
_PART = 4 * 2**20  # of every other part
_MERGES = 100_000
_MERGED = re.compile(rb"mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})[\"']")

_DIGITS = "0123456789"

Attributes = dict[str, str]


def members(path: Path) -> list[str]:
    """The parts that hold the sheets, in the order of their tabs, hidden ones left out."""
    _few_parts(path)
    with _opened(path) as archive:
        names = set(archive.namelist())
        if "xl/workbook.xml" not in names:
            raise SheetRefused("not_a_workbook")
        if any(name.startswith(("xl/vbaProject", "xl/macrosheets/")) for name in names):
            raise SheetRefused("macros")
        targets = {
            attributes.get("Id", ""): attributes.get("Target", "")
            for tag, attributes in _tags(archive, "xl/_rels/workbook.xml.rels")
            if tag == "Relationship"
        }
        found = []
        for tag, attributes in _tags(archive, "xl/workbook.xml"):
            if tag == "sheet" and attributes.get("state", "visible") == "visible":
                target = targets.get(
                    next((value for key, value in attributes.items() if _local(key) == "id"), ""), ""
                )
                member = str(PurePosixPath("xl") / target).lstrip("/")
                if member in names:
                    found.append(member)
        return found


def rows(path: Path, member: str) -> Iterator[Row]:
    """The rows of one sheet. Raises SheetRefused."""
    with _opened(path) as archive:
        reader = _SheetReader(_strings(archive), _formats(archive), _merges(archive, member))
        with _part(archive, member, _SHEET) as pieces:
            for piece in pieces:
                reader.feed(piece)
                yield from reader.taken()
        reader.feed(b"", final=True)


class _SheetReader:
    """Collects the finished rows of a sheet's XML as it is fed to it."""

    def __init__(self, strings: list[str], formats: DateFormats, merges: dict[int, list[tuple[int, int]]]) -> None:
        self._strings = strings
        self._formats = formats
        self._merges = merges  # first row → (column, last row)
        self._spread: dict[int, tuple[int, str]] = {}  # column → (last row, text)
        self._parser = _parser(self._start, self._end, self._text)
        self._rows: list[Row] = []
        self._number = 0
        self._column = -1
        self._cells: dict[int, str] = {}
        self._formulas: set[int] = set()
        self._kind = self._style = ""
        self._said: list[str] = []
        self._reads = False
        self._phonetic = False

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        self._parser.Parse(piece, final)

    def taken(self) -> list[Row]:
        rows, self._rows = self._rows, []
        return rows

    def _start(self, tag: str, attributes: Attributes) -> None:
        match _local(tag):
            case "row":
                self._number = int(attributes.get("r", self._number + 1))
                self._column, self._cells, self._formulas = -1, {}, set()
            case "c":
                self._column = _column(attributes["r"].rstrip(_DIGITS)) if "r" in attributes else self._column + 1
                self._kind, self._style, self._said = attributes.get("t", "n"), attributes.get("s", ""), []
            case "v" | "t":
                self._reads = not self._phonetic
            case "rPh":
                self._phonetic = True
            case "f":
                self._formulas.add(self._column)

    def _text(self, text: str) -> None:
        if self._reads:
            self._said.append(text)
            if sum(map(len, self._said)) > LONGEST_CELL:
                raise SheetRefused("not_a_table", row=self._number)

    def _end(self, tag: str) -> None:
        match _local(tag):
            case "v" | "t":
                self._reads = False
            case "rPh":
                self._phonetic = False
            case "c" if self._said and 0 <= self._column < MOST_COLUMNS:
                self._cells[self._column] = self._value("".join(self._said)).strip()
            case "row":
                self._finish()

    def _value(self, raw: str) -> str:
        match self._kind:
            case "s":
                place = int(raw)
                return self._strings[place] if 0 <= place < len(self._strings) else ""
            case "n":
                return shown(raw, self._formats.of(self._style), self._formats.from_1904)
            case _:  # inlineStr, str, b, d; e is shown as Excel shows it: #N/A
                return raw

    def _finish(self) -> None:
        for column, (last, text) in list(self._spread.items()):
            if self._number > last:
                del self._spread[column]
            else:
                self._cells.setdefault(column, text)
        for column, last in self._merges.pop(self._number, ()):
            self._spread[column] = last, self._cells.get(column, "")
        formulas = frozenset(column for column in self._formulas if column < MOST_COLUMNS)
        width = max([*self._cells, *formulas], default=-1) + 1
        cells = tuple(self._cells.get(column, "") for column in range(width))
        if row := Row(self._number, cells, formulas):
            self._rows.append(row)
            if self._number > MOST_ROWS:
                raise SheetRefused("too_many_rows", most=MOST_ROWS)


def _strings(archive: zipfile.ZipFile) -> list[str]:
    """The texts that cells point to; how they are to be pronounced is left out."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    found: list[str] = []
    pieces: list[str] = []
    inside = {"t": False, "rPh": False}

    def start(tag: str, _: Attributes) -> None:
        name = _local(tag)
        if name == "si":
            pieces.clear()
        elif name in inside:
            inside[name] = True

    def end(tag: str) -> None:
        name = _local(tag)
        if name == "si":
            found.append("".join(pieces)[:LONGEST_CELL])
        elif name in inside:
            inside[name] = False

    def text(said: str) -> None:
        if inside["t"] and not inside["rPh"]:
            pieces.append(said)

    with _part(archive, "xl/sharedStrings.xml", _STRINGS) as pieces_of_part:
        _parse(_parser(start, end, text), pieces_of_part)
    return found


def _formats(archive: zipfile.ZipFile) -> DateFormats:
    from_1904 = any(
        tag == "workbookPr" and attributes.get("date1904") in ("1", "true")
        for tag, attributes in _tags(archive, "xl/workbook.xml")
    )
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside = False
    for tag, attributes in _tags(archive, "xl/styles.xml") if "xl/styles.xml" in archive.namelist() else ():
        if tag == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag in ("cellXfs", "cellStyles"):
            inside = tag == "cellXfs"
        elif tag == "xf" and inside:
            styles.append(attributes.get("numFmtId", "0"))
    return DateFormats(tuple(styles), codes, from_1904)


def _merges(archive: zipfile.ZipFile, member: str) -> dict[int, list[tuple[int, int]]]:
    """Where merged cells reach downwards: first row → (column, last row). They stand behind the rows themselves."""
    found: dict[int, list[tuple[int, int]]] = {}
    count, rest = 0, b""
    with _part(archive, member, _SHEET) as pieces:
        for piece in pieces:
            text = rest + piece
            rest = text[-100:]
            for merged in _MERGED.finditer(text):
                first, last = int(merged[2]), int(merged[3])
                entry = (_column(merged[1].decode()), last)
                if last > first and entry not in found.get(first, ()):
                    found.setdefault(first, []).append(entry)
                    count += 1
            if count > _MERGES:
                raise SheetRefused("not_a_table", row=1)
    return found


def _tags(archive: zipfile.ZipFile, member: str) -> list[tuple[str, Attributes]]:
    """Every element of a small part, by its name without the namespace."""
    found: list[tuple[str, Attributes]] = []
    parser = _parser(lambda tag, attributes: found.append((_local(tag), attributes)))
    with _part(archive, member, _PART) as pieces:
        _parse(parser, pieces)
    return found


def _parser(
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> expat.XMLParserType:
    """Without entities of the file's own: a workbook has none, a bomb has."""

    def refuse(*_: object) -> None:
        raise SheetRefused("damaged")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.buffer_text = True
    return parser


def _parse(parser: expat.XMLParserType, pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        parser.Parse(piece, False)
    parser.Parse(b"", True)


@contextmanager
def _part(archive: zipfile.ZipFile, member: str, most: int) -> Iterator[Iterator[bytes]]:
    """The part in pieces, when it states no more than `most` bytes."""
    if archive.getinfo(member).file_size > most:
        raise SheetRefused("too_big_inside", megabytes=archive.getinfo(member).file_size >> 20, most=most >> 20)
    with archive.open(member) as stream:
        yield _read(stream)


def _read(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except SheetRefused:
        raise
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, OverflowError),
        *(expat.ExpatError, NotImplementedError, RuntimeError, OSError),
    ) as error:
        raise SheetRefused("damaged") from error


def _few_parts(path: Path) -> None:
    """A directory of a million parts would fill the memory before anything could be asked of it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**16 - 22))
        end = file.read()
    place = end.rfind(b"PK\x05\x06")
    if place < 0 or int.from_bytes(end[place + 12 : place + 16], "little") > _DIRECTORY:
        raise SheetRefused("damaged")


@lru_cache(maxsize=100)
def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


@lru_cache(maxsize=1000)
def _column(reference: str) -> int:
    """`C7` or `C` is 2."""
    place = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        place = place * 26 + ord(letter) - 64
    return place - 1
