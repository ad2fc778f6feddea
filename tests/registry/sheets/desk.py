"""Somebody with a spreadsheet in front of her."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.sheets import runs
from registry.sheets.kinds import KINDS, SheetKind
from registry.sheets.names import Names
from registry.sheets.record import Outcome
from registry.sheets.review import Review, judged
from registry.store import Actor, Scope, Store
from registry.vault import Vault

FILES = Path(__file__).parent / "files"


@dataclass
class Desk:
    store: Store
    scope: Scope
    vault: Vault
    folder: Path

    def kind(self, name: str = "residents") -> SheetKind:
        return KINDS[name](self.scope, self.vault, Names.known(self.store, self.scope))

    def sheet(self, *rows: Sequence[object], name: str = "sheet.csv") -> Path:
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return path

    def review(self, path: Path, kind: str = "residents") -> Review:
        found = Review()
        for record, verdict in judged(self.store, self.kind(kind), path, found):
            found.add(record, verdict)
        return found

    def says(self, *rows: Sequence[object], kind: str = "residents") -> list[str]:
        """Of each row below the headings the outcome, with what a doubt or a refusal is about."""
        path = self.sheet(*rows)
        said = []
        for _, verdict in judged(self.store, self.kind(kind), path, Review()):
            found = [f"{one.column}:{one.key}".lstrip(":") for one in verdict.findings]
            told = found or (list(verdict.fields) if verdict.outcome is Outcome.CHANGED else [])
            said.append(" ".join([verdict.outcome.value, *told]))
        return said

    def brings_in(self, *rows: Sequence[object], kind: str = "residents") -> int:
        """Stages and applies; the import's id."""
        import_id = self.stages(*rows, kind=kind)
        self.applies(import_id, kind)
        return import_id

    def stages(self, *rows: Sequence[object], kind: str = "residents") -> int:
        import_id, _ = runs.stage(self.store, self.scope, self.kind(kind), self.sheet(*rows), self.vault)
        assert import_id is not None
        return import_id

    def applies(self, import_id: int, kind: str = "residents", progress: runs.Progress = lambda *_: None) -> None:
        runs.apply(self.store, self.scope, self.kind(kind), import_id, self.vault, Actor.system(), progress)

    def undoes(self, import_id: int, kind: str = "residents") -> None:
        runs.undo(self.store, self.scope, self.kind(kind), import_id, Actor.system(), lambda *_: None)
