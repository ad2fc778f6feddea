"""Who goes to the door as one cell says it: 李伟 19300234011；陈静 不在 2026-02-16至2026-03-02；王五 请假."""

import re
from collections.abc import Callable, Iterable

from registry.numbers import NumberPlan
from registry.sheets import cells
from registry.sheets.cells import Wrong
from registry.sheets.record import Facts
from registry.text import plain

_BETWEEN = re.compile(r"[;；,，、\n]")
_WHO = re.compile(r"([^\d+＋]*)(.*)")
_AWAY = re.compile(r"不在|休假|请假|外出|(?<![a-z])(?:away|on leave)(?![a-z])", re.IGNORECASE)
_DAY = r"\d{4}[-./年]\d{1,2}[-./月]\d{1,2}(?!\d)日?"
_DAYS = re.compile(
    rf"(?P<since>(?:从|自|from)\s*)?(?:(?P<first>{_DAY})\s*(?P<on>起)?)?"
    rf"(?:\s*(?:[~—–至到-]|to|until)\s*(?P<last>{_DAY}))?",
    re.IGNORECASE,
)
_DAYS_BEFORE = re.compile(rf"(?:从|自|from\s)?\s*{_DAY}.*", re.IGNORECASE)  # 陈静 2026-02-16至2026-03-02 休假
_EDGES = " ：:()（）"


def read(text: str, plan: NumberPlan) -> list[Facts]:
    """By name. Raises Wrong."""
    return in_order(_one(kept, plan) for piece in _BETWEEN.split(text) if (kept := plain(piece)))


def called(name: str) -> str:
    """A name as it is read from a cell: what leads on to a number or a remark is no part of it."""
    return cells.words(name.strip(" ：:").rstrip(" ：:(（"))


def in_order(staff: Iterable[Facts]) -> list[Facts]:
    return sorted(staff, key=lambda one: str(one["name"]))


def written(staff: Iterable[Facts], language: str, dialled: Callable[[str], str]) -> str:
    """What `read` reads the same people from; `dialled` is how a number is written here."""
    said = []
    for one in in_order(staff):
        number = dialled(one["number"]) if one["number"] else ""
        said.append(" ".join(filter(None, (one["name"], number, _said(one["away"], english=language == "en")))))
    return ("; " if language == "en" else "；").join(said)


def _one(said: str, plan: NumberPlan) -> Facts:
    away = None
    if found := _AWAY.search(said):
        said, days = said[: found.start()], said[found.end() :].strip(_EDGES)
        if not days and (before := _DAYS_BEFORE.search(said)):
            said, days = said[: before.start()], before[0].strip(_EDGES)
        away = _away(days)
    who = _WHO.fullmatch(said)
    name, digits = (called(who[1]), who[2].strip(_EDGES)) if who is not None else ("", "")
    numbers = plan.read(digits).candidates if digits else ()
    if not name or len(numbers) != bool(digits):
        raise Wrong("staff")
    return {"name": name, "number": numbers[0] if numbers else None, "away": away}


def _away(days: str) -> Facts:
    """No days: until somebody says otherwise. Raises Wrong."""
    found = _DAYS.fullmatch(days)
    if found is None or (found["since"] and not found["first"]):
        raise Wrong("staff")
    first = cells.day(found["first"]).isoformat() if found["first"] else None
    last = cells.day(found["last"]).isoformat() if found["last"] else None
    if last is None and not found["since"] and not found["on"]:
        last = first  # that one day
    return {"first": first, "last": last}


def _said(away: Facts | None, *, english: bool) -> str:
    if away is None:
        return ""
    word, first, last = ("away" if english else "不在"), away["first"], away["last"]
    if first == last:
        return f"{word} {first}" if first else word
    if last is None:
        return f"{word} from {first}" if english else f"{word} {first}起"
    if first is None:
        return f"{word} until {last}" if english else f"{word} 至{last}"
    return f"{word} {first} to {last}" if english else f"{word} {first}至{last}"
