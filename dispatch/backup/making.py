"""`townline backup`: what belongs together, in one file, while calls come in. Nothing is written to the database."""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import make_url

from callbridge.exchange.places import Places
from callbridge.secrets import Secrets
from dispatch.backup import postgresql, sealing, sqlite
from dispatch.backup.archive import Writer, written
from dispatch.backup.files import RECORDINGS
from dispatch.backup.manifest import Manifest, RecordingFacts
from dispatch.backup.problems import NothingThere, NotWritten
from dispatch.config import ConfigFile
from dispatch.database import database_file, open_store
from dispatch.master_keys import at_hand

CONFIG = "config.toml"


@dataclass(frozen=True, slots=True)
class Made:
    """The backup's file and what it says of itself."""

    path: Path
    manifest: Manifest


def make(file: ConfigFile, target: Path, *, recordings: bool = True) -> Made:
    """Writes the backup to `target`, or, where that is a folder, into it under a name that tells centre and time.

    Raises BackupProblem, Obstacle.
    """
    config = file.load()
    made_at = datetime.now(UTC).replace(microsecond=0)
    path = target / f"townline-{config.centre.code}-{made_at:%Y%m%d-%H%M%SZ}.tar" if target.is_dir() else target
    database = database_file(make_url(config.database.url))
    secrets = config.secret_store()
    try:
        with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder, written(path, made_at) as backup:
            if database is not None:
                if sqlite.is_empty(database):
                    raise NothingThere(f"{database} is empty or not there: there is nothing to back up yet")
                copied = sqlite.copy_out(database, Path(folder), config.exchange.name)
            else:
                with closing(open_store(config)) as store:
                    copied = postgresql.copy_out(store, Path(folder), config.exchange.name)
            for member, part in copied.files.items():
                backup.add(member, part)
            backup.add(CONFIG, file.path)
            kept = _add_recordings(
                backup, copied.recordings if recordings else None, Places.of(config.exchange).recordings
            )
            sealed = sealing.seal(secrets)
            if sealed is not None:
                backup.add_bytes(sealing.MEMBER, sealed.content)
            manifest = Manifest(
                program=version("townline"),
                made_at=made_at,
                kind="postgresql" if database is None else "sqlite",
                database=copied.facts,
                exchange=config.exchange.name,
                recordings=kept,
                master_keys=_master_keys(secrets, copied.master_versions),
                sealed=sealed.names if sealed is not None else [],
            )
            return Made(path, backup.finish(manifest))
    except OSError as error:
        raise NotWritten(f"{error.filename or path}: {error.strerror or error}") from error


def _master_keys(secrets: Secrets, versions: list[int]) -> dict[int, str]:
    keys = at_hand(secrets)
    return {version: sealing.fingerprint(keys[version]) for version in versions if version in keys}


def _add_recordings(backup: Writer, named: list[str] | None, folder: Path) -> RecordingFacts:
    """Those that are named; one whose time is over may go at this moment."""
    if named is None:
        return RecordingFacts(left_out=True)
    missing = 0
    for name in named:
        try:
            backup.add(RECORDINGS + name, folder / name)
        except FileNotFoundError:
            missing += 1
    return RecordingFacts(kept=len(named) - missing, missing=missing)
