"""Reading goes on where it was: over restarts, purges, renamed files and locks."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from callbridge import cel as reading
from callbridge.cel import Cel
from callbridge.errors import CelUnreadable
from callbridge.events import CallEnd
from callbridge.ledger import Ledger
from tests.callbridge.cel.conftest import CALL, OPERATOR, Reader, at
from tests.callbridge.cel_file import CelFile


def test_reading_goes_on_where_another_process_had_got_to(file: CelFile) -> None:
    first = Reader(file.path)
    file.arrives(at(0), CALL)
    file.arrives(at(1), "main-1772413200.5", "13800000005")
    file.answers(at(4), CALL, OPERATOR)
    file.ends(at(5), "main-1772413200.5")
    assert len(first.read()) == 2
    second = Reader(file.path, first.cel.position)
    assert second.read() == []
    file.ends(at(60), CALL, "answered", "caller")
    record = second.only()
    assert (record.number, record.answered_at, record.extension) == ("13800000001", at(4), "801")


def test_a_position_survives_a_purge_of_what_was_before_it(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    file.ends(at(1), CALL)
    reader.read()
    file.execute("DELETE FROM cel WHERE rowid < (SELECT max(rowid) FROM cel)")
    file.arrives(at(5), OPERATOR)
    assert [record.uniqueid for record in reader.read()] == [OPERATOR]


@pytest.mark.parametrize("more", [0, 2], ids=["fewer rows than before", "more rows than before"])
def test_row_numbers_used_again_after_a_purge_are_read(file: CelFile, more: int) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    reader.read()
    file.execute("DELETE FROM cel")
    fresh = [f"main-1772413300.{n}" for n in range(1 + more)]
    for uniqueid in fresh:
        file.arrives(at(100), uniqueid)
    assert [record.uniqueid for record in reader.read()] == fresh


def test_a_renamed_file_is_read_to_its_end_before_the_new_one(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    reader.read()
    old = file.path.with_name("master.db.1")
    file.ends(at(5), CALL)
    file.path.rename(old)
    CelFile(file.path).arrives(at(9), OPERATOR)
    assert {record.uniqueid: record.end for record in reader.read()} == {CALL: CallEnd.ABANDONED, OPERATOR: None}


def test_the_rows_of_one_channel_are_found_in_a_renamed_file_too(file: CelFile) -> None:
    uniqueid = file.dials(at(0), "a1")
    file.path.rename(file.path.with_name("master.db.1"))
    file.path.with_name("master.db.txt").write_text("something else")
    CelFile(file.path).row("CHAN_END", at(1), uniqueid)
    cel = Cel(file.path, Ledger("main"), None)
    assert [row.event for row in cel.rows_of(uniqueid)] == ["CHAN_START", "CHAN_END"]
    assert cel.rows_of("main-a2") == []


def test_a_new_file_in_the_place_of_the_old_one_is_read_from_its_first_row(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    reader.read()
    for leftover in file.path.parent.glob("master.db*"):
        leftover.unlink()
    CelFile(file.path).arrives(at(9), OPERATOR)
    assert reader.only().uniqueid == OPERATOR


def test_many_rows_are_read_in_parts(file: CelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK", 7)
    for number in range(10):
        file.arrives(at(number), f"main-1772413200.{number}")
    assert len(Reader(file.path).read()) == 10


def test_a_missing_file_is_named_and_read_when_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "master.db"
    reader = Reader(path)
    with pytest.raises(CelUnreadable, match=r"master\.db is missing"):
        reader.read()
    assert not path.exists(), "looking for it must not make it"
    CelFile(path).arrives(at(0), CALL)
    assert reader.only().uniqueid == CALL


def test_a_file_without_a_column_is_named(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "master.db")) as database:
        database.execute("CREATE TABLE cel (AcctId INTEGER PRIMARY KEY, eventtype, eventtime)")
    with pytest.raises(CelUnreadable, match="no column cidnum"):
        Reader(tmp_path / "master.db").read()


def test_a_locked_file_is_named_and_read_later(file: CelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 0.05)
    file.execute("PRAGMA journal_mode = DELETE")
    file.arrives(at(0), CALL)
    reader = Reader(file.path)
    with closing(sqlite3.connect(file.path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CelUnreadable, match="locked"):
            reader.read()
    assert reader.only().uniqueid == CALL
