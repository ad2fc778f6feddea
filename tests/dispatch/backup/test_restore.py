"""A restore brings back all of it or changes nothing, and leaves nothing half-done, however it ends."""

import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import column, select, table, text
from sqlalchemy.engine import URL
from sqlmodel import col

from dispatch.lockfile import LockFile
from dispatch.migrate import known_revisions
from dispatch.models import Call, Case, Hold
from registry.models import Centre, DataKey, Resident
from registry.sealed import give_vault
from registry.store import Store
from registry.store.journal import Journal
from registry.vault import Vault
from tests.databases import PostgresServer, shape
from tests.dispatch.backup.installation import MASTER_KEY, PASSPHRASE, Installation
from tests.dispatch.first_version import left_behind
from tests.dispatch.town import Town


def beside(here: Installation) -> list[str]:
    """What stands beside a database file, without its lock and SQLite's own."""
    if here.database.get_backend_name() != "sqlite":
        return []
    database = Path(here.database.database or "")
    others = database.parent.glob(f"{database.name}.*")
    return sorted(each.name for each in others if not each.name.endswith((".lock", "-wal", "-shm")))


def schemas(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        found = connection.execute(text("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information)'"))
        return sorted(name for (name,) in found)


def let_go(town: Town) -> None:
    """The town's own connections: nobody may be at a database that is restored."""
    town.store.engine.dispose()


def written_of(town: Town) -> tuple[list[int | None], int]:
    let_go(town)
    found = [call.id for call in town.all(Call)], len(town.all(Journal))
    let_go(town)
    return found


def test_everything_is_as_it_was_and_the_centre_is_on_hold(here: Installation, town: Town) -> None:
    town.merchant("康宁药房", sms="+8613900000001")
    number = town.open(town.resident())
    town.dispatch(number)
    town.hangs_up(town.rings_in())
    epoch, tables, rows = town.get(Centre, town.centre_id).epoch, shape(town.store), len(town.all(Journal))
    file = here.backup()
    town.send()
    town.rings_in()
    let_go(town)

    done = here.does("restore", str(file), "--replace")
    assert done["held"] == {"messages": 1, "ladders": 0}
    assert [call.state for call in town.all(Call)] == ["ended"]
    assert town.case(number).state == "offering"
    assert shape(town.store) == tables
    assert town.get(Centre, town.centre_id).epoch != epoch
    assert town.journal()[rows:] == ["centre.restored"]
    assert len(town.all(Hold)) == 1
    assert beside(here) == []
    before = max(case.id or 0 for case in town.all(Case))
    assert town.case(town.open(None)).id == before + 1, "new rows get numbers of their own"
    town.rings_in()


def test_a_database_that_is_there_is_replaced_only_when_somebody_says_so(here: Installation, town: Town) -> None:
    file = here.backup()
    town.rings_in()
    before = written_of(town)
    assert "--replace" in here.is_refused("restore", str(file))
    assert written_of(town) == before


def test_the_old_database_stays_beside_the_new_one_when_it_is_wanted(here: Installation, town: Town) -> None:
    file = here.backup()
    uniqueid = town.rings_in()
    let_go(town)
    kept = here.does("restore", str(file), "--replace", "--keep-old")["kept"]
    assert town.all(Call) == []
    if town.store.is_sqlite:
        assert beside(here) == [Path(kept).name]
        with closing(Store(f"sqlite:///{kept}")) as old, old.engine.connect() as connection:
            assert connection.execute(text("SELECT uniqueid FROM leg")).scalar_one() == uniqueid
    else:
        name = kept.removeprefix("the schema ")
        assert schemas(town.store) == sorted([name, "public"])
        with town.store.engine.connect() as connection:
            assert (
                connection.execute(select(column("uniqueid")).select_from(table("leg", schema=name))).scalar_one()
                == uniqueid
            )


def test_a_running_service_is_named_and_nothing_happens(here: Installation, town: Town) -> None:
    file = here.backup()
    town.rings_in()
    let_go(town)
    if town.store.is_sqlite:
        lock = LockFile(Path(here.database.database or ""))
        lock.take("townline serve at http://127.0.0.1:8460")
        assert "townline serve at http://127.0.0.1:8460" in here.is_refused("restore", str(file), "--replace")
        lock.release()
    with town.store.reading():
        other = "fuser" if town.store.is_sqlite else "townline, process"
        assert other in here.is_refused("restore", str(file), "--replace")
    assert len(town.all(Call)) == 1


@pytest.mark.parametrize("share", [0.0, 0.1, 0.98])
def test_a_file_that_was_cut_off_is_refused_and_nothing_is_touched(
    here: Installation, town: Town, share: float
) -> None:
    here.record(town, town.rings_in(), b"her voice" * 1000)
    file = here.backup()
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    _is_refused(here, town, file)


@pytest.mark.parametrize("part", ["database/", "recordings/", "config.toml", "manifest.json", "manifest.sha256"])
def test_a_file_that_is_not_what_was_written_is_refused_and_nothing_is_touched(
    here: Installation, town: Town, part: str
) -> None:
    here.record(town, town.rings_in(), b"her voice" * 1000)
    file = here.backup()
    with tarfile.open(file) as tar:
        entry = next(each for each in tar if each.name.startswith(part) and each.size)
    with file.open("r+b") as content:
        content.seek(entry.offset_data + entry.size // 2)
        (byte,) = content.read(1)
        content.seek(-1, 1)
        content.write(bytes([byte ^ 1]))
    _is_refused(here, town, file)


def _is_refused(here: Installation, town: Town, file: Path) -> None:
    before = written_of(town)
    for words in (("--check",), ("--replace",)):
        assert str(file) in here.is_refused("restore", str(file), *words)
    assert (written_of(town), beside(here)) == (before, [])


def test_what_is_no_backup_at_all_is_named(here: Installation, town: Town, tmp_path: Path) -> None:
    (letter := tmp_path / "letter.tar").write_text("the minutes of the last meeting\n" * 300)
    let_go(town)
    assert "no backup" in here.is_refused("restore", str(letter))
    assert "No such file" in here.is_refused("restore", str(tmp_path / "none.tar"))
    assert here.ask("restore").exit_code == 2


def test_a_backup_of_a_newer_schema_is_refused_and_the_program_that_made_it_named(
    here: Installation, town: Town
) -> None:
    with town.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    file = here.backup()
    let_go(town)
    said = here.is_refused("restore", str(file), "--replace")
    assert "9999" in said
    assert "version 0." in said


def test_a_backup_of_another_centre_is_refused(here: Installation, town: Town) -> None:
    file = here.backup()
    let_go(town)
    here.write(code="XY")
    assert "centre.code is XY" in here.is_refused("restore", str(file), "--replace")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_of_the_other_kind_of_database_is_refused(here: Installation, tmp_path: Path) -> None:
    file = here.backup()
    other = Installation(tmp_path / "other", URL.create("postgresql", "townline", host="127.0.0.1", database="x"))
    other.write()
    assert "sqlite" in other.is_refused("restore", str(file))


def test_a_backup_of_an_older_version_comes_to_this_one(empty_database_url: URL, tmp_path: Path) -> None:
    with closing(Store(empty_database_url)) as store:
        left_behind(store)
    here = Installation(tmp_path / "here", empty_database_url)
    here.write()
    file = here.backup()
    done = here.does("restore", str(file), "--replace")
    assert done["manifest"]["database"]["revision"] == "0001"
    with closing(Store(empty_database_url)) as store, store.engine.connect() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == known_revisions()[0]
        )
        assert connection.execute(text("SELECT count(*) FROM hold")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM call")).scalar_one() == 3


# A new machine


@pytest.fixture
def new_machine(here: Installation, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Nothing is on it but the program."""
    if here.database.get_backend_name() == "sqlite":
        there = Installation(tmp_path / "there", here.database.set(database=str(tmp_path / "new.db")))
        there.write()
        yield there
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    there = Installation(tmp_path / "there", server.create())
    there.write()
    yield there
    server.drop(there.database)


def _note_of(there: Installation, key: str) -> str | None:
    with closing(Store(there.database)) as store, store.reading() as session:
        resident = session.get(Resident, 1)
        assert resident is not None
        return Vault(key.encode()).open(session, 1, "health_note", resident.health_note)


def test_on_a_new_machine_the_sealed_secrets_and_the_recordings_come_back_with_it(
    here: Installation, new_machine: Installation, town: Town
) -> None:
    town.resident(health_note="对青霉素过敏")
    recorded = here.record(town, town.rings_in(), b"her voice")
    here.secret("BACKUP_PASSPHRASE", PASSPHRASE)
    file = here.backup()
    new_machine.secret("BACKUP_PASSPHRASE", PASSPHRASE)
    new_machine.secret("GATEWAY_PHONE_PASSWORD", "of the phone that is here")
    done = new_machine.does("restore", str(file))
    assert "MASTER_KEY" in done["secrets"]
    assert "GATEWAY_PHONE_PASSWORD" not in done["secrets"]
    assert (new_machine.folder / "secrets" / "MASTER_KEY").stat().st_mode & 0o777 == 0o600
    assert _note_of(new_machine, MASTER_KEY) == "对青霉素过敏"
    assert (new_machine.recordings / recorded.name).read_bytes() == b"her voice"
    assert done["recordings"] == {"put_back": 1, "there": 0}


def test_without_the_master_key_it_is_refused_and_says_what_would_help(
    here: Installation, new_machine: Installation, town: Town
) -> None:
    town.resident(health_note="对青霉素过敏")
    file = here.backup()
    assert "MASTER_KEY" in (said := new_machine.is_refused("restore", str(file)))
    assert "--without-master-key" in said
    new_machine.secret("MASTER_KEY", "another key of thirty-two bytes!")
    assert "another one" in new_machine.is_refused("restore", str(file))
    assert "another one" in new_machine.is_refused("restore", str(file), "--check")
    here.secret("BACKUP_PASSPHRASE", PASSPHRASE)
    sealed = Path(here.does("backup", str(here.folder / "sealed.tar"))["file"])
    (new_machine.folder / "secrets" / "MASTER_KEY").unlink()
    assert "set BACKUP_PASSPHRASE" in new_machine.is_refused("restore", str(sealed))
    new_machine.secret("BACKUP_PASSPHRASE", "three tall trees")
    assert "does not open it" in new_machine.is_refused("restore", str(sealed))


def test_when_the_master_key_is_lost_what_it_seals_is_given_up_and_everything_else_is_there(
    here: Installation, new_machine: Installation, town: Town
) -> None:
    number = town.open(town.resident(health_note="对青霉素过敏"), words="氨氯地平五盒")
    file = here.backup()
    new_machine.does("restore", str(file), "--without-master-key")
    with closing(Store(new_machine.database)) as store:
        give_vault(store, Vault(b"another key of thirty-two bytes!"))
        with store.reading() as session:
            assert session.get(Resident, 1) is not None
            assert session.get(DataKey, 1) is None
            case = session.scalars(select(Case).where(col(Case.number) == number)).one()
            assert (case.words, case.state) == ("", "open")
    assert _note_of(new_machine, "another key of thirty-two bytes!") is None


def test_recordings_that_are_there_stay_as_they_are_and_may_be_left_in_the_backup(
    here: Installation, new_machine: Installation, town: Town
) -> None:
    there, gone = (here.record(town, town.rings_in(), b"her voice") for _ in range(2))
    file = here.backup()
    gone.unlink()
    there.write_bytes(b"longer by now")
    let_go(town)
    assert here.does("restore", str(file), "--replace")["recordings"] == {"put_back": 1, "there": 1}
    assert (there.read_bytes(), gone.read_bytes()) == (b"longer by now", b"her voice")
    new_machine.secret("MASTER_KEY", MASTER_KEY)
    left = new_machine.does("restore", str(file), "--without-recordings")
    assert left["recordings"] == {"put_back": 0, "there": 0}
    assert not new_machine.recordings.exists()


def test_check_says_that_it_could_be_restored_and_changes_nothing(here: Installation, town: Town) -> None:
    file = here.backup()
    before = written_of(town)
    with town.store.reading():  # also while the service runs
        said = here.ask("restore", "--check", str(file))
    assert (said.exit_code, "could be restored" in said.stdout) == (0, True)
    assert written_of(town) == before


# It is killed


def test_killed_at_any_moment_the_old_or_the_new_database_is_there_whole_and_it_can_be_done_again(
    here: Installation, town: Town
) -> None:
    for number in range(12):
        here.record(town, town.rings_in(), bytes(20_000 + number))
    file = here.backup()
    town.rings_in()
    old, new = 13, 12
    found = old
    for step in range(10):
        for recording in here.recordings.iterdir():
            recording.unlink()
        _alone(town)
        _killed(here, here.begins("restore", str(file), "--replace"), after=0.03 * 2**step)
        let_go(town)
        found = len(town.all(Call))
        assert found in (old, new)
        assert len(town.all(Hold)) == (0 if found == old else 1), "no restored database that is not on hold"
        if found == new:
            break
    assert step > 1, "it was killed more than once before it had come so far"
    assert found == new
    _alone(town)
    here.does("restore", str(file), "--replace")
    assert len(town.all(Call)) == new
    assert beside(here) == []
    if not town.store.is_sqlite:
        assert schemas(town.store) == ["public"]
    assert sorted(each.suffix for each in here.recordings.iterdir()) == [".wav"] * 12


def _killed(here: Installation, restore: subprocess.Popen[str], after: float) -> None:
    """So many seconds after it has begun to put something back."""
    _until(lambda: any(here.recordings.iterdir()) or restore.poll() is not None)
    time.sleep(after)
    restore.send_signal(signal.SIGKILL)
    restore.communicate()


def _alone(town: Town) -> None:
    """Until nobody is at the database: a server notices a little later that who was killed is gone."""
    let_go(town)
    if town.store.is_sqlite:
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )

    def nobody() -> bool:
        with town.store.engine.connect() as connection:  # within one transaction it would not change
            return bool(connection.execute(others).scalar_one() == 0)

    _until(nobody)
    let_go(town)


def _until(look: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not look():
        assert time.monotonic() < give_up
        time.sleep(0.005)
