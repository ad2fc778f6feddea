"""The verbs for spreadsheets: `import` and `export`."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy import ColumnElement

from dispatch.commands.desk import desk, told
from dispatch.commands.wanted import merchants_wanted, options_of, residents_wanted
from dispatch.config import Config, ConfigFile
from dispatch.master_keys import open_vault
from dispatch.policy import home_visit_days
from dispatch.sheet_words import SheetWords, facts
from registry import centres
from registry.errors import NotFound, SheetRefused, WrongMasterKey
from registry.models import ImportState, RowState
from registry.sheets import runs
from registry.sheets.cells import Wrong
from registry.sheets.kinds import KINDS, KindOf, SheetKind
from registry.sheets.names import Names
from registry.sheets.priority import standing_back
from registry.sheets.review import review
from registry.store import Actor, Scope, Store

for_programs = click.option("--json", "as_json", is_flag=True, help="For programs.")
in_language = click.option("--language", type=click.Choice(["zh", "en"]), help="Otherwise the centre's.")

_HELP = """Compare the {name} in FILE with the register, or bring them in with --apply.

Told is what is new, changed, the same, doubtful and refused, with row and column and what would be right.

Excel (.xlsx) and CSV (UTF-8 or GB18030), headings in Chinese or English in any order. An empty cell changes nothing;
a cell that says 无, none or - empties what the register has, but takes no telephone number and no contact away.

With --apply the good rows go in and the others are told; a file that is refused as a whole applies nothing.

Exit status 0 when every row can go in, 1 when some cannot."""


@click.group("import")
def import_() -> None:
    """Bring areas, residents, merchants and contracts in from Excel or CSV."""


def _import(kind_of: KindOf) -> None:
    @import_.command(kind_of.name, help=_HELP.format(name=kind_of.name))
    @click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
    @click.option("--template", is_flag=True, help="Write a sheet to fill in, with examples, to FILE.")
    @click.option("--apply", "for_real", is_flag=True, help="Bring the good rows in.")
    @in_language
    @for_programs
    @click.pass_obj
    def command(
        file: ConfigFile, path: Path, template: bool, for_real: bool, language: str | None, as_json: bool
    ) -> None:
        from registry.sheets.writing import write_template

        config = file.load()
        words = SheetWords(language or config.centre.language, kind_of.columns)
        with _told(words):
            if template:
                write_template(path, kind_of.columns, language or config.centre.language)
                click.echo(words.say("written", file=str(path)))
                return
            with desk(config) as (store, centre_id), standing_back(store):
                import_desk = _ImportDesk(config, store, Scope(centre_id), words)
                kind = import_desk.kind(kind_of.name)
                import_id, found = None, None
                if for_real:
                    import_id, found = runs.stage(store, import_desk.scope, kind, path, import_desk.vault)
                else:
                    found = review(store, kind, path)
                if not as_json:
                    _print(words.report(found))
                if import_id is not None:
                    import_desk.apply(import_id)
                elif for_real and not as_json:
                    click.echo(words.say("run.nothing"))
                result = None if import_id is None else import_desk.result(import_id)
        if as_json:
            told_of = result.facts() if result is not None else {}
            click.echo(json.dumps(facts(found, words) | told_of, ensure_ascii=False))
        elif result is not None:
            _print(result.told(words))
        sys.exit(0 if found.clean and (result is None or not result.left) else 1)


@import_.command()
@click.argument("import_id", metavar="ID", type=int)
@in_language
@for_programs
@click.pass_obj
def resume(file: ConfigFile, import_id: int, language: str | None, as_json: bool) -> None:
    """Go on with import ID where it stopped."""
    with _import_desk(file, language, import_id) as (desk_, state):
        if state is ImportState.UNDOING:
            desk_.undo(import_id)
        elif state is ImportState.STAGING:
            runs.forget(desk_.store, import_id)
            raise click.ClickException(desk_.words.say("run.unread", id=import_id))
        else:
            desk_.apply(import_id)
        _tell(desk_, import_id, as_json)


@import_.command()
@click.argument("import_id", metavar="ID", type=int)
@in_language
@for_programs
@click.pass_obj
def undo(file: ConfigFile, import_id: int, language: str | None, as_json: bool) -> None:
    """Take back what import ID has brought; what somebody has changed or used since stays, and is named."""
    with _import_desk(file, language, import_id) as (desk_, _):
        desk_.undo(import_id)
        _tell(desk_, import_id, as_json)


@import_.command("list")
@in_language
@for_programs
@click.pass_obj
def list_(file: ConfigFile, language: str | None, as_json: bool) -> None:
    """Every import, the newest first."""
    config = file.load()
    words = SheetWords(language or config.centre.language)
    with told(), desk(config) as (store, centre_id):
        found = runs.runs(store, Scope(centre_id))
        with store.reading() as session:
            zone = centres.zone(session, centre_id)
    if as_json:
        rows = [
            {"id": run.id, "kind": run.kind, "file": run.file_name, "state": run.state.value, "counts": run.counts}
            | {"began_at": run.began_at.isoformat()}
            for run in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for run in found:
        state = words.say(f"run.state.{run.state}", id=run.id)
        began = f"{run.began_at.astimezone(zone):%Y-%m-%d %H:%M}"
        kind = words.say(f"kind.{run.kind}")
        click.echo(words.say("run.line", id=run.id, kind=kind, state=state, began=began, file=run.file_name))


class _ImportDesk:
    """Where imports are applied and undone, with what has to be at hand for it."""

    def __init__(self, config: Config, store: Store, scope: Scope, words: SheetWords) -> None:
        self.store, self.scope, self.words = store, scope, words
        self.vault = open_vault(config.secret_store())

    def kind(self, name: str) -> SheetKind:
        return KINDS[name](self.scope, self.vault, Names.known(self.store, self.scope))

    def apply(self, import_id: int) -> None:
        kind = self.kind(runs.run_of(self.store, self.scope, import_id).kind)
        runs.apply(self.store, self.scope, kind, import_id, self.vault, Actor.system(), self._progress())

    def undo(self, import_id: int) -> None:
        kind = self.kind(runs.run_of(self.store, self.scope, import_id).kind)
        runs.undo(self.store, self.scope, kind, import_id, Actor.system(), self._progress())

    def result(self, import_id: int) -> "_Result":
        return _Result(import_id, runs.states(self.store, import_id), runs.left(self.store, import_id))

    def _progress(self) -> Callable[[int, int], None]:
        """Says once a second how far it is, beside the answer."""
        said = time.monotonic()

        def progress(done: int, total: int) -> None:
            nonlocal said
            if time.monotonic() - said >= 1:
                said = time.monotonic()
                click.echo(self.words.say("run.progress", done=done, total=total), err=True)

        return progress


@dataclass(frozen=True, slots=True)
class _Result:
    """What has become of an import's rows; `left` are those that were not applied or not undone, and why."""

    import_id: int
    states: Counter[RowState]
    left: list[tuple[int, str]]

    def told(self, words: SheetWords) -> Iterator[str]:
        for row, why in self.left:
            key = why if why in ("stale_version", "in_use", "not_found") else "other"
            yield words.say("row", row=row, said=words.say(f"run.why.{key}"))
        undone = self.states[RowState.UNDONE] or self.states[RowState.KEPT]
        counts = {state.value: self.states[state] for state in RowState}
        yield words.say("run.undone" if undone else "run.applied", id=self.import_id, **counts)

    def facts(self) -> dict[str, Any]:
        return {
            "import": self.import_id,
            "states": {state.value: self.states[state] for state in RowState},
            "left": [{"row": row, "why": why} for row, why in self.left],
        }


@contextmanager
def _import_desk(file: ConfigFile, language: str | None, import_id: int) -> Iterator[tuple[_ImportDesk, ImportState]]:
    config = file.load()
    words = SheetWords(language or config.centre.language)
    with _told(words), desk(config) as (store, centre_id), standing_back(store):
        here = _ImportDesk(config, store, Scope(centre_id), words)
        try:
            state = runs.run_of(store, here.scope, import_id).state
        except NotFound as error:
            raise click.ClickException(words.say("run.unknown", id=import_id)) from error
        yield here, state


def _tell(desk_: _ImportDesk, import_id: int, as_json: bool) -> None:
    """What has become of an import; exit status 1 when rows were left or kept."""
    result = desk_.result(import_id)
    _print([json.dumps(result.facts())] if as_json else result.told(desk_.words))
    sys.exit(1 if result.left else 0)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@contextmanager
def _told(words: SheetWords) -> Iterator[None]:
    """A file that is refused as a whole is one line and exit status 1."""
    try:
        with told():
            yield
    except SheetRefused as refused:
        raise click.ClickException(words.refused(refused)) from refused
    except WrongMasterKey as error:
        raise click.ClickException(words.say("run.wrong_master_key")) from error
    except Wrong as wrong:
        raise click.ClickException(words.say(wrong.key, **wrong.values)) from wrong


@click.group()
def export() -> None:
    """Write areas, residents, merchants and contracts into Excel or CSV, as an import takes them."""


def _export(kind_of: KindOf) -> None:
    @export.command(kind_of.name, help=_EXPORT_HELP.format(name=kind_of.name))
    @click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
    @click.option("--area", help="Only those of this area and below, by its code or name, and of no area.")
    @click.option("--with-sealed", is_flag=True, help="Identity numbers, health notes, medicines and allergies too.")
    @options_of(kind_of.name)
    @in_language
    @for_programs
    @click.pass_obj
    def command(
        file: ConfigFile,
        /,
        path: Path,
        area: str | None,
        with_sealed: bool,
        language: str | None,
        as_json: bool,
        **said: Any,
    ) -> None:
        from registry.sheets.export import columns_of, rows, within
        from registry.sheets.writing import write

        config = file.load()
        words = SheetWords(language or config.centre.language, kind_of.columns)
        with _told(words), desk(config) as (store, centre_id):
            scope = Scope(centre_id) if area is None else within(store, Scope(centre_id), area)
            vault = open_vault(config.secret_store()) if with_sealed else None
            shown = columns_of(kind_of.name, sealed=with_sealed)
            headings = [words.heading(column.key, {}) for column in shown]
            who = _who(store, centre_id, kind_of.name, said)
            lines = rows(store, scope, kind_of.name, words.language, vault, who)
            count = write(path, headings, ([texts.get(column.key, "") for column in shown] for texts in lines))
        told_of = {"file": str(path), "rows": count}
        click.echo(json.dumps(told_of, ensure_ascii=False) if as_json else words.say("exported", **told_of))


def _who(store: Store, centre_id: int, kind: str, said: dict[str, Any]) -> ColumnElement[bool] | None:
    match kind:
        case "residents":
            with store.reading() as session:
                zone, visits = centres.zone(session, centre_id), home_visit_days(session, centre_id)
            return residents_wanted(said, zone, visits).who(store.clock.now().astimezone(zone).date(), zone)
        case "merchants":
            return merchants_wanted(said).who()
        case _:
            return None


_EXPORT_HELP = """Write the {name} into FILE (.xlsx or .csv), which must not be there yet; only its owner can read it.

Importing it again changes nothing. Each resident in it is in the access log. Whatever a spreadsheet program would
reckon with stands behind an apostrophe."""


for _kind in KINDS.values():
    _import(_kind)
    _export(_kind)
