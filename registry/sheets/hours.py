"""Opening hours as one cell says them: 周一至周五 08:00-12:00、14:00-18:00；周六 9:00-12:00, Mon-Fri 8:00-18:00."""

import re
from collections.abc import Iterable

from registry.sheets.cells import Wrong, folded_pieces, wall_time
from registry.sheets.columns import WEEK, WEEKDAYS
from registry.sheets.record import Facts

_EVERY = ("", "每天", "每日", "天天", "daily", "every day", "全年无休")
_GROUPS = {"工作日": "0-4", "周末": "5-6", "weekdays": "0-4", "weekends": "5-6"}
_CLOSED = re.compile(r"(.+?)\s*(?:休息|不营业|closed)")  # said of days that have no hours anyway
_PIECE = re.compile(r"(.*?)\s*((?:\d{1,2}\s*[:.点时]|24\s*小时|全天|24\s*h).*)")
_SPAN = re.compile(r"([\d:.点时分半]+)\s*(?:[-–—~至到]|to)\s*([\d:.点时分半]+)")
_DAYS = re.compile(r"([0-6])(?:\s*[-–—~至到]\s*([0-6]))?")
_BETWEEN = re.compile(r"[\s、,和及]|and")
_FOLDED_DAYS = [re.compile(rf"{day.casefold()}[a-z]*") for day in WEEKDAYS]


def read(text: str) -> list[Facts]:
    """Weekday, opens and closes of each span, in order. Raises Wrong."""
    found: list[Facts] = []
    closed: set[int] = set()
    for piece in folded_pieces(text):
        if off := _CLOSED.fullmatch(piece):
            closed.update(_days(off[1]))
            continue
        split = _PIECE.fullmatch(piece)
        if split is None:
            raise Wrong("hours")
        spans = _spans(split[2])
        found += [
            {"weekday": day, "opens": opens, "closes": closes} for day in _days(split[1]) for opens, closes in spans
        ]
    if not found or closed & {one["weekday"] for one in found}:
        raise Wrong("hours")
    return in_order(found)


def in_order(hours: Iterable[Facts]) -> list[Facts]:
    return sorted(hours, key=lambda one: (one["weekday"], one["opens"], one["closes"]))


def written(hours: Iterable[Facts], language: str) -> str:
    """What `read` reads the same hours from; days that are alike and follow each other stand together."""
    by_day: dict[int, list[str]] = {}
    for one in in_order(hours):
        by_day.setdefault(one["weekday"], []).append(f"{one['opens'][:5]}-{one['closes'][:5]}")
    runs: list[tuple[int, int]] = []
    for day in by_day:
        if runs and runs[-1][1] == day - 1 and by_day[day] == by_day[day - 1]:
            runs[-1] = runs[-1][0], day
        else:
            runs.append((day, day))
    chinese = language != "en"
    names, until, comma, stop = (
        ([f"周{day}" for day in WEEK], "至", "、", "；") if chinese else (list(WEEKDAYS), "-", ", ", "; ")
    )
    return stop.join(
        f"{names[first]}{f'{until}{names[last]}' if last > first else ''} {comma.join(by_day[first])}"
        for first, last in runs
    )


def _spans(text: str) -> list[tuple[str, str]]:
    if re.fullmatch(r"24\s*(小时|h|hours?)?.*|全天.*", text) and not _SPAN.search(text):
        return [("00:00:00", "00:00:00")]
    found = [(wall_time(opens).isoformat(), wall_time(closes).isoformat()) for opens, closes in _SPAN.findall(text)]
    if not found or _BETWEEN.sub("", _SPAN.sub("", text)):
        raise Wrong("hours")
    return found


def _days(text: str) -> list[int]:
    if text in _EVERY:
        return list(range(7))
    for words, days in _GROUPS.items():
        text = text.replace(words, days)
    for day, name in enumerate(WEEK):
        text = text.replace(name, str(day))
    text = text.replace("天", "6")
    for day, pattern in enumerate(_FOLDED_DAYS):
        text = pattern.sub(str(day), text)
    text = re.sub(r"周|星期|礼拜|:", "", text)
    if _BETWEEN.sub("", _DAYS.sub("", text)):
        raise Wrong("hours")
    found: set[int] = set()
    for first, last in _DAYS.findall(text):
        end = int(last or first)
        found.update(range(int(first), end + 1) if end >= int(first) else [*range(int(first), 7), *range(end + 1)])
    if not found:
        raise Wrong("hours")
    return sorted(found)
