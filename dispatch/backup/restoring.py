"""`townline restore`: everything is looked at first; then the recordings are put back, and the database in one step.

Whatever goes wrong before that step leaves the database that is there as it was. The restored one begins on hold
(`dispatch.hold`).
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.engine import make_url
from sqlmodel import col

from callbridge.cel import reaches
from callbridge.exchange.places import Places
from dispatch import deletion, forgotten, hold, restored
from dispatch.backup import postgresql, sealing, sqlite
from dispatch.backup.archive import Reader, opened
from dispatch.backup.files import PutBack, put_back
from dispatch.backup.manifest import Manifest
from dispatch.backup.problems import NotEmpty, NotOurs, NotWritten, TooNew, WithoutKey
from dispatch.config import Config
from dispatch.database import database_file, open_store
from dispatch.lockfile import LockFile
from dispatch.master_keys import at_hand, name_of
from dispatch.migrate import known_revisions
from dispatch.models import ExchangePosition
from registry import erasure
from registry.models import Centre, DataKey, MasterKey, Resident
from registry.store import Actor, Writing

NOT_EMPTY = "there is a database already ({}): say --replace to put the backup into its place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How somebody wants it restored."""

    replace: bool = False  # the database that is there
    keep_old: bool = False  # beside the new one
    recordings: bool = True
    without_master_key: bool = False  # health notes, identity numbers, words of cases and texts of SMS are given up


@dataclass(slots=True, kw_only=True)
class Restored:
    """What has been done. `secrets` have been put back, `kept` is where the database is that was there."""

    manifest: Manifest
    messages: int = 0
    ladders: int = 0
    forgotten: int = 0  # people who were deleted after the backup, and are again
    recordings: PutBack = field(default_factory=PutBack)
    secrets: list[str] = field(default_factory=list)
    kept: str | None = None


def look_at(config: Config, path: Path, wish: Wish) -> Manifest:
    """Whether the backup is whole and could be restored here; changes nothing. Raises BackupProblem."""
    with opened(path) as backup:
        _may_be_restored(config, backup, wish)
        return backup.manifest


def restore(config: Config, path: Path, wish: Wish) -> Restored:
    """Raises BackupProblem, Obstacle."""
    with opened(path) as backup, _errors_of(path):
        secrets = _may_be_restored(config, backup, wish)
        done = Restored(manifest=backup.manifest)
        try:
            with _database(config, backup, wish, done) as put_in:
                if wish.recordings:
                    put_back(backup, Places.of(config.exchange).recordings, done.recordings)
                done.secrets = [name for name, value in secrets.items() if config.secret_store().keep(name, value)]
                put_in(lambda session: _settle(session, config, done))
        except BaseException:
            done.recordings.undo()
            raise
        return done


def _may_be_restored(config: Config, backup: Reader, wish: Wish) -> dict[str, str]:
    """Looks through everything; the secrets that are sealed in the backup and not here."""
    manifest, known = backup.manifest, known_revisions()
    kind = "postgresql" if database_file(make_url(config.database.url)) is None else "sqlite"
    if manifest.kind != kind:
        raise NotOurs(f"{backup.path} is of a {manifest.kind} database, and database.url names a {kind} one")
    codes = [centre.code for centre in manifest.database.centres]
    if config.centre.code not in codes:
        raise NotOurs(
            f"{backup.path} is of the centre {', '.join(codes)}, and centre.code is {config.centre.code}: "
            "correct config.toml (the one of that time is in the backup)"
        )
    if manifest.database.revision not in known:
        raise TooNew(
            f"{backup.path} is at revision {manifest.database.revision}, this program knows revisions up to "
            f"{known[0]}: restore it with version {manifest.program}"
        )
    backup.verify()
    return _secrets(config, backup, wish)


def _secrets(config: Config, backup: Reader, wish: Wish) -> dict[str, str]:
    secrets, opened_ones, hint = config.secret_store(), {}, ""
    if backup.has(sealing.MEMBER):
        passphrase = secrets.get(sealing.PASSPHRASE)
        unsealed = sealing.unseal(backup.read(sealing.MEMBER), passphrase) if passphrase is not None else None
        opened_ones = unsealed or {}
        wrong = "the secret BACKUP_PASSPHRASE does not open it" if passphrase is not None else "set BACKUP_PASSPHRASE"
        hint = "" if unsealed is not None else f" (it is sealed in the backup: {wrong})"
    for version, wanted in backup.manifest.needed_keys.items():
        name = name_of(version)
        here = secrets.get(name)
        if wish.without_master_key or _is(here or opened_ones.get(name), wanted):
            continue
        file = secrets.directory / name
        what = "is not here" if here is None else f"is another one than that in {file} or the environment"
        raise WithoutKey(
            f"the {name} that seals the health notes and the texts of this backup {what}: put the right one into "
            f"{file}{hint}; or say --without-master-key, which gives them up for good"
        )
    return {name: value for name, value in opened_ones.items() if secrets.get(name) is None}


def _is(key: str | None, wanted: str) -> bool:
    return key is not None and sealing.fingerprint(key) == wanted


PutIn = Callable[[Callable[[Writing], None]], None]


@contextmanager
def _database(config: Config, backup: Reader, wish: Wish, done: Restored) -> Iterator[PutIn]:
    """The database's place, held against everybody else; what is given puts the backup there."""
    stamp = f"{datetime.now(UTC):%Y%m%d_%H%M%S}"
    file = database_file(make_url(config.database.url))
    if file is None:
        with closing(open_store(config)) as store:
            postgresql.in_use(store)
            empty = postgresql.is_empty(store)
            if not empty and not wish.replace:
                raise NotEmpty(NOT_EMPTY.format(store.url.render_as_string(hide_password=True)))
            keep_as = f"before_{stamp}" if wish.keep_old and not empty else None
            yield lambda settle: postgresql.put_in(store, backup, settle, keep_as)
            done.kept = f"the schema {keep_as}" if keep_as is not None else None
        return
    file = file.resolve()
    lock = LockFile(file)
    lock.take(f"townline restore {backup.path}")
    try:
        sqlite.sweep(file)
        sqlite.in_use(file)
        empty = sqlite.is_empty(file)
        if not empty and not wish.replace:
            raise NotEmpty(NOT_EMPTY.format(file))
        keep_as_file = file.with_name(f"{file.name}.before_{stamp}") if wish.keep_old and not empty else None
        yield lambda settle: sqlite.put_in(file, backup, settle, keep_as_file)
        done.kept = str(keep_as_file) if keep_as_file is not None else None
    finally:
        lock.release()


def _settle(session: Writing, config: Config, done: Restored) -> None:
    exchange = config.exchange.name
    position = session.get(ExchangePosition, exchange)
    log = Places.of(config.exchange).cel
    lost = position is not None and bool(position.generation) and not reaches(log, position.generation)
    restored.settle(session, done.manifest.made_at, exchange if lost else None)
    _forget_again(session, config, done)
    keys = at_hand(config.secret_store())
    if not all(_is(keys.get(version), wanted) for version, wanted in done.manifest.needed_keys.items()):
        session.execute(delete(DataKey))  # given up: what they have sealed can be opened by nobody
        newest = max(keys, default=1)
        session.execute(update(MasterKey).values(version=newest, oldest=newest))
    session.flush()
    counts = [hold.count(session, id_ or 0) for id_ in session.scalars(select(col(Centre.id))).all()]
    done.messages, done.ladders = (sum(each) for each in zip(*counts, strict=True))


def _forget_again(session: Writing, config: Config, done: Restored) -> None:
    """Whoever was deleted after the backup was made is deleted from it, her recordings too."""
    for one in forgotten.known(config.secret_store(), config.centre.code):
        row = session.get(Resident, one.resident)
        if row is None or not one.is_(row) or row.ended_why == erasure.DELETED:
            continue
        files = deletion.empty(lambda: nullcontext(session), one.resident, Actor.system(), whatever_is_open=True)
        for name in files:
            (Places.of(config.exchange).recordings / name).unlink(missing_ok=True)
        done.forgotten += 1


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotWritten(f"restoring {path}: {error.filename or ''}: {error.strerror or error}") from error
