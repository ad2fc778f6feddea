"""The event log that Asterisk finds at its start is one that it can go on with; what it cannot use is kept beside."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callbridge.cel import Cel
from callbridge.errors import CelUnreadable
from callbridge.events import CallEnd
from callbridge.exchange.eventlog import prepare, set_aside
from callbridge.ledger import Ledger
from tests.callbridge.cel_file import CelFile

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> CelFile:
    file = CelFile(tmp_path / "master.db")
    file.arrives(T0, "main-1772413200.1")
    return file


def test_a_sound_one_stays(file: CelFile) -> None:
    assert set_aside(file.path) is None
    assert not prepare(file.path)


def test_where_there_is_none_nothing_is_set_aside(tmp_path: Path) -> None:
    assert set_aside(tmp_path / "master.db") is None
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_one_makes_room_and_is_named_by_whoever_reads_on(file: CelFile) -> None:
    cel = Cel(file.path, Ledger("main"), None)
    cel.read()
    file.path.write_bytes(file.path.read_bytes()[:4096] + b"\xff" * 8192)
    aside = set_aside(file.path)
    assert aside is not None
    assert aside.exists()
    assert prepare(file.path)
    file.make()
    with pytest.raises(CelUnreadable, match=aside.name):
        cel.read()


def test_one_with_other_columns_than_ours_makes_room_and_is_read_to_its_end(file: CelFile) -> None:
    ledger = Ledger("main")
    cel = Cel(file.path, ledger, None)
    cel.read()
    file.ends(T0, "main-1772413200.1")
    file.execute("ALTER TABLE cel DROP COLUMN userdeftype")
    assert set_aside(file.path) is not None
    prepare(file.path)
    file.make()
    cel.read()
    [call] = ledger.news().calls
    assert call.end is CallEnd.ABANDONED


def test_one_that_is_written_at_this_moment_is_left_alone(file: CelFile) -> None:
    with closing(sqlite3.connect(file.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert set_aside(file.path) is None
