"""The verbs for the day on which the machine is gone: `backup`, `restore`, and `release` after it."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dispatch.commands.desk import desk, told
from dispatch.config import ConfigFile
from dispatch.errors import Conflict

if TYPE_CHECKING:
    from dispatch.backup.making import Made
    from dispatch.backup.manifest import Manifest
    from dispatch.backup.restoring import Restored

for_programs = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.command()
@click.argument("target", type=click.Path(path_type=Path), default=".")
@click.option("--without-recordings", is_flag=True, help="Only the database: recordings may take much room.")
@for_programs
@click.pass_obj
def backup(file: ConfigFile, target: Path, without_recordings: bool, as_json: bool) -> None:
    """Write the whole centre into one file, while the service runs.

    In it are the database, the recordings and messages that it names, and config.toml. TARGET is a new file, or a
    folder for one with the time in its name (the current one by default).

    Secrets are never in it in plain text. With a secret BACKUP_PASSPHRASE all others are sealed into it; without,
    keep a copy of the secret MASTER_KEY in another place: nobody can read health notes and what was said without it.

    A backup still holds what is deleted after it, recordings too: keep none for longer than that may be. A restore
    deletes again whoever has been deleted since (the file forgotten.jsonl beside the secrets).
    """
    from dispatch import logs
    from dispatch.backup.making import make

    logs.configure("warning")
    with told():
        made = make(file, target.absolute(), recordings=not without_recordings)
    if as_json:
        click.echo(json.dumps({"file": str(made.path)} | _read(made.manifest), ensure_ascii=False))
        return
    for line in _about(made):
        click.echo(line)


@click.command()
@click.argument("backup", type=click.Path(path_type=Path))
@click.option("--check", "only_look", is_flag=True, help="Only say whether it is whole and could be restored here.")
@click.option("--replace", is_flag=True, help="Put it into the place of the database that is there.")
@click.option("--keep-old", is_flag=True, help="With --replace: leave the old database there, under another name.")
@click.option("--without-recordings", is_flag=True, help="Leave the recordings in the backup.")
@click.option("--without-master-key", is_flag=True, help="The MASTER_KEY is lost: give up what it seals.")
@for_programs
@click.pass_obj
def restore(
    file: ConfigFile,
    backup: Path,
    only_look: bool,
    replace: bool,
    keep_old: bool,
    without_recordings: bool,
    without_master_key: bool,
    as_json: bool,
) -> None:
    """Bring the centre back from the file BACKUP. The service must not run.

    Everything is looked at first, an older database is brought up to date, and whatever goes wrong leaves what was
    there untouched.

    Afterwards the centre is on hold: calls come in, but nothing is sent and nobody called until a supervisor says
    so on the board (Ctrl-R), or `townline release`. Calls that came after the backup are read back from the exchange
    when the service starts; SMS that came after it are in no backup.
    """
    from dispatch import logs
    from dispatch.backup import restoring

    logs.configure("error")
    config = file.load()
    wish = restoring.Wish(
        replace=replace,
        keep_old=keep_old,
        recordings=not without_recordings,
        without_master_key=without_master_key,
    )
    with told():
        if only_look:
            manifest = restoring.look_at(config, backup, wish)
            facts, lines = _read(manifest), [f"could be restored here: {_moment(manifest)}"]
        else:
            done = restoring.restore(config, backup, wish)
            facts, lines = _facts(done), list(_done(done))
    for line in [json.dumps(facts, ensure_ascii=False)] if as_json else lines:
        click.echo(line)


@click.command()
@for_programs
@click.pass_obj
def release(file: ConfigFile, as_json: bool) -> None:
    """Let everything go that is held since a restore, also while the service runs."""
    from dispatch import release as work
    from registry.store import Actor

    with told(), desk(file.load()) as (store, centre_id):
        try:
            with store.writing() as session:
                released = work.release(session, centre_id, Actor.system())
            said = f"released: {released.messages} messages and calls, ladders of {released.ladders} emergencies"
        except Conflict:
            released, said = work.Released(messages=0, ladders=0), "nothing is held"
    click.echo(json.dumps(asdict(released)) if as_json else said)


def _about(made: "Made") -> Iterator[str]:
    manifest, recordings = made.manifest, made.manifest.recordings
    yield f"written: {made.path} ({made.path.stat().st_size / 1e6:.1f} MB)"
    yield _moment(manifest)
    if recordings.left_out:
        yield "recordings: left out"
    else:
        gone = f"; {recordings.missing} that the database names are not on the disk" if recordings.missing else ""
        yield f"recordings: {recordings.kept}{gone}"
    if manifest.sealed:
        yield f"secrets: {len(manifest.sealed)} are in it, sealed with BACKUP_PASSPHRASE, which a restore needs"
    else:
        yield "secrets: none are in it. A restore needs MASTER_KEY: without it all that is sealed is lost."
        yield "    -> keep a copy of it elsewhere, or set the secret BACKUP_PASSPHRASE, which seals all others in"


def _done(done: "Restored") -> Iterator[str]:
    yield f"restored: {_moment(done.manifest)}"
    yield f"recordings: {len(done.recordings.files)} put back, {done.recordings.there} were there"
    if done.forgotten:
        yield f"deleted again: {done.forgotten} people who were deleted after the backup was made"
    if done.secrets:
        yield f"secrets put back: {', '.join(done.secrets)}"
    if done.kept is not None:
        yield f"what was there is kept: {done.kept}; delete it when all is well"
    yield f"on hold: {done.messages} messages and calls, ladders of {done.ladders} emergencies"
    yield "    -> nothing goes out until a supervisor says so on the board (Ctrl-R), or `townline release`"


def _moment(manifest: "Manifest") -> str:
    facts = manifest.database
    centres = ", ".join(f"{centre.code} {centre.name}" for centre in facts.centres)
    rows = sum(table.rows for table in facts.tables.values())
    return f"{centres} as of {manifest.made_at:%Y-%m-%d %H:%M:%SZ}: {rows} rows at revision {facts.revision}"


def _read(manifest: "Manifest") -> dict[str, object]:
    return {"manifest": manifest.model_dump(mode="json")}


def _facts(done: "Restored") -> dict[str, object]:
    return _read(done.manifest) | {
        "held": {"messages": done.messages, "ladders": done.ladders},
        "recordings": {"put_back": len(done.recordings.files), "there": done.recordings.there},
        "secrets": done.secrets,
        "forgotten": done.forgotten,
        "kept": done.kept,
    }
