"""Special days as one cell says them: 2026-02-16至2026-02-20 休息 春节；节假日 10:00-16:00；调休上班日 按周一."""

import re

from registry.days_off import Kind
from registry.sheets.cells import Wrong, pieces, wall_time
from registry.sheets.columns import WEEK, WEEKDAYS
from registry.special_hours import WEEKDAYS as NAMES
from registry.special_hours import SpecialDay
from registry.text import folded, plain

_KINDS = {
    Kind.HOLIDAYS: ("节假日", "holidays", "法定节假日", "节日", "公休日"),
    Kind.MAKE_UP_DAYS: ("调休上班日", "make-up days", "调休日", "调休"),
}
_CLOSED = ("休息", "closed", "不营业", "关门", "停业")
_DAY = r"\d{4}[-./年]\d{1,2}[-./月]\d{1,2}日?"
_WHEN = re.compile(rf"({_DAY})(?:\s*(?:[~—–至到]|\.\.|to)\s*({_DAY}))?")
_SPAN = re.compile(r"([\d:.点时分半]+)\s*[-–—~至到]\s*([\d:.点时分半]+)")
_LIKE = re.compile(r"(?:按|as\s+)\s*(?:周|星期)?([一二三四五六日天]|[a-z]+)")


def read(text: str) -> list[str]:
    """The lines. Raises Wrong."""
    found = set()
    for piece in pieces(text):
        days, rest = _when(plain(piece))
        hours, why = _hours(rest)
        try:
            found.add(str(SpecialDay.read(f"{days}/{hours}/{why.replace('/', ' ')}")))
        except ValueError as wrong:
            raise Wrong("special_hours") from wrong
    return sorted(found)


def written(lines: list[str], language: str) -> str:
    """What `read` reads the same days from."""
    return ("; " if language == "en" else "；").join(_said(SpecialDay.read(line), language == "en") for line in lines)


def _said(one: SpecialDay, english: bool) -> str:
    if isinstance(one.days, Kind):
        days = _KINDS[one.days][english]
    else:
        first, last = (day.isoformat() for day in one.days)
        days = first if first == last else f"{first}{' to ' if english else '至'}{last}"
    if one.like is not None:
        hours = f"as {WEEKDAYS[one.like]}" if english else f"按周{WEEK[one.like]}"
    else:
        spans = "、".join(map(str, one.spans))
        hours = spans or _CLOSED[english]
    return " ".join(filter(None, (days, hours, one.why)))


def _when(said: str) -> tuple[str, str]:
    """Which days, and what stands behind them."""
    if found := _WHEN.match(said):
        return "..".join(_iso(day) for day in found.groups() if day), said[found.end() :].strip()
    low = folded(said, 500)
    for kind, names in _KINDS.items():
        for name in sorted(names, key=len, reverse=True):
            if low.startswith(name):
                return str(kind), said[len(name) :].lstrip(" ：:")
    raise Wrong("special_hours")


def _iso(day: str) -> str:
    year, month, of_month = re.findall(r"\d+", day)
    return f"{year}-{int(month):02}-{int(of_month):02}"


def _hours(rest: str) -> tuple[str, str]:
    """The hours as a line keeps them, and why."""
    rest, spans = rest.lstrip(" ：:"), []
    while found := _SPAN.match(rest):
        spans.append(f"{wall_time(found[1]):%H:%M}-{wall_time(found[2]):%H:%M}")
        rest = rest[found.end() :].lstrip(" 、,和")
    if spans:
        return "+".join(spans), rest
    low = folded(rest, 500)
    for word in _CLOSED:
        if low.startswith(word):
            return "closed", rest[len(word) :].strip(" ：:，,")
    if (like := _LIKE.match(low)) and (weekday := _weekday(like[1])) is not None:
        return NAMES[weekday], rest[like.end() :].strip(" ：:，,")
    raise Wrong("special_hours")


def _weekday(word: str) -> int | None:
    if word in WEEK or word == "天":
        return WEEK.index("日" if word == "天" else word)
    return next((place for place, name in enumerate(NAMES) if name.startswith(word) and len(word) > 2), None)
