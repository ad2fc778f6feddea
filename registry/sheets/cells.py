"""One cell's text as a value: what people write into forms, full-width digits and Excel's own habits included.

Every function raises `Wrong`, which says what would be right.
"""

import calendar
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from registry import identity
from registry.numbers import Heard, NumberPlan
from registry.pinyin import is_han
from registry.sheets.numerals import day_of
from registry.text import folded, plain

E = TypeVar("E", bound=StrEnum)

NOTHING = frozenset({"-", "--", "—", "——", "/", "\\", "无", "没有", "none", "n/a", "nil"})
_NOT_KNOWN = NOTHING - {"无", "没有", "none", "nil"} | {"不详", "未知", "不清楚", "不知道", "unknown"}
_LONGEST_NOTHING = max(map(len, NOTHING))
_NO_END = frozenset({"长期", "长期有效", "永久", "永久有效", "无固定期限", "no end", "unlimited"})
_FORMULA = tuple("=+-@\t\r")  # what a spreadsheet program begins to reckon at
_LOST = re.compile(r"[0-9](?:\.[0-9]+)?e\+[0-9]+", re.IGNORECASE)
_PARTS = re.compile(r"[、,，;；/|\n]+")
_DAY = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?", re.ASCII)
_HOUR = re.compile(r"[ t]\d{1,2}:.*", re.ASCII)
_DAY_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_SERIAL = re.compile(r"\d{4,5}", re.ASCII)
_NO_DAY = re.compile(r"(?:19|20)\d\d(?:年?|[-./年]\d{1,2}月?)", re.ASCII)
_KILOMETRES = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)(?:公里|千米|km)", re.ASCII)
_TIME = re.compile(r"(\d{1,2})[:：.点时](\d{2}|半)?分?", re.ASCII)

_LANGUAGES = {
    **dict.fromkeys(("中文", "汉语", "普通话", "chinese"), "zh"),
    **dict.fromkeys(("英语", "英文", "english"), "en"),
}


class Wrong(Exception):
    """A cell that cannot be read: a message key and the values of its sentence."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key, self.values = key, values


def literal(text: str) -> str:
    """How `text` is written so that no spreadsheet program reckons with it, and `said` gives it back."""
    return f"'{text}" if text.startswith((*_FORMULA, "'")) or folded(text, 8) in NOTHING else text


def said(text: str) -> str | None:
    """The text of a cell, None when it says "none"; what follows an apostrophe is meant as it stands."""
    if text.isalnum() and text.isascii() and len(text) > _LONGEST_NOTHING:  # a number: half of all cells
        return text
    if text.startswith("'"):
        return text[1:]
    return None if folded(text, 8) in NOTHING else text


def words(text: str) -> str:
    """Without the spaces that are put between Chinese characters to make a short name as wide as a long one."""
    kept = plain(text)
    return "".join(
        character
        for place, character in enumerate(kept)
        if character != " " or not (is_han(kept[place - 1]) and is_han(kept[place + 1]))
    )


def part(text: str) -> str:
    """Of an address: digits and letters in one width."""
    return unicodedata.normalize("NFKC", plain(text)) if any("！" <= one <= "～" for one in text) else plain(text)


def parts(text: str) -> list[str]:
    return [kept for one in _PARTS.split(text) if (kept := plain(one))]


def pieces(text: str) -> list[str]:
    """What stands between semicolons or line breaks: the lines of a plan, or of opening hours."""
    return [kept for one in re.split(r"[;；\r\n]", text) if (kept := one.strip())]


def folded_pieces(text: str) -> list[str]:
    """Each of `pieces` folded; a line break is gone once a text is."""
    return [folded(piece, 500) for piece in pieces(text)]


def whole(text: str, least: int, most: int) -> int:
    figures = folded(text, 20).rstrip("级")
    if not re.fullmatch(r"-?\d{1,9}", figures, re.ASCII) or not least <= int(figures) <= most:
        raise Wrong("whole_number", least=least, most=most)
    return int(figures)


def metres(text: str, most: int) -> int:
    """3000, 3000米, 3公里, 1.5 km."""
    figures = folded(text, 20).replace(" ", "")
    if far := _KILOMETRES.fullmatch(figures):
        return whole(str(int(Decimal(far[1]) * 1000)), 1, most)
    return whole(re.sub(r"(?:米|m|metres?|meters?)$", "", figures), 1, most)


def degrees(text: str, most: int) -> float:
    try:
        value = float(folded(text, 40).rstrip("°"))
    except ValueError:
        raise Wrong("degrees", most=most) from None
    if not -most <= value <= most:
        raise Wrong("degrees", most=most)
    return value


def one_of(text: str, known: Mapping[str, E]) -> E:
    found = known.get(folded(text, 40))
    if found is None:
        raise Wrong("not_one_of")
    return found


def language(text: str) -> str:
    return _LANGUAGES.get(folded(text, 20), text)


def yes(text: str) -> bool:
    match folded(text, 8):
        case "是" | "有" | "y" | "yes" | "true" | "1" | "√" | "✓" | "对":
            return True
        case "否" | "没有" | "无" | "n" | "no" | "false" | "0" | "×" | "x" | "不":
            return False
    raise Wrong("yes_or_no")


def yes_if_known(text: str) -> bool | None:
    """Here 无 says no, and a dash that nobody knows."""
    return None if folded(text, 8) in _NOT_KNOWN else yes(text)


def day(text: str) -> date:
    """1944-03-12, 1944.3.12, 1944/3/12, 1944年3月12日, 19440312, and the number Excel keeps a day as."""
    figures = _HOUR.sub("", folded(text, 40)).replace(" ", "")
    if split := _DAY.fullmatch(figures) or _DAY_TOGETHER.fullmatch(figures):
        return _day(*map(int, split.groups()))
    if _NO_DAY.fullmatch(figures):
        raise Wrong("day_incomplete")
    if _SERIAL.fullmatch(figures) and (found := day_of(Decimal(figures))) is not None:
        return found
    raise Wrong("not_a_day")


def without_end(text: str | None) -> bool:
    """A licence may be valid for ever: 长期."""
    return text is not None and folded(text, 20) in _NO_END


def wall_time(text: str) -> time:
    found = _TIME.fullmatch(folded(text, 12).replace(" ", ""))
    hour, minute = (int(found[1]), 30 if found[2] == "半" else int(found[2] or 0)) if found else (99, 0)
    if hour == 24 and minute == 0:
        return time(0)
    if hour > 23 or minute > 59:
        raise Wrong("not_a_time")
    return time(hour, minute)


def identity_number(text: str) -> str:
    if _LOST.fullmatch(folded(text, 64).upper()):
        raise Wrong("digits_lost")
    try:
        return identity.number(text)
    except identity.NotAnIdentity as problem:
        raise Wrong(problem.key, **problem.values) from None


def numbers(text: str, plan: NumberPlan) -> Heard:
    """Every telephone number in the cell; numbers behind a 、 are read by themselves."""
    if _LOST.fullmatch(text):
        raise Wrong("digits_lost")
    heard = [plan.read(piece) for piece in text.split("、") if plain(piece)]
    if not heard or not all(each.candidates for each in heard):
        raise Wrong("no_number")
    if len(heard) == 1:
        return heard[0]
    return Heard(text, heard[0].kind, tuple(dict.fromkeys(one for each in heard for one in each.candidates)))


def _day(year: int, month: int, of_month: int) -> date:
    if not 1 <= month <= 12:
        raise Wrong("no_such_month", month=month)
    if not 1 <= year <= 9999 or of_month < 1:
        raise Wrong("not_a_day")
    if of_month > (last := calendar.monthrange(year, month)[1]):
        raise Wrong("no_such_day", year=year, month=month, day=of_month, last=last)
    return date(year, month, of_month)
