"""A backup holds everything of one moment, and no secret."""

import json
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import col, func, select

from dispatch.backup import postgresql, sqlite
from dispatch.backup.archive import opened
from dispatch.backup.making import make
from dispatch.backup.sqlite import MEMBER
from dispatch.config import ConfigFile
from dispatch.models import Call, Leg
from registry.store import Store
from registry.store.journal import Journal
from tests.dispatch.backup.installation import MASTER_KEY, PASSPHRASE, Installation
from tests.dispatch.town import Town


def members(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


def manifest(file: Path) -> dict[str, Any]:
    with tarfile.open(file) as tar:
        found: dict[str, Any] = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        return found


def test_it_says_of_what_it_is_and_is_for_its_owners_eyes_only(here: Installation, town: Town) -> None:
    town.hangs_up(town.rings_in())
    file = here.backup()
    assert file.parent.parent == here.folder
    assert file.name.startswith("townline-TL-2")
    assert file.stat().st_mode & 0o777 == 0o600
    said = manifest(file)
    assert said["database"]["centres"][0]["code"] == "TL"
    assert said["database"]["tables"]["call"]["rows"] == 1
    assert said["database"]["journal"] == len(town.journal())
    assert said["kind"] == town.store.url.get_backend_name()
    assert set(said["members"]) | {"manifest.json", "manifest.sha256"} == set(members(file))
    assert "config.toml" in said["members"]


def test_no_secret_is_in_it_in_plain_text_and_it_says_which_a_restore_needs(here: Installation) -> None:
    said = here.ask("backup", str(here.folder / "plain.tar")).stdout
    assert "MASTER_KEY" in said
    assert "BACKUP_PASSPHRASE" in said
    here.secret("BACKUP_PASSPHRASE", PASSPHRASE)
    sealed = here.does("backup", str(here.folder / "sealed.tar"))["manifest"]["sealed"]
    assert {"MASTER_KEY", "GATEWAY_PHONE_PASSWORD"} <= set(sealed)
    assert "BACKUP_PASSPHRASE" not in sealed
    for name in ("plain.tar", "sealed.tar"):
        content = (here.folder / name).read_bytes()
        for secret in (MASTER_KEY, PASSPHRASE, "a password of the phone"):
            assert secret.encode() not in content


def test_the_recordings_that_the_database_names_are_in_it_or_left_out(here: Installation, town: Town) -> None:
    here.record(town, call := town.rings_in(), b"her voice")
    gone = here.record(town, town.rings_in(), b"another voice")
    gone.unlink()
    (here.recordings / "of-nobody.wav").write_bytes(b"no row names it")
    file = here.backup()
    assert [name for name in members(file) if name.startswith("recordings/")] == [f"recordings/{call}.wav"]
    assert manifest(file)["recordings"] == {"kept": 1, "missing": 1, "left_out": False}
    bare = here.does("backup", str(here.folder / "bare.tar"), "--without-recordings")
    assert bare["manifest"]["recordings"]["left_out"] is True
    assert not [name for name in bare["manifest"]["members"] if name.startswith("recordings/")]


def test_nothing_that_was_said_by_the_telephone_is_in_it(here: Installation) -> None:
    for name in ("phrase.wav", "calls/of-a-call.wav"):
        file = here.folder / "var" / "speech" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"where she lives, spoken")
    assert b"spoken" not in here.backup().read_bytes()


def test_what_cannot_be_written_is_named_and_nothing_is_left(here: Installation, tmp_path: Path) -> None:
    (there := tmp_path / "there.tar").write_bytes(b"another backup")
    assert str(there) in here.is_refused("backup", str(there))
    assert there.read_bytes() == b"another backup"
    assert "No such file" in here.is_refused("backup", str(tmp_path / "nowhere" / "x.tar"))
    before = sorted(tmp_path.rglob("*.tar*"))
    (here.folder / "config.toml").chmod(0o600)
    assert "/proc" in here.is_refused("backup", "/proc/x.tar")
    assert sorted(tmp_path.rglob("*.tar*")) == before
    assert here.ask("backup", "one", "two").exit_code == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_the_service_has_never_run_there_is_nothing_to_back_up(here: Installation, tmp_path: Path) -> None:
    new = Installation(tmp_path / "new", here.database.set(database=str(tmp_path / "none.db")))
    new.write()
    assert "nothing to back up" in new.is_refused("backup", str(tmp_path))
    assert not (tmp_path / "none.db").exists()
    assert not list(tmp_path.glob("*.tar*"))


def test_it_is_of_one_moment_while_calls_come_in_and_none_of_them_waits_for_it(
    here: Installation, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call, its leg and its two lines of the journal are one transaction: a backup has all of them or none."""
    _much_happened(town)
    written: list[float] = []
    during: list[int] = []
    done = threading.Event()
    town.store.on_write(written.append)

    def counted(copy_out: Callable[..., Any]) -> Callable[..., Any]:
        def copy(*arguments: Any) -> Any:
            before = len(written)
            copied = copy_out(*arguments)
            during.append(len(written) - before)
            return copied

        return copy

    def calls_come_in() -> None:
        while not done.is_set():
            town.rings_in()

    for kind in (sqlite, postgresql):
        monkeypatch.setattr(kind, "copy_out", counted(kind.copy_out))
    caller = threading.Thread(target=calls_come_in)
    caller.start()
    try:
        files = [make(ConfigFile(here.write()), here.folder / f"{number}.tar").path for number in range(3)]
    finally:
        done.set()
        caller.join()
    counts = []
    for file in files:
        found = manifest(file)["database"]["tables"]
        assert found["call"]["rows"] == found["leg"]["rows"]
        counts.append(found["call"]["rows"])
    assert counts[0] < counts[1] < counts[2] < len(town.all(Call))
    assert max(during) > 1, f"while the database was copied so many writes were done: {during}"
    if town.store.is_sqlite:
        _is_whole(files[-1], here.folder / "copy.db", counts[-1])


def _much_happened(town: Town) -> None:
    """So much that a copy takes a while."""
    now = town.clock.now()
    facts = {"at": now, "written_at": now, "centre_id": town.centre_id, "what": "exchange.link_up"}
    facts |= {"subject": "exchange", "subject_id": 0, "actor": "exchange", "data": {"words": "x" * 4000}}
    with town.store.engine.begin() as connection:
        connection.execute(insert(Journal), [facts] * 10_000)


def _is_whole(file: Path, copy: Path, calls: int) -> None:
    with opened(file) as backup:
        backup.extract(MEMBER, copy)
    with closing(Store(f"sqlite:///{copy}")) as store, store.reading() as session:
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert session.exec(select(func.count()).select_from(Leg)).one() == calls
        arrived = select(func.count()).select_from(Journal).where(col(Journal.what) == "call.arrived")
        assert session.exec(arrived).one() == calls
