"""Spreadsheet files written: xlsx or CSV, told from the name. Everything in them is text, nothing is reckoned."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

from registry.errors import SheetRefused
from registry.sheets.cells import literal
from registry.sheets.csv_lines import csv_lines
from registry.sheets.headings import Column

_CHOOSABLE = 1000  # rows of a template that offer the words of a column
_NAMES = {"zh": ("填写", "示例"), "en": ("Fill in", "Examples")}

Texts = Sequence[str]


def write(path: Path, headings: Texts, rows: Iterable[Texts]) -> int:
    """A new file for its owner's eyes only; the number of rows. Raises SheetRefused when it cannot be made."""
    _new(path)
    if path.suffix.lower() == ".csv":
        return _csv(path, headings, rows)
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        sheet = book.add_worksheet()
        _head(book, sheet, headings)
        number = 0
        for number, texts in enumerate(rows, 1):
            for place, text in enumerate(texts):
                if text:
                    sheet.write_string(number, place, literal(text))
    return number


def write_template(path: Path, columns: Sequence[Column], language: str) -> None:
    """Headings to fill in below, and a second sheet with examples, which is never read."""
    headings = [column.heading(language) for column in columns]
    if path.suffix.lower() == ".csv":
        write(path, headings, ())
        return
    _new(path)
    offset = int(language == "en")
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        sheet, examples = (book.add_worksheet(name) for name in _NAMES["en" if language == "en" else "zh"])
        _head(book, sheet, headings)
        for place, column in enumerate(columns):
            if column.words and not column.several:
                offered = list(dict.fromkeys(column.words[offset::2]))
                rule = {"validate": "list", "source": offered, "error_type": "information"}
                sheet.data_validation(1, place, _CHOOSABLE, place, rule)
        _head(book, examples, headings)
        for place, column in enumerate(columns):
            examples.write_string(1, place, column.example[offset])


_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def _head(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, headings: Texts) -> None:
    bold, text = book.add_format({"bold": True, "num_format": "@"}), book.add_format({"num_format": "@"})
    sheet.freeze_panes(1, 0)
    for place, heading in enumerate(headings):
        sheet.set_column(place, place, max(10, 2 * len(heading)), text)
        sheet.write_string(0, place, heading, bold)


def _csv(path: Path, headings: Texts, rows: Iterable[Texts]) -> int:
    number = 0
    with path.open("wb") as file:
        for number, line in enumerate(csv_lines(headings, rows)):  # noqa: B007  the headings are line 0
            file.write(line)
    return number


def _new(path: Path) -> None:
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise SheetRefused("suffix")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise SheetRefused("already_there", file=str(path)) from error
    except FileNotFoundError as error:
        raise SheetRefused("no_folder", folder=str(path.parent)) from error
    except OSError as error:
        raise SheetRefused("unwritable", reason=error.strerror or "") from error
