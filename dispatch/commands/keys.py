"""The verb `key`: a new master key takes the place of the old one."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from callbridge.secrets import Secrets
from dispatch.commands.desk import desk, told
from dispatch.config import ConfigFile
from dispatch.master_keys import at_hand, name_of, open_vault
from dispatch.wire.catalogue import Catalogue
from registry import rotation
from registry.errors import WrongMasterKey
from registry.vault import SHORTEST

for_programs = click.option("--json", "as_json", is_flag=True, help="For programs.")
in_language = click.option("--language", type=click.Choice(["zh", "en"]), help="Otherwise the centre's.")


@click.group()
def key() -> None:
    """The master key, which opens every resident's own key."""


@key.command()
@in_language
@for_programs
@click.pass_obj
def status(file: ConfigFile, language: str | None, as_json: bool) -> None:
    """Which master key is in use, and whether an earlier one is still needed."""
    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    with told(), desk(config) as (store, _):
        version, oldest = rotation.versions(store)
        waiting = rotation.waiting(store)
    if as_json:
        facts = {"version": version, "oldest": oldest, "waiting": waiting, "secret": name_of(version)}
        click.echo(json.dumps(facts))
        return
    click.echo(words.say("key.in_use", name=name_of(version)))
    if oldest < version:
        click.echo(words.say("key.unfinished", count=waiting))


@key.command()
@click.option(
    "--from",
    "source",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file with the new key; otherwise one is made up.",
)
@in_language
@for_programs
@click.pass_obj
def rotate(file: ConfigFile, source: Path | None, language: str | None, as_json: bool) -> None:
    """Put a new master key into the place of the one in use, also while the service runs.

    The new one is the secret MASTER_KEY_2, then MASTER_KEY_3 and so on: the one that is in the environment or in a
    file of the secrets' folder already, else the one in the file --from, else 32 random bytes. A service that gets
    its secrets from the environment has to be started with the new one first.

    Called again after a crash it goes on where it stopped. It says when the old key is no longer needed.
    """
    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    secrets = config.secret_store()
    with told(), _in_words(words), desk(config) as (store, _):
        vault = open_vault(secrets)
        version, oldest = rotation.versions(store)
        if oldest == version:
            version += 1
        _put_by(secrets, name_of(version), source, words)
        rotation.rotate(store, vault, version, _progress(words))
    old = [name_of(each) for each in sorted(at_hand(secrets)) if each < version]
    if as_json:
        click.echo(json.dumps({"version": version, "secret": name_of(version), "not_needed": old}))
        return
    click.echo(words.say("key.in_use", name=name_of(version)))
    for name in old:
        click.echo(words.say("key.may_go", name=name, file=str(secrets.directory / name)))


def _put_by(secrets: Secrets, name: str, source: Path | None, words: Catalogue) -> None:
    """The new key is a secret of that name, before anything is wrapped by it."""
    there = secrets.get(name)
    if source is not None:
        try:
            given = source.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise click.ClickException(words.say("key.unreadable", file=str(source))) from error
        if there is not None and there != given:
            raise click.ClickException(words.say("key.there_is_another", name=name))
        if there is None and len(given.encode()) >= SHORTEST:
            secrets.keep(name, given)
        there = given
    new = there if there is not None else secrets.get_or_make(name)
    if len(new.encode()) < SHORTEST:
        raise click.ClickException(words.say("key.short", name=name, least=SHORTEST))
    if new in {value for version, value in at_hand(secrets).items() if name_of(version) != name}:
        raise click.ClickException(words.say("key.same", name=name))


def _progress(words: Catalogue) -> Callable[[int, int], None]:
    """Says once a second how far it is, beside the answer."""
    said = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said >= 1:
            said = time.monotonic()
            click.echo(words.say("key.progress", done=done, total=total), err=True)

    return progress


@contextmanager
def _in_words(words: Catalogue) -> Iterator[None]:
    try:
        yield
    except WrongMasterKey as error:
        name = name_of(int(error.values["version"]))
        raise click.ClickException(words.say("key.missing", name=name)) from error
