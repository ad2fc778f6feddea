"""Files that are damaged, cut short, rotated unread, of another schema, or full of nonsense."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callbridge.errors import CelUnreadable
from callbridge.events import CallEnd, Party
from tests.callbridge.cel.conftest import CALL, OPERATOR, Reader, at
from tests.callbridge.cel_file import CelFile


def many(number: int) -> str:
    """One of many calls."""
    return f"main-1772413200.{1000 + number}"


def rotated(file: CelFile, suffix: str) -> Path:
    """The file under another name; a new one stands in its place."""
    aside = file.path.with_name(f"{file.path.name}.{suffix}")
    file.path.rename(aside)
    file.make()
    return aside


def damage(path: Path, row: int) -> None:
    """Destroys the page in which the rows of that one of many calls stand."""
    whole = path.read_bytes()
    at = whole.index(many(row).encode())
    page = at - at % 4096
    path.write_bytes(whole[:page] + b"\xff" * 4096 + whole[page + 4096 :])


def test_a_file_that_was_rotated_twice_while_nobody_read_is_read_whole_in_order(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    reader.read()
    file.ends(at(5), CALL)
    rotated(file, "z")
    file.arrives(at(10), OPERATOR)
    rotated(file, "a")
    file.ends(at(15), OPERATOR)
    ended = {record.uniqueid: record.ended_at for record in Reader(file.path, reader.cel.position).read()}
    assert ended == {CALL: at(5), OPERATOR: at(15)}


def test_a_rotated_file_whose_beginning_is_gone_does_not_take_the_later_ones_with_it(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    reader.read()
    rotated(file, "1").unlink()
    file.arrives(at(10), OPERATOR)
    rotated(file, "2")
    assert [record.uniqueid for record in reader.read()] == [OPERATOR]


def test_a_damaged_file_is_named_and_read_up_to_the_damage(file: CelFile) -> None:
    for number in range(100):
        file.arrives(at(number), many(number))
    damage(file.path, 60)
    reader = Reader(file.path)
    with pytest.raises(CelUnreadable, match=r"master\.db: .*malformed"):
        reader.read()
    assert len(reader.ledger.news().calls) > 40


def test_a_damaged_renamed_file_holds_the_position_back_and_the_new_one_is_read_all_the_same(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), many(0))
    reader.read()
    before = reader.cel.position
    assert before is not None
    for number in range(1, 100):
        file.arrives(at(number), many(number))
    whole = file.path.read_bytes()
    damage(file.path, 60)
    aside = rotated(file, "damaged")
    file.arrives(at(200), CALL)
    for _ in range(2):
        with pytest.raises(CelUnreadable, match=r"master\.db\.damaged: .*malformed"):
            reader.read()
        assert reader.cel.position == before
    news = reader.ledger.news()
    assert CALL in {record.uniqueid for record in news.calls}
    reader.ledger.accept(news)
    aside.write_bytes(whole)
    assert len(news.calls) + len(reader.read()) >= 100, "mended, it is read whole"
    assert reader.cel.position is not None
    assert reader.cel.position.generation != before.generation


def test_a_damaged_renamed_file_is_forgotten_when_it_is_gone(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    reader.read()
    aside = rotated(file, "damaged")
    aside.write_bytes(aside.read_bytes()[:100] + b"\xff" * 8000)
    with pytest.raises(CelUnreadable, match="damaged"):
        reader.read()
    aside.unlink()
    file.arrives(at(9), OPERATOR)
    assert reader.only().uniqueid == OPERATOR


def test_an_older_damaged_file_is_of_no_interest(file: CelFile) -> None:
    rotated(file, "old").write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    file.arrives(at(0), CALL)
    reader = Reader(file.path)
    assert reader.only().uniqueid == CALL
    file.ends(at(3), CALL)
    assert Reader(file.path, reader.cel.position).only().end is CallEnd.ABANDONED


@pytest.mark.parametrize("size", [0, 100, 4096, 9000], ids=str)
def test_a_truncated_file_is_named_and_its_successor_read_from_its_first_row(file: CelFile, size: int) -> None:
    reader = Reader(file.path)
    for number in range(40):
        file.arrives(at(number), many(number))
    reader.read()
    with file.path.open("r+b") as whole:
        whole.truncate(size)
    with pytest.raises(CelUnreadable, match=r"master\.db"):
        reader.read()
    file.path.unlink()
    file.make()
    file.arrives(at(100), CALL)
    assert reader.only().uniqueid == CALL


def test_row_numbers_used_again_while_nobody_read_are_read(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    reader.read()
    file.execute("DELETE FROM cel")
    file.arrives(at(100), OPERATOR)
    file.ends(at(101), OPERATOR)
    assert [record.uniqueid for record in Reader(file.path, reader.cel.position).read()] == [OPERATOR]


def test_a_renamed_file_of_an_older_schema_is_named(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    reader.read()
    file.execute("ALTER TABLE cel DROP COLUMN eventextra")
    rotated(file, "older")
    with pytest.raises(CelUnreadable, match=r"master\.db\.older has no column eventextra"):
        reader.read()


def test_bytes_that_are_no_text_harm_nobody(file: CelFile) -> None:
    file.arrives(at(0), CALL)
    file.execute("UPDATE cel SET cidnum = CAST(x'31ff33' AS TEXT) WHERE eventtype = 'CHAN_START'")
    assert Reader(file.path).only().uniqueid == CALL


@pytest.mark.parametrize("stamp", ["NULL", "'nan'", "'1e300'", "''"])
def test_a_row_without_a_time_is_named_and_those_before_it_count(file: CelFile, stamp: str) -> None:
    file.arrives(at(0), CALL)
    file.row("CHAN_START", at(1), OPERATOR)
    file.execute(f"UPDATE cel SET eventtime = {stamp} WHERE uniqueid = '{OPERATOR}'")  # noqa: S608
    reader = Reader(file.path)
    with pytest.raises(CelUnreadable, match="eventtime of row 4"):
        reader.read()
    assert [record.uniqueid for record in reader.ledger.news().calls] == [CALL]


def test_the_rows_of_a_channel_that_may_stand_in_a_damaged_file_are_not_denied(file: CelFile) -> None:
    cel = Reader(file.path)
    file.arrives(at(0), CALL)
    cel.read()
    aside = rotated(file, "damaged")
    aside.write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    uniqueid = file.dials(at(0), "a1")
    assert [row.event for row in cel.cel.rows_of(uniqueid)] == ["CHAN_START"]
    with pytest.raises(CelUnreadable, match="damaged"):
        cel.cel.rows_of("main-a2")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "master.db").write_bytes(b"Asterisk" * 200)
    with pytest.raises(CelUnreadable, match="not a database"):
        Reader(tmp_path / "master.db").read()


def test_rows_that_make_no_sense_harm_nobody(file: CelFile) -> None:
    file.row("TOWNLINE_ARRIVED", at(0), "x", eventextra="{no json")
    file.row("BRIDGE_ENTER", at(0), "y", eventextra="[1]")
    file.arrives(at(0), CALL)
    file.own("TOWNLINE_ENDED", at(1), CALL, "end=sideways|by=nobody|cause=many")
    record = Reader(file.path).only()
    assert (record.end, record.hung_up_by, record.cause) == (CallEnd.ABANDONED, Party.EXCHANGE, 0)


def test_a_stamp_of_another_format_is_named(file: CelFile) -> None:
    file.arrives(at(0), CALL)
    file.execute("UPDATE cel SET eventtime = '2. March'")
    with pytest.raises(CelUnreadable, match="eventtime"):
        Reader(file.path).read()
    file.execute("UPDATE cel SET eventtime = '2026-03-02 01:00:00'")
    assert Reader(file.path).only().at == datetime(2026, 3, 2, 1, 0).astimezone(UTC)


def test_reading_leaves_the_file_to_asterisk(file: CelFile) -> None:
    file.arrives(at(0), CALL)
    with closing(sqlite3.connect(file.path, timeout=0, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert Reader(file.path).only().uniqueid == CALL, "a writer at work does not keep us from reading"
        writer.execute("COMMIT")
