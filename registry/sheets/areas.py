"""Sheets of areas: one line is one county, town or community with its official code."""

import json
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from registry import areas
from registry.errors import Refused
from registry.models import Area
from registry.sheets import cells
from registry.sheets.cells import Wrong
from registry.sheets.columns import AREAS
from registry.sheets.doing import OneByOne
from registry.sheets.headings import Column, Line
from registry.sheets.names import Names
from registry.sheets.record import CellReader, Facts, Finding, Outcome, Record, Verdict
from registry.store import Actor, Reading, Scope, Writing
from registry.vault import Vault

_CODE = re.compile(r"[0-9A-Za-z-]{1,20}", re.ASCII)
_ONE = 1  # areas have no versions


@dataclass(slots=True)
class Areas(OneByOne):
    scope: Scope
    vault: Vault
    names: Names
    name: ClassVar[str] = "areas"
    columns: ClassVar[tuple[Column, ...]] = AREAS
    needed: ClassVar[str] = "code"
    _told: set[str] = field(default_factory=set)  # codes of the lines judged so far

    def read(self, line: Line) -> Record:
        reader = CellReader(line)
        facts = reader.record.facts
        reader.take("code", "code", code)
        reader.take("name", "name", cells.words)
        reader.take("parent", "parent", code)
        for needed in ("code", "name"):
            if not facts.get(needed) and not reader.has(needed):
                reader.problem(needed, "required")
        if len(facts.get("name", "")) > 80:
            reader.problem("name", "too_long", limit=80)
        return reader.record

    def told_by(self, record: Record) -> Iterator[str]:
        yield record.facts["code"]

    def keys(self, record: Record) -> Iterator[Hashable]:
        """A new area may take what is there already below itself, and be what another one hangs below."""
        yield "the tree"

    def alike(self, one: Record, other: Record) -> bool:
        return True

    def judge(self, session: Reading | Writing, records: Sequence[Record], now: datetime) -> list[Verdict]:
        return [self._judged(session, record) for record in records]

    def apply_one(self, session: Writing, verdict: Verdict, actor: Actor, import_id: int) -> tuple[int, int]:
        wanted = verdict.change
        parent = self._parent(session, wanted)
        if verdict.subject_id is None:
            made = areas.bring_in(session, self.scope.centre_id, wanted["code"], wanted["name"], parent, actor)
            return made.id or 0, _ONE
        area = session.get_one(Area, verdict.subject_id)
        if area.name != wanted["name"]:
            areas.rename(session, area, wanted["name"], actor)
        if area.parent_id not in (None, parent.id):
            areas.move(session, area, parent, actor)
        return verdict.subject_id, _ONE

    def withdraw(self, session: Writing, subject_id: int, version: int, actor: Actor, import_id: int) -> None:
        areas.take_away(session, session.get_one(Area, subject_id), actor)

    def kept(self, session: Writing, subject_id: int, sealed: bytes) -> Facts | None:
        return dict(json.loads(sealed)) if session.get(Area, subject_id) is not None else None

    def _judged(self, session: Reading | Writing, record: Record) -> Verdict:
        wanted = record.facts
        above = wanted.get("parent")
        self._told.add(wanted["code"])
        if above is not None and not self._is_there(session, above):
            return Verdict(
                Outcome.REFUSED, findings=(Finding(record.row, "parent", "area_not_above", {"code": above}),)
            )
        known = areas.by_code(session, self.scope.centre_id, wanted["code"])
        if known is None:
            return Verdict(Outcome.NEW, fields=("name",), change=wanted)
        before = facts_of(session, known)
        told = (
            before | wanted if "parent" in wanted or known.parent_id is None else self._where(session, before, wanted)
        )
        changed = tuple(name for name in ("name", "parent") if told[name] != before[name])
        if not changed:
            return Verdict(Outcome.SAME, known.id, _ONE)
        return Verdict(Outcome.CHANGED, known.id, _ONE, changed, told, before)

    def _where(self, session: Reading | Writing, before: Facts, wanted: Facts) -> Facts:
        """Without a column for it, the code says what lies above; a code that says nothing leaves it where it is."""
        if not any(True for _ in areas.above(wanted["code"])):
            return before | wanted
        nearest = areas.nearest_above(session, self.scope.centre_id, wanted["code"])
        return before | wanted | {"parent": nearest.code}

    def _parent(self, session: Writing, wanted: Facts) -> Area:
        """Raises Refused when the area named above is not there: its own line was refused."""
        above = wanted.get("parent")
        if above is None:
            return areas.nearest_above(session, self.scope.centre_id, wanted["code"])
        parent = areas.by_code(session, self.scope.centre_id, above)
        if parent is None:
            raise Refused([])
        return parent

    def _is_there(self, session: Reading | Writing, code: str) -> bool:
        return code in self._told or areas.by_code(session, self.scope.centre_id, code) is not None


def code(text: str) -> str:
    """An area's code: figures and letters, in one width."""
    written = cells.part(text).replace(" ", "").upper()
    if not _CODE.fullmatch(written):
        raise Wrong("area_code")
    return written


def facts_of(session: Reading | Writing, area: Area) -> Facts:
    above = session.get(Area, area.parent_id) if area.parent_id is not None else None
    return {"code": area.code, "name": area.name, "parent": above.code if above is not None else None}
