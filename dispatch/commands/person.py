"""The verb `person`: what somebody may ask for about herself, a copy of everything and to be forgotten."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from dispatch.commands.desk import desk, resident_meant, told
from dispatch.config import Config, ConfigFile
from dispatch.errors import BadValue, Conflict, NotFound
from dispatch.master_keys import open_vault
from dispatch.wire.catalogue import Catalogue
from registry.errors import WrongMasterKey
from registry.models import Resident
from registry.store import Actor, Scope, Store

for_programs = click.option("--json", "as_json", is_flag=True, help="For programs.")
in_language = click.option("--language", type=click.Choice(["zh", "en"]), help="Otherwise the centre's.")
who = click.argument("who", metavar="WHO")


@dataclass(frozen=True, slots=True)
class _Spoken:
    texts: list[tuple[str, str]]  # and in which language: earlier versions kept them by what they say
    calls: list[str]  # attempts


@click.group()
def person() -> None:
    """What a resident may ask for about herself.

    WHO is her number in the register, or anything that finds only her: a telephone number, her identity number.
    """


@person.command()
@who
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@in_language
@for_programs
@click.pass_obj
def extract(file: ConfigFile, who: str, path: Path, language: str | None, as_json: bool) -> None:
    """Write everything that is held about WHO into FILE, a zip that only its owner can read.

    In it are a text to read, the same for programs, and her recordings. That it was taken is in the access log.
    """
    from callbridge.exchange.places import Places
    from dispatch import extract as work

    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    vault = open_vault(config.secret_store())
    if path.exists():
        raise click.ClickException(words.say("person.file_there", file=str(path)))
    with _told(words), desk(config) as (store, centre_id):
        resident_id = resident_meant(store, Scope(centre_id), who, words, vault, left=True)
        taken = work.extract(store, centre_id, resident_id, vault, words.language)
        try:
            recordings = work.write(path, taken, words, Places.of(config.exchange).recordings)
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from error
    counts = {section: len(rows) for section, rows in taken.sections.items()}
    if as_json:
        facts = {"file": str(path), "resident": resident_id, "counts": counts, "recordings_included": recordings}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(words.say("person.written", file=str(path), id=resident_id))
    _tell(words, counts)


@person.command()
@who
@click.option("--apply", "for_real", is_flag=True, help="Delete her; otherwise only what would go is told.")
@in_language
@for_programs
@click.pass_obj
def delete(file: ConfigFile, who: str, for_real: bool, language: str | None, as_json: bool) -> None:
    """Say what is held about WHO and would be deleted; delete it with --apply, also while the service runs.

    Her name, numbers, contacts, address, health, the words of her cases, the texts of SMS and calls, her recordings
    go for good. Care calls end. Cases, calls and the journal stay as numbers, times and results, so that every
    report is as it was. Refused while a case of hers is open. Interrupted, it goes on when it is said again.
    """
    from dispatch import deletion
    from dispatch.holdings import holdings

    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    secrets = config.secret_store()
    with _told(words), desk(config) as (store, centre_id):
        resident_id = resident_meant(store, Scope(centre_id), who, words, open_vault(secrets), left=True)
        if for_real:
            from dispatch import forgotten

            def remember(row: Resident) -> None:
                forgotten.note(secrets, config.centre.code, row)

            spoken = _said_to(store, resident_id)
            had = deletion.delete_person(store, centre_id, resident_id, Actor.system(), remember)
            left = _remove_files(config, store, centre_id, spoken)
            _leave_no_log(store)
        else:
            with store.reading() as session:
                had, left = holdings(session, resident_id), 0
    if as_json:
        counts = had.counts() | {"recordings_elsewhere": left}
        facts = {"resident": resident_id, "deleted": for_real, "counts": counts, "open_cases": had.open_cases}
        click.echo(json.dumps(facts))
        return
    click.echo(words.say("person.deleted" if for_real else "person.would_go", id=resident_id))
    _tell(words, had.counts())
    if had.open_cases and not for_real:
        click.echo(words.say("person.open_cases", cases=", ".join(had.open_cases)))
    if left:
        click.echo(words.say("person.recordings_elsewhere", count=left))


@person.command()
@click.argument("keep", metavar="KEEP")
@click.argument("other", metavar="OTHER")
@in_language
@for_programs
@click.pass_obj
def merge(file: ConfigFile, keep: str, other: str, language: str | None, as_json: bool) -> None:
    """Make one of the two records KEEP and OTHER of one person, also while the service runs.

    KEEP takes what it lacks, and all lines, contacts, groups and health notes; calls, cases and care calls follow.
    Where the two say different things KEEP stays as it is, and what OTHER said is kept beside it. Refused while one
    of them has an open emergency. Interrupted, it goes on when it is said again.
    """
    from dispatch import merging

    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    vault = open_vault(config.secret_store())
    with _told(words), desk(config) as (store, centre_id):
        scope = Scope(centre_id)
        kept, gone = (resident_meant(store, scope, who, words, vault) for who in (keep, other))
        try:
            changed = merging.merge_people(store, scope, kept, gone, vault, Actor.system())
        except Conflict as error:
            cases = error.values.get("cases")
            key = "person.emergency_open" if cases else "person.on_the_line"
            raise click.ClickException(words.say(key, cases=", ".join(cases or []))) from error
    if as_json:
        click.echo(json.dumps({"resident": kept, "merged": gone, "fields": changed}))
    elif changed:
        click.echo(words.say("person.merged", keep=kept, other=gone, fields=", ".join(changed)))
    else:
        click.echo(words.say("person.merged_nothing", keep=kept, other=gone))


@person.command()
@in_language
@for_programs
@click.pass_obj
def doubles(file: ConfigFile, language: str | None, as_json: bool) -> None:
    """Who may stand in the register twice, and why; the surest first. `merge` makes one of them, `apart` says no."""
    from dataclasses import asdict

    from registry import doubles as work

    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    with _told(words), desk(config) as (store, centre_id), store.reading() as session:
        found = work.doubles(session, Scope(centre_id))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found]))
        return
    for each in found:
        alike = words.say("person.and").join(words.say(f"person.alike.{name}") for name in each.alike)
        key = "person.double_doubt" if each.doubt else "person.double"
        doubt = words.say(f"person.doubt.{each.doubt}") if each.doubt else ""
        click.echo(words.say(key, one=each.one, other=each.other, alike=alike, doubt=doubt))
    if not found:
        click.echo(words.say("person.doubles_none"))


@person.command()
@click.argument("one", metavar="ONE")
@click.argument("other", metavar="OTHER")
@in_language
@click.pass_obj
def apart(file: ConfigFile, one: str, other: str, language: str | None) -> None:
    """Say that ONE and OTHER are two people: `doubles` does not name them any more."""
    from dispatch import merging

    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    vault = open_vault(config.secret_store())
    with _told(words), desk(config) as (store, centre_id):
        scope = Scope(centre_id)
        one_id, other_id = (resident_meant(store, scope, who, words, vault) for who in (one, other))
        store.write(lambda session: merging.keep_apart(session, scope, one_id, other_id, Actor.system()))
    click.echo(words.say("person.apart", one=one_id, other=other_id))


def _said_to(store: Store, resident_id: int) -> _Spoken:
    """What calls have said to her and about her: it may still be kept as sound."""
    from sqlmodel import col, select

    from dispatch.holdings import holdings
    from dispatch.models import Attempt, Message
    from registry.among import among, ids
    from registry.models import Channel

    with store.reading() as session:
        mine = holdings(session, resident_id).messages
        spoken = session.exec(
            select(Message).where(among(col(Message.id), "ids"), Message.channel == Channel.VOICE),
            params={"ids": ids(mine)},
        )
        texts = [(each.body, each.language) for each in spoken.all() if each.body]
        attempts = session.exec(
            select(Attempt.id).where(among(col(Attempt.message_id), "ids")), params={"ids": ids(mine)}
        )
        return _Spoken(texts, list(attempts))


def _remove_files(config: Config, store: Store, centre_id: int, spoken: _Spoken) -> int:
    """The recordings and spoken sentences that are on this machine; how many recordings are on another."""
    from sqlmodel import col, func, select

    from callbridge.exchange import Exchange
    from dispatch import recordings
    from dispatch.models import Recording

    exchange = Exchange(config.exchange, config.speech, config.secret_store(), language=config.centre.language)
    recordings.remove_old(store, centre_id, exchange.places.recordings, config.exchange.name)
    for call in spoken.calls:
        exchange.speech.unsay(call)
    for text, language in spoken.texts:
        exchange.speech.forget_phrase(text, "en" if language.startswith("en") else "zh")
    with store.reading() as session:
        left = select(func.count()).where(
            col(Recording.unwanted_at).is_not(None), col(Recording.removed_at).is_(None)
        )
        return session.exec(left).one()


def _leave_no_log(store: Store) -> None:
    """SQLite's log holds pages as they were before; a reader may hold it for a moment."""
    if not store.is_sqlite:
        return
    give_up = time.monotonic() + 5
    with suppress(Exception), store.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        while driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] and time.monotonic() < give_up:
            time.sleep(0.05)


def _tell(words: Catalogue, counts: dict[str, int]) -> None:
    for section, count in counts.items():
        if count:
            click.echo(f"  {words.say(f'extract.{section}', count=count)}")


@contextmanager
def _told(words: Catalogue) -> Iterator[None]:
    try:
        with told():
            yield
    except NotFound as error:
        raise click.ClickException(words.say("person.nobody")) from error
    except BadValue as error:
        key = "person.with_itself" if error.values["right"] == "resident.another" else "person.has_ended"
        raise click.ClickException(words.say(key, id=error.values["found"])) from error
    except WrongMasterKey as error:
        raise click.ClickException(Catalogue("registry", words.language).say("sheet.run.wrong_master_key")) from error
    except Conflict as error:
        cases = error.values.get("cases")
        why = words.say("person.open_cases", cases=", ".join(cases)) if cases else words.say("person.talking")
        raise click.ClickException(why) from error
