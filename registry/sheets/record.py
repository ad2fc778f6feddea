"""A line of a sheet as facts, and what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from registry import drafts
from registry.errors import Refused, StaleVersion
from registry.sheets.cells import Wrong, said, whole
from registry.sheets.headings import Line

T = TypeVar("T")
M = TypeVar("M", bound=drafts.Draft)

Facts = dict[str, Any]  # fields of a draft as JSON keeps them


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a row, or about one column of it: the key of a sentence and its values."""

    row: int
    column: str  # its key; empty: the whole row
    key: str
    values: dict[str, Any] = field(default_factory=dict)


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    DOUBTFUL = "doubtful"  # a person has to say
    REFUSED = "refused"


@dataclass(slots=True)
class Record:
    """What a line says. With `problems` it is refused as a whole; `remarks` only say how something was understood."""

    row: int
    facts: Facts = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    about: Any = None  # whom, as its kind tells one from another; worked out once


@dataclass(frozen=True, slots=True)
class Verdict:
    """What applying a record would do: to whom, to which fields, from what to what; `ready` is what will be written,
    as far as its kind has worked it out.
    """

    outcome: Outcome
    subject_id: int | None = None
    version: int = 0
    fields: tuple[str, ...] = ()
    change: Facts = field(default_factory=dict)
    before: Facts = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    ready: Any = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a verdict: whose row, and its version afterwards; or the key of why it could not be applied."""

    subject_id: int | None = None
    version: int | None = None
    why: str | None = None


def applied(one: Callable[..., tuple[int, int]], *arguments: Any) -> Applied:
    """What `one`, which says whose row and its version, makes of its arguments; a row that cannot be is left."""
    try:
        subject_id, version = one(*arguments)
    except (Refused, StaleVersion) as error:
        return Applied(why=error.key)
    return Applied(subject_id, version)


class CellReader:
    """Reads the cells of one line into a record; what cannot be read becomes a problem of its column."""

    def __init__(self, line: Line) -> None:
        self.record = Record(line.row)
        self.texts = {key: text for key, text in line.texts.items() if key not in line.formulas}
        for key in sorted(line.formulas):
            self.problem(key, "formula")

    def has(self, key: str) -> bool:
        return key in self.texts

    def text(self, key: str) -> str | None:
        """None where the cell is empty or says "none"."""
        return said(self.texts[key]) if key in self.texts else None

    def take(self, key: str, field_name: str, read: Callable[[str], Any], empty: Any = ...) -> None:
        """Puts the cell's value into the facts. "None" means `empty` there, which some fields do not know."""
        if key not in self.texts:
            return
        text = said(self.texts[key])
        if text is None:
            if empty is ...:
                self.problem(key, "required")
            else:
                self.record.facts[field_name] = empty
            return
        if (value := self.value(key, lambda: read(text))) is not None:
            self.record.facts[field_name] = value

    def value(self, key: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except Wrong as wrong:
            self.problem(key, wrong.key, **wrong.values)
            return None

    def problem(self, key: str, what: str, **values: Any) -> None:
        if what == "required" and any(known.column == key for known in self.record.problems):
            return  # what stands there has been found wrong: it is not missing
        self.record.problems.append(Finding(self.record.row, key, what, values))

    def remark(self, key: str, what: str, **values: Any) -> None:
        self.record.remarks.append(Finding(self.record.row, key, what, values))

    def check(self, kind: type[M], column_of: Callable[[str], str]) -> None:
        """The facts as a draft of that kind takes them, made harmless. What it refuses is a problem of the column
        that `column_of` names for the draft's field.
        """
        try:
            draft = drafts.read(kind, self.record.facts)
        except Refused as refused:
            for problem in refused.problems:
                column = column_of(problem.field)
                if not any((known.column, known.key) == (column, problem.key) for known in self.record.problems):
                    self.problem(column, problem.key, **problem.values)
        else:
            self.record.facts = settled(draft)


def number_in_the_register(text: str) -> int | str:
    """What a column 编号 says: who is meant, or "new" where two people look like one."""
    return "new" if text.casefold() in ("new", "新", "新增") else whole(text, 1, 2**31 - 1)


def settled(draft: drafts.Draft) -> Facts:
    """What is set in a draft, as JSON keeps it, sets in one order."""
    facts = draft.model_dump(mode="json", exclude_unset=True)
    for name in facts:
        if isinstance(getattr(draft, name), frozenset):
            facts[name] = sorted(facts[name])
    return facts
