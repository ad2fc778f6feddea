"""CEL: every call is added up from its rows, and nothing is skipped whatever happens to the file."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callbridge import cel as reading
from callbridge.cel import Cel
from callbridge.errors import CelUnreadable
from callbridge.events import CallEnd, CallRecord, CelPosition, Outcome, Party
from callbridge.ledger import Ledger
from tests.callbridge.cel_file import CelFile

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CALL, OPERATOR = "main-1772413200.1", "main-1772413200.2"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


class Reader:
    """Reads and accepts, as the feed does."""

    def __init__(self, path: Path, position: CelPosition | None = None) -> None:
        self.ledger = Ledger("main")
        self.cel = Cel(path, self.ledger, position)

    def read(self) -> list[CallRecord]:
        self.cel.read()
        news = self.ledger.news()
        self.ledger.accept(news)
        self.outcomes = list(news.outgoing)
        return list(news.calls)

    def only(self) -> CallRecord:
        [record] = self.read()
        return record


@pytest.fixture
def file(tmp_path: Path) -> CelFile:
    return CelFile(tmp_path / "master.db")


def test_an_answered_call_is_added_up_whole(file: CelFile) -> None:
    file.arrives(at(0), CALL)
    file.answers(at(4), CALL, OPERATOR)
    file.ends(at(60), CALL, "answered", "operator")
    record = Reader(file.path).only()
    assert (record.uniqueid, record.number, record.name, record.dialled) == (CALL, "13800000001", "王", "02367000000")
    assert (record.at, record.queued_at, record.answered_at, record.ended_at) == (at(0), at(0), at(4), at(60))
    assert (record.extension, record.operator_uniqueid) == ("801", OPERATOR)
    assert (record.end, record.hung_up_by, record.cause) == (CallEnd.ANSWERED, Party.OPERATOR, 16)


def test_a_call_is_reported_again_when_it_changed_and_not_otherwise(file: CelFile) -> None:
    reader = Reader(file.path)
    file.arrives(at(0), CALL)
    assert reader.only().answered_at is None
    assert reader.read() == []
    file.answers(at(4), CALL, OPERATOR)
    assert reader.only().answered_at == at(4)
    file.own("TOWNLINE_ENDED", at(9), CALL, "end=answered|by=caller|cause=16")
    assert reader.only().end is CallEnd.ANSWERED
    file.hangs_up(at(9), CALL)
    assert reader.read() == []


def test_what_was_not_accepted_comes_again(file: CelFile) -> None:
    file.arrives(at(0), CALL)
    reader = Reader(file.path)
    reader.cel.read()
    assert reader.ledger.news() == reader.ledger.news()
    assert reader.only().uniqueid == CALL


def test_a_call_whose_dialplan_said_nothing_at_its_end_is_ended_by_its_hangup(file: CelFile) -> None:
    file.arrives(at(0), CALL)
    file.hangs_up(at(3), CALL, source="PJSIP/trunk-00000001")
    record = Reader(file.path).only()
    assert (record.end, record.hung_up_by, record.ended_at) == (CallEnd.ABANDONED, Party.CALLER, at(3))


def test_a_call_that_reached_nothing_of_the_dialplan_is_reported_when_it_is_over(file: CelFile) -> None:
    reader = Reader(file.path)
    file.row("CHAN_START", at(0), CALL, channame="PJSIP/trunk-00000001", cidnum="138", exten="1")
    assert reader.read() == []
    file.row("CHAN_END", at(1), CALL)
    record = reader.only()
    assert (record.number, record.end) == ("138", CallEnd.ABANDONED)


def test_calls_that_operators_and_the_fallback_make_are_no_incoming_calls(file: CelFile) -> None:
    file.row("CHAN_START", at(0), OPERATOR, channame="PJSIP/801-00000001", exten="139")
    file.row("CHAN_START", at(0), CALL, channame="PJSIP/trunk-00000001", linkedid=OPERATOR, exten="s")
    file.hangs_up(at(3), CALL)
    file.row("CHAN_START", at(4), "main-1772413200.8", channame="Local/put@townline-put-00000001;1")
    file.row("CHAN_END", at(4), "main-1772413200.8")
    assert Reader(file.path).read() == []


@pytest.mark.parametrize(
    ("answered", "facts", "cause", "outcome"),
    [
        (True, "attempt=a1|result=key|key=2|answered=1772413202", 16, Outcome.KEY),
        (True, "attempt=a1|result=no_key|key=|answered=1772413202", 16, Outcome.NO_KEY),
        (True, None, 16, Outcome.NO_KEY),
        (False, None, 17, Outcome.BUSY),
        (False, None, 19, Outcome.NO_ANSWER),
        (False, None, 1, Outcome.INVALID),
        (False, None, 127, Outcome.FAILED),
    ],
)
def test_an_outgoing_call_has_one_outcome(
    file: CelFile, answered: bool, facts: str | None, cause: int, outcome: Outcome
) -> None:
    reader = Reader(file.path)
    uniqueid = file.dials(at(0), "a1")
    reader.read()
    assert reader.outcomes == []
    if answered:
        file.row("ANSWER", at(2), uniqueid)
    if facts:
        file.own("TOWNLINE_KEY", at(5), uniqueid, facts)
    file.hangs_up(at(6), uniqueid, cause)
    reader.read()
    [out] = reader.outcomes
    assert (out.attempt, out.outcome, out.key) == ("a1", outcome, "2" if outcome is Outcome.KEY else "")
    assert out.answered_at == (at(2) if answered else None)
    reader.read()
    assert reader.outcomes == []


def test_a_key_is_told_before_the_call_is_over_and_only_once(file: CelFile) -> None:
    reader = Reader(file.path)
    uniqueid = file.dials(at(0), "a1")
    file.row("ANSWER", at(2), uniqueid)
    file.own("TOWNLINE_KEY", at(5), uniqueid, "attempt=a1|result=key|key=1|answered=1772413202")
    reader.read()
    assert [out.outcome for out in reader.outcomes] == [Outcome.KEY]
    file.hangs_up(at(6), uniqueid)
    reader.read()
    assert reader.outcomes == []


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
