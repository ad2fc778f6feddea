"""What the rows of one call add up to."""

import pytest

from callbridge.events import CallEnd, Outcome, Party
from tests.callbridge.cel.conftest import CALL, OPERATOR, Reader, at
from tests.callbridge.cel_file import CelFile


def test_an_answered_call_is_added_up_whole(file: CelFile) -> None:
    file.arrives(at(0), CALL)
    file.answers(at(4), CALL, OPERATOR)
    file.ends(at(60), CALL, "answered", "operator")
    record = Reader(file.path).only()
    assert (record.uniqueid, record.number, record.name, record.dialled) == (CALL, "13800000001", "王", "02367000000")
    assert (record.at, record.queued_at, record.answered_at, record.ended_at) == (at(0), at(0), at(4), at(60))
    assert (record.extension, record.operator_uniqueid) == ("801", OPERATOR)
    assert (record.end, record.hung_up_by, record.cause) == (CallEnd.ANSWERED, Party.OPERATOR, 16)


def test_who_was_found_outside_has_answered_without_an_extension(file: CelFile) -> None:
    file.arrives(at(0), CALL)
    file.own("TOWNLINE_FORWARDED", at(30), "main-1.7", f"call={CALL}", linkedid=CALL, channame="Local/139@x-1;1")
    record = Reader(file.path).only()
    assert (record.answered_at, record.extension, record.end) == (at(30), None, None)


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


def test_emergencies_are_told_before_older_calls_also_when_not_all_are_told_at_once(file: CelFile) -> None:
    file.arrives(at(0), "main-1.1")
    file.arrives(at(1), "main-1.2", emergency=True)
    file.arrives(at(2), "main-1.3")
    reader = Reader(file.path)
    reader.cel.read()
    assert [record.uniqueid for record in reader.ledger.news(2).calls] == ["main-1.2", "main-1.1"]


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


def test_a_call_that_proves_that_the_line_works_counts_nowhere(file: CelFile) -> None:
    file.row("CHAN_START", at(0), CALL, channame="PJSIP/trunk-00000001", cidnum="02367000000", exten="02367000999")
    reader = Reader(file.path)
    assert reader.read() == []
    file.own("TOWNLINE_PROOF", at(3), CALL, "code")
    file.row("APP_START", at(3), CALL, channame="PJSIP/trunk-00000001", appname="Queue")
    after_a_restart = Reader(file.path, reader.cel.position)
    half_way = Reader(file.path)
    assert half_way.read() == []
    still_on = Reader(file.path, half_way.cel.position)
    assert still_on.read() == []
    file.hangs_up(at(8), CALL)
    for each in (reader, after_a_restart, half_way, still_on, Reader(file.path)):
        assert each.read() == []
        assert each.ledger.open_calls == []


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
